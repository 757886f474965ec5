"""The command `real-or-ai`, as a wheel installs it: judge images, or serve the page."""

import argparse
import sys

from ensemble.__main__ import main as judge


def main(arguments=None):
    """Run the command; gives its exit status."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    if arguments[:1] == ["serve"]:
        return serve(arguments[1:])
    return judge(arguments, prog="real-or-ai",
                 epilog="`real-or-ai serve` serves the page and its API; a file of that name is "
                        "./serve.")


def serve(arguments):
    """Serve until interrupted; 2 with a message if what the page needs is not installed."""
    argparse.ArgumentParser(
        prog="real-or-ai serve", description="Serve the page and its API.",
        epilog="It listens on http://127.0.0.1:7860, or where GRADIO_SERVER_NAME and "
               "GRADIO_SERVER_PORT say.").parse_args(arguments)
    try:
        import app
    except ModuleNotFoundError as error:
        print(f"The page needs more than the command line does, and {error.name} is not there: "
              f"pip install 'real-or-ai[app]'", file=sys.stderr)
        return 2
    app.main()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""python -m web.serve [--port N]: the static twin on this machine."""

import argparse
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

from web.build import DIST

# With these headers a browser lets the models use several threads.
ISOLATED = {"Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Embedder-Policy": "require-corp"}


class Handler(SimpleHTTPRequestHandler):
    """Files, with the types that browsers insist on."""

    extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript",
                      ".js": "text/javascript", ".wasm": "application/wasm",
                      ".gz": "application/octet-stream",
                      ".webmanifest": "application/manifest+json"}
    headers_added: dict = {}

    def end_headers(self):
        """Add the headers of this server."""
        for name, value in self.headers_added.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *_):
        """Nothing: a line for each file helps nobody."""


class Isolated(Handler):
    """Files, for a page that may use threads."""

    headers_added = ISOLATED


class Server(ThreadingHTTPServer):
    """A server to which visitors who leave before the end are no error."""

    def handle_error(self, request, client_address):
        """Report what went wrong, unless it is that."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def server(folder=DIST, port=0, handler=Isolated):
    """A server of a folder; whoever gets it lets it run.

    Parameters
    ----------
    folder : Path
    port : int
        0 for any that is free.
    handler : type
        `Handler` serves as the plainest host does.

    Returns
    -------
    Server
    """
    return Server(("127.0.0.1", port), partial(handler, directory=str(folder)))


def main(arguments=None):
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m web.serve", description=__doc__)
    parser.add_argument("--port", type=int, default=7861)
    with server(port=parser.parse_args(arguments).port) as running:
        print(f"http://127.0.0.1:{running.server_port}", flush=True)
        try:
            running.serve_forever()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()

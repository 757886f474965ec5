"""Where visitors find this app."""

import os


def address():
    """For the examples of the API and for links: the Space's own host, else this machine."""
    if host := os.environ.get("SPACE_HOST"):
        return f"https://{host}"
    return f"http://127.0.0.1:{os.environ.get('GRADIO_SERVER_PORT', 7860)}"

"""The language that an address names (`?language=th`), known before Gradio asks the browser."""

# Gradio takes the browser's language when its own script starts, and puts what `launch(head=…)`
# is given into the page only after that.
SCRIPT = b"""<script>
{
  const language = new URLSearchParams(location.search).get('language');
  if (language) {
    Object.defineProperty(navigator, 'language', {get: () => language});
    Object.defineProperty(navigator, 'languages', {get: () => [language]});
  }
}
</script>"""


class LanguageFirst:
    """ASGI middleware: puts `SCRIPT` first into the head of the page.

    Parameters
    ----------
    app : callable
        The application within, by the ASGI specification.
    """

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        """Serve a request; only the page itself is changed."""
        if scope["type"] != "http" or not scope["path"].rstrip("/") == scope.get("root_path", ""):
            await self.app(scope, receive, send)
            return
        start, body = {}, b""

        async def hold(message):
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            changed = body.replace(b"<head>", b"<head>" + SCRIPT, 1)
            headers = [(name, str(len(changed)).encode() if name == b"content-length" else value)
                       for name, value in start["headers"]]
            await send({**start, "headers": headers})
            await send({"type": "http.response.body", "body": changed})

        await self.app(scope, receive, hold)

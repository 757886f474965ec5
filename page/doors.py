"""What no request may do, though Gradio would let it: refused before Gradio sees it."""

import asyncio
import time

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from page.uploads import MAX_TOGETHER

MAX_BODY = MAX_TOGETHER * 4 // 3 + 2**20  # bytes: all that a request may hold, in base64
SMALL = 2**20  # bytes of a request that may always come in
MAX_WAITING = 2 * MAX_BODY  # bytes of all others, while they arrive and in the queue
PATIENCE = 30  # seconds that a request may take, and one more for every
SLOWEST = 10_000  # bytes that came of it
BUSY = "The server is busy with other large requests. Please try again later."
# Of what Gradio serves: other sites' content, and writers of files that this page doesn't use.
CLOSED = ("/gradio_api/proxy=", "/gradio_api/deep_link", "/gradio_api/process_recording")


class Doors:
    """ASGI middleware that refuses what costs too much or leads elsewhere.

    Parameters
    ----------
    app : callable
        The application within, by the ASGI specification.
    waiting : callable
        Gives the bytes of the requests in the queue.
    """

    def __init__(self, app, waiting):
        self.app, self.waiting = app, waiting
        self.arriving = 0  # bytes

    async def __call__(self, scope, receive, send):
        """Serve a request, or say in JSON, under `detail`, why not."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if leads_elsewhere(scope["path"]):
            await _refuse(scope, receive, send, 403, "This is not served here.")
            return
        headers = Headers(scope=scope)
        # Files go to the disk; all else that a request brings is held in the memory.
        on_disk = headers.get("content-type", "").startswith("multipart/")
        length = headers.get("content-length", "")
        if not on_disk and length.isdecimal() and not self._has_room(int(length)):
            await _refuse(scope, receive, send, 503, BUSY)
            return
        arrived, receive = 0, _in_time(receive)

        async def receive_counted():
            nonlocal arrived
            message = await receive()
            if not on_disk:
                size = len(message.get("body", b""))
                arrived, self.arriving = arrived + size, self.arriving + size
                if not self._has_room(arrived, 0):  # not all say before how large they are
                    raise HTTPException(503, BUSY)
            return message

        try:
            await self.app(scope, receive_counted, send)
        finally:
            self.arriving -= arrived

    def _has_room(self, size, more=None):
        """Whether a request of so many bytes, `more` of which are yet to come, may come in."""
        more = size if more is None else more
        return size <= SMALL or self.arriving + self.waiting() + more <= MAX_WAITING


def leads_elsewhere(path):
    """Whether a path asks for something that the page never asks for.

    Gradio fetches `/gradio_api/file=https://…` for anybody, without a limit to size or time.
    """
    return "://" in path or any(closed in path for closed in CLOSED)


def waiting_bytes(queue):
    """The bytes of the text that the requests in Gradio's queue hold: URIs, mostly.

    Parameters
    ----------
    queue : gradio.queueing.Queue

    Returns
    -------
    int
    """
    return sum(_characters(event.data.data) for event in list(queue.event_ids_to_events.values())
               if event.data)


def _characters(value):
    if isinstance(value, (list, tuple)):
        return sum(map(_characters, value))
    return len(value) if isinstance(value, str) else 0


async def _refuse(scope, receive, send, status, why):
    await JSONResponse({"detail": why}, status)(scope, receive, send)


def _in_time(receive):
    """As `receive`, but a request that comes too slowly is given up."""
    start, arrived, complete = time.monotonic(), 0, False

    async def receive_in_time():
        nonlocal arrived, complete
        if complete:  # what comes now is that the client leaves
            return await receive()
        left = start + PATIENCE + arrived / SLOWEST - time.monotonic()
        try:
            message = await asyncio.wait_for(receive(), left)
        except TimeoutError:
            raise HTTPException(408, "The request came too slowly.") from None
        arrived += len(message.get("body", b""))
        complete = not message.get("more_body", False)
        return message

    return receive_in_time

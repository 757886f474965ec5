"""What Gradio keeps of each visit made to end, or memory and disk would only grow."""

import asyncio
import os
import time
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

from gradio.utils import LRUCache, get_upload_folder

from page import KEEP_SECONDS

SESSIONS = 2000  # whose choices and messages are kept, the latest ones
# After each request Gradio makes a table of the last 10,000, for a dashboard that is off here.
NO_STATISTICS = {"GRADIO_ANALYTICS_MAX_EVENTS": "1",
                 "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(10**12)}


def keep_no_statistics():
    """Spare Gradio its statistics of requests; to be called before it makes its queue."""
    os.environ |= NO_STATISTICS


def keep_little(demo):
    """Have a running app keep little of each request.

    Gradio copies what it knows of every component of the page for each new session, and a call of
    the API is one: 3 ms and 110 kB, ten thousand times. It needs that for links to a state of the
    page, which this one doesn't have. Of each call it also keeps an empty set, for ever.

    Parameters
    ----------
    demo : gradio.Blocks
        Launched.
    """
    demo.app.state_holder.blocks = SimpleNamespace(default_config=demo.default_config, blocks={})
    demo._queue.pending_event_ids_session = LRUCache(SESSIONS)


@asynccontextmanager
async def removing_unfinished_uploads(_):
    """Lifespan of an ASGI app: what was not sent in full does not stay on the disk.

    Gradio deletes uploads (`delete_cache`), but knows only those that arrived.
    """
    async def repeat():
        while True:
            await asyncio.to_thread(remove_unfinished, KEEP_SECONDS)
            await asyncio.sleep(KEEP_SECONDS / 2)

    task = asyncio.create_task(repeat())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def remove_unfinished(seconds):
    """Delete uploads that have not been written to for so long; whole ones lie in folders."""
    for path in Path(get_upload_folder()).glob("tmp*"):
        with suppress(OSError):  # somebody else's, or gone
            if path.is_file() and time.time() - path.stat().st_mtime > seconds:
                path.unlink()

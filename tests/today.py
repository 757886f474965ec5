"""Pictures of today for the tests: made here, listed as the real ones are, served from here."""

import contextlib
import io
import json
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ensemble.vocabulary import AI, REAL
from page.gallery import LIST, read
from tests.servers import running

# In the tests this loopback address stands for the public web, every other stays private.
PUBLIC = "127.0.0.2"
NOTE = "a lovely cat Steps: 20, Sampler: euler, CFG scale: 7, Seed: 42, Size: 96x64, Model: sd_xl"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked[self.path] += 1
        content = self.server.contents.get(self.path)
        if content is None:
            self.send_error(404)
            return
        with contextlib.suppress(OSError):  # the client hangs up when it has waited enough
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            if self.path in self.server.slow:
                self.server.closed.wait()
            self.wfile.write(content)

    def log_message(self, *_):
        pass


@contextmanager
def serving():
    """A server of pictures: `contents` by path, `asked` counts, paths in `slow` never end."""
    server = ThreadingHTTPServer((PUBLIC, 0), Handler)
    server.contents, server.slow, server.asked = {}, set(), Counter()
    with running(server):
        yield server


def picture(seed, note=None):
    """The bytes of a PNG of its own, 96 × 64, with a generator's note if there is one."""
    rgb = np.random.default_rng(seed).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    file, notes = io.BytesIO(), PngInfo()
    if note:
        notes.add_text("parameters", note)
    Image.fromarray(rgb).save(file, "PNG", pnginfo=notes)
    return file.getvalue()


def serve(server, count):
    """Let it serve pictures of either truth, the generated ones with a generator's note.

    Returns
    -------
    list of Source
        As in the real list, whose words they have.
    """
    sources = []
    for truth in (REAL, AI):
        listed = [source for source in read(LIST) if source.truth == truth]
        for seed, source in enumerate(listed[:count]):
            content = picture((truth == AI, seed), NOTE if truth == AI else None)
            server.contents[f"/{source.name}.png"] = content
            sources.append(replace(
                source, sha256=sha256(content).hexdigest(), width=96, height=64,
                address=f"http://{PUBLIC}:{server.server_port}/{source.name}.png"))
    return sources


def write_list(path, sources):
    """Write a list as `GALLERY` names one."""
    path.write_text(json.dumps([asdict(source) for source in sources]), "utf-8")

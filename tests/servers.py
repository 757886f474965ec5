"""One server process and one browser for all the tests of the page and the API."""

import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import sync_playwright

from ensemble.pack import SHIPPED

ROOT = Path(__file__).resolve().parent.parent
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]
WEBCAM = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
START_SECONDS = 60
# `python app.py`, but with these packs, and on SIGUSR1 it writes down what it has imported.
APP = """
import pathlib, runpy, signal, sys
sys.path.insert(0, {root!r})
from ensemble import pack
pack.SHIPPED = pathlib.Path({shipped!r})
signal.signal(signal.SIGUSR1, lambda *_: pathlib.Path("modules").write_text(" ".join(sys.modules)))
runpy.run_path({root!r} + "/app.py", run_name="__main__")
"""


def free_port():
    """A port that nothing listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def start(folder, shipped=SHIPPED, command=(), **environment):
    """Start `python app.py`, or another command that serves, and wait for it.

    Parameters
    ----------
    folder : Path
        For its uploads (`folder/uploads`) and what it prints (`folder/log`).
    shipped : Path
        The pack for small pictures; the one for photographs lies beside it, if there is one.
    command : sequence of str
        Instead of `python app.py`; it has packs of its own.
    environment : str
        More environment variables.

    Returns
    -------
    process : subprocess.Popen
    url : str
    """
    url = f"http://127.0.0.1:{(port := free_port())}"
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen(
            command or [sys.executable, "-c", APP.format(root=str(ROOT), shipped=str(shipped))],
            stdout=log, stderr=log, cwd=folder,
            env=os.environ | {"GRADIO_SERVER_PORT": str(port),
                              "GRADIO_TEMP_DIR": str(folder / "uploads"),
                              "GALLERY": ""} | environment)  # nothing from the network
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return process, url
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise RuntimeError(f"The app did not start:\n{(folder / 'log').read_text()}")


@contextmanager
def running(server):
    """Let an HTTP server of a test answer, in a thread, until the block ends.

    Parameters
    ----------
    server : http.server.ThreadingHTTPServer
        Gets `closed`, an event for handlers that wait.

    Yields
    ------
    http.server.ThreadingHTTPServer
    """
    server.closed = threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.closed.set()
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def serving_app(ensemble):
    """Serve the app with this ensemble from this process, which has imported it already.

    For what doesn't depend on how `python app.py` starts: that takes three seconds more.

    Parameters
    ----------
    ensemble : Ensemble

    Yields
    ------
    str
        Its address.
    """
    import app

    demo = app.build(ensemble)
    try:
        yield app.launch(demo, server_name="127.0.0.1", server_port=free_port(),
                         quiet=True).rstrip("/")
    finally:
        demo.close(verbose=False)


def stop(process):
    """Stop what `start` started."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@dataclass(frozen=True)
class Server:
    """A running app: its address, the folder of `start`, and its process."""

    url: str
    folder: Path
    process: subprocess.Popen

    def uploads(self):
        """The files that it keeps."""
        return {path for path in (self.folder / "uploads").rglob("*") if path.is_file()}

    def modules(self):
        """The top-level names of the modules that it has imported."""
        self.process.send_signal(signal.SIGUSR1)
        path = self.folder / "modules"
        while not (path.exists() and (names := path.read_text().split())):
            time.sleep(0.05)
        return {name.split(".")[0] for name in names}


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """The app, running with the shipped pack."""
    folder = tmp_path_factory.mktemp("app")
    process, url = start(folder)
    yield Server(url, folder, process)
    stop(process)


@pytest.fixture(scope="session")
def browser():
    """A real browser, see tests/chromium.py, with a camera that shows a test picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"],
                                             args=QUIET + WEBCAM)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """Files that a careless way to the models would change or choke on, with their answers.

    A dict of path to what the command line says of it, `file` left out.
    """
    folder = tmp_path_factory.mktemp("pictures")
    write_pictures(folder)
    paths = sorted(folder.iterdir())
    command = [sys.executable, "-m", "ensemble", "--json", *map(str, paths)]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.splitlines()
    answers = dict(zip(paths, map(json.loads, lines), strict=True))
    for path, answer in answers.items():
        assert answer.pop("file") == str(path)
    return answers


def write_pictures(folder):
    """Write the files of `pictures`; those named `bad-…` can't be judged."""
    rng = np.random.default_rng(5)
    ramp = np.linspace(0, 255, 48)[:, None, None] * [1, 0.6, 0.2] + np.zeros((48, 32, 3))
    rgb = (ramp + rng.normal(0, 12, ramp.shape)).clip(0, 255).astype(np.uint8)
    image = Image.fromarray(rgb)
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side
    image.save(folder / "turned.jpg", exif=exif)
    pillow_heif.from_pillow(image).save(folder / "phone.heic", quality=90)
    image.save(folder / "page.webp", lossless=True)
    image.convert("CMYK").save(folder / "print.tiff")
    image.quantize(16).save(folder / "palette.gif")
    Image.fromarray(rgb[..., 0].astype(np.uint16) * 257).save(folder / "deep.png")
    alpha = Image.fromarray(np.tile(np.arange(0, 256, 8, dtype=np.uint8), (48, 1)))
    image.putalpha(alpha)
    notes = PngInfo()
    notes.add_text("parameters", "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1")
    image.save(folder / "glass.png", pnginfo=notes)
    large = io.BytesIO()
    Image.fromarray(rgb).resize((900, 700)).save(large, "JPEG")
    (folder / "large.jpg").write_bytes(large.getvalue())
    (folder / "bad-cut.jpg").write_bytes(large.getvalue()[:4000])
    (folder / "bad-bomb.png").write_bytes(bomb(60_000, 50_000))
    (folder / "bad-text.jpg").write_text("<script>alert('not an image')</script>\n")
    (folder / "bad-empty.png").write_bytes(b"")


def bomb(width, height):
    """A small PNG file that would need gigabytes if anybody decoded it."""
    def chunk(chunk_type, data):
        return (len(data).to_bytes(4, "big") + chunk_type + data
                + zlib.crc32(chunk_type + data).to_bytes(4, "big"))

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(bytes(10_000_000), 9)) + chunk(b"IEND", b""))

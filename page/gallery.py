"""Pictures of today, real and generated, of full size: fetched at start, never shipped.

`examples/gallery.json` says where each lies in a public repository, whose licence allows to show
it, and what it is. They come in the background into a cache, and what is there is judged once.
Without a network there are none, and the page says nothing of it.
"""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from threading import Thread

import gradio as gr
from PIL import Image

from ensemble import ImageError, open_picture
from ensemble.vocabulary import AI, REAL
from page import links
from page.examples import EXAMPLES, Example

LIST = EXAMPLES / "gallery.json"
GROUPS = {"today_real": REAL, "today_ai": AI}
SIDE = 1024  # pixels of the longer side of what the page shows
QUALITY = 85  # of its WebP


class GalleryError(RuntimeError):
    """`GALLERY` names something that is no list of pictures."""


@dataclass(frozen=True)
class Source:
    """Where a picture of today comes from, and what it is.

    Attributes
    ----------
    name : str
        A word that does not give the truth away, of its own among all.
    truth : {"AI-generated", "Real"}
    subject : str
        What it shows, in one word; pictures of one subject make a pair.
    made_by : str or None
        The generator or the camera; None if nobody knows which camera.
    shows : str
        Key of the text that describes it.
    clues : tuple of str
        Keys of the texts that say why it is what it is.
    address, sha256 : str
        Of the file, at a fixed commit.
    width, height : int
    author, repository, licence : str
        The last by its SPDX name.
    """

    name: str
    truth: str
    subject: str
    made_by: str | None
    shows: str
    clues: tuple
    address: str
    sha256: str
    width: int
    height: int
    author: str
    repository: str
    licence: str


class Gallery:
    """The pictures of a list, as far as they could be fetched.

    Parameters
    ----------
    ensemble : Ensemble
        Judges each picture once, when it comes.
    sources : sequence of Source
    folder : Path
        The cache: the files as they came, and in `shown/` what the page shows of them.
    fetch : callable, optional
        Address → bytes; `page.links.fetch`, which reaches the public web only.
    """

    def __init__(self, ensemble, sources, folder, fetch=links.fetch):
        self._ensemble, self._sources, self._fetch = ensemble, tuple(sources), fetch
        self._files, self._shown = Path(folder), Path(folder) / "shown"
        self._examples = {}

    def start(self):
        """Fetch and judge in the background.

        Returns
        -------
        threading.Thread
            A daemon, started: nobody has to wait for it.
        """
        gr.set_static_paths(self._shown)
        thread = Thread(target=self.fill, name="gallery", daemon=True)
        thread.start()
        return thread

    def fill(self):
        """Fetch what the cache lacks and judge each picture; leave out what can't be had."""
        for source in self._sources:
            with suppress(ImageError, OSError):
                self._examples[source.name] = self._example(source)

    def groups(self):
        """The pictures that are there now.

        Returns
        -------
        dict of str to list of Example
            Under "today_real" and "today_ai", in the list's order; empty ones are left out.
        """
        here = [self._examples[source.name] for source in self._sources
                if source.name in self._examples]
        groups = {group: [example for example in here if example.truth == truth]
                  for group, truth in GROUPS.items()}
        return {group: examples for group, examples in groups.items() if examples}

    def _example(self, source):
        path = self._file(source)
        shown = self._shown / f"{source.sha256[:16]}.webp"  # the name tells players nothing
        if not shown.exists():
            picture = Image.fromarray(open_picture(path).rgb)
            picture.thumbnail((SIDE, SIDE))
            _write(shown, lambda half: picture.save(half, "WEBP", quality=QUALITY))
        return Example(path, source.name.replace("-", " "), source.truth, path,
                       self._ensemble.judge(path), source=source, shown=shown)

    def _file(self, source):
        """The file of a picture, fetched if the cache has it not or not whole."""
        ending = Path(source.address).suffix.lower()
        path = self._files / f"{source.name}-{source.sha256[:16]}{ending}"
        if not path.exists() or sha256(path.read_bytes()).hexdigest() != source.sha256:
            content = self._fetch(source.address)
            if sha256(content).hexdigest() != source.sha256:
                raise OSError(f"{source.address} gives another file than it did.")
            _write(path, lambda half: half.write_bytes(content))
        return path


@lru_cache(maxsize=4)
def gallery(ensemble):
    """The gallery of an ensemble, one for all tabs, from the list and the cache of this machine.

    The environment may name another list, `GALLERY` (nothing: no pictures), and another folder
    for the cache, `GALLERY_CACHE`.

    Raises
    ------
    GalleryError
        If `GALLERY` is no such list.
    """
    path = os.environ.get("GALLERY", str(LIST))
    return Gallery(ensemble, read(path) if path else (), cache())


def today(ensemble):
    """The pictures of today that are there now; see `Gallery.groups`."""
    return gallery(ensemble).groups()


def read(path):
    """The list in a JSON file, as a tuple of `Source`.

    Raises
    ------
    GalleryError
        If it is none.
    """
    try:
        entries = json.loads(Path(path).read_text("utf-8"))
        return tuple(Source(**entry | {"clues": tuple(entry["clues"])}) for entry in entries)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise GalleryError(f"{path} is no list of pictures such as {LIST}: {error!r}") from error


def cache():
    """The folder that keeps the pictures: beside what the Hub's library keeps."""
    from huggingface_hub import constants

    return Path(os.environ.get("GALLERY_CACHE")
                or Path(constants.HF_ASSETS_CACHE) / "real-or-ai" / "gallery")


def _write(path, write):
    """Write a file aside and rename it, so that nobody reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(f".{os.getpid()}")
    write(half)
    half.replace(path)

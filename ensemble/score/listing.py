"""Folders, globs and lists, here or in object storage → files, one after the other.

Nothing is kept: a listing of millions of files takes no more memory than its largest folder in
object storage, and none to speak of on a disk.
"""

import glob
import os
import re
import stat
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple

from fsspec.core import split_protocol, url_to_fs
from fsspec.utils import glob_translate

from ensemble.score.errors import ScoreError

LISTS = (".txt", ".lst")
LOCAL = (None, "file", "local")
FOLDER, OTHER = "folder", "it is neither a file nor a folder"
# Where the libraries of object stores say which version of a file it is.
VERSIONS = ("ETag", "etag", "mtime", "LastModified", "last_modified", "updated", "created")
BLOCK = 2**16  # bytes of a list read at once
LOOKUPS = 16  # files of a list looked up at a time: in object storage each waits for an answer


class File(NamedTuple):
    """A file to judge.

    Attributes
    ----------
    name : str
        As it was given or listed: a path or an address.
    size : int or None
        In bytes.
    version : str or None
        The time of its last change in nanoseconds, or its object store's ETag.
    problem : str or None
        Why it can't be read; it has no version then.
    """

    name: str
    size: int | None = None
    version: str | None = None
    problem: str | None = None


def listed(sources):
    """The files that sources name.

    Parameters
    ----------
    sources : sequence of str
        Paths or addresses. A folder stands for all files in it and its folders (links to folders
        are not followed), a glob for all that match, a list (`.txt`, `.lst`, or `-` for the
        standard input) for the names in it, any other file for itself.

    Yields
    ------
    File

    Raises
    ------
    ScoreError
        If there is nothing of that name, or it can't be listed.
    """
    for source in sources:
        try:
            yield from _lookups(_names(sys.stdin.buffer)) if source == "-" else _source(source)
        except ScoreError:
            raise
        except Exception as error:  # each object store's library has errors of its own
            raise ScoreError(f"{source} can't be listed: {reason(error)}.") from error


def filesystem(name):
    """The object storage that holds a file, and its path there; None and a path on the disk.

    Parameters
    ----------
    name : str

    Returns
    -------
    storage : fsspec.AbstractFileSystem or None
    path : str

    Raises
    ------
    ImportError, ValueError
        If no library for addresses of this kind is installed or known.
    """
    protocol, path = split_protocol(name)
    if protocol in LOCAL:
        return None, path
    # Without its cache, which would keep all that was ever listed.
    return url_to_fs(name, use_listings_cache=False)


def reason(error):
    """An error in few words, to stand in a sentence."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(text.split())[:300].rstrip(".")


def _source(source):
    storage, path = filesystem(source)
    here = storage is None
    path = os.path.expanduser(path) if here else path
    if (os.path if here else storage).isdir(path):
        yield from _walk(path) if here else _walk_storage(storage, path)
    elif (os.path.lexists if here else storage.exists)(path):
        if not path.endswith(LISTS):
            yield _lookup(path if here else source)
            return
        with open(path, "rb") if here else storage.open(path, "rb") as file:
            yield from _lookups(_names(file))
    elif glob.has_magic(path):
        # The folder before the first wildcard, and how many levels below it can match.
        top = path[:path.rfind("/", 0, len(re.split(r"[*?[]", path)[0])) + 1]
        depth = None if "**" in path else path.count("/", len(top)) + 1
        matches = re.compile(glob_translate(path)).fullmatch
        if here:
            yield from (file for file in _walk(top, depth) if matches(file.name))
        else:
            yield from (file for file in _walk_storage(storage, top, depth)
                        if matches(storage._strip_protocol(file.name)))
    else:
        raise ScoreError(f"{source}: there is no such file or folder.")


def _walk(folder, depth=None):
    """Files on the disk; what is no file, or a folder that can't be read, with its problem."""
    folders = [(folder, 1)]
    while folders:
        folder, level = folders.pop()
        try:
            entries = os.scandir(folder or ".")
        except OSError as error:
            yield File(folder, problem=reason(error))
            continue
        with entries:
            for entry in entries:
                path = os.path.join(folder, entry.name)
                if not entry.is_dir():
                    yield _status(path)
                elif level != depth and not entry.is_symlink():  # a link may lead in a circle
                    folders.append((path, level + 1))


def _walk_storage(storage, folder, depth=None):
    for _, _, files in storage.walk(folder, maxdepth=depth, detail=True, on_error="raise"):
        for information in files.values():
            yield _object(storage.unstrip_protocol(information["name"]), information)


def _names(file):
    """Names in a list: ended by NUL, as `find -print0` writes them, else one a line."""
    rest, end = b"", None
    while block := file.read(BLOCK):
        end = end or (b"\0" if b"\0" in block else b"\n")
        *names, rest = (rest + block).split(end)
        yield from names
    yield rest


def _lookups(names):
    names = (os.fsdecode(name.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r")) for name in names)
    names = filter(None, names)
    with ThreadPoolExecutor(LOOKUPS) as pool:
        while some := list(islice(names, 512)):
            yield from pool.map(_lookup, some)


def _lookup(name):
    try:
        storage, path = filesystem(name)
        return _status(path) if storage is None else _object(name, storage.info(path))
    except Exception as error:  # each object store's library has errors of its own
        return File(name, problem=reason(error))


def _status(path):
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        return File(path, problem=reason(error))
    if not stat.S_ISREG(status.st_mode):
        return File(path, problem=FOLDER if stat.S_ISDIR(status.st_mode) else OTHER)
    return File(path, status.st_size, str(status.st_mtime_ns))


def _object(name, information):
    if information["type"] != "file":
        return File(name, problem=FOLDER)
    version = next(str(information[key]) for key in VERSIONS if key in information)
    return File(name, information["size"], version)

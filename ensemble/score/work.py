"""One chunk of files → its rows; runs in worker processes, here or on a cluster."""

import hashlib
import json
import os
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import islice

from ensemble import Ensemble
from ensemble.errors import ImageError, NotAFile
from ensemble.images import MAX_BYTES, check_bytes
from ensemble.score import rows
from ensemble.score.listing import FOLDER, filesystem, reason

AHEAD = 8  # files read from object storage while others are judged
_loading = threading.Lock()


def judge(files, folder, pack):
    """Judge files.

    Parameters
    ----------
    files : list of ensemble.score.listing.File
    folder : str
        That relative paths start from.
    pack : str or None
        Folder of a pack, as `Ensemble.load` takes it.

    Returns
    -------
    pyarrow.Table
        A row a file, in their order.

    Raises
    ------
    ensemble.pack.PackError
        If a pack is missing or damaged.
    """
    ensemble = load(pack)
    try:
        outcomes = list(ensemble.judge_many(_sources(files, folder)))
    except Exception:  # one file must not take the others with it
        outcomes = [_alone(ensemble, file, folder) for file in files]
    return rows.table(files, outcomes, fingerprint(ensemble))


def load(pack):
    """The models of a pack, or all that there are; loaded once in a process.

    Parameters
    ----------
    pack : str or None

    Returns
    -------
    Ensemble
    """
    with _loading:  # for a worker of several threads
        return _load(pack)


def fingerprint(ensemble):
    """Name, version and hash of the manifest of each pack, in one line."""
    return ", ".join(
        f"{models.name} {models.manifest['version']} "
        f"{hashlib.sha256(json.dumps(models.manifest).encode()).hexdigest()[:12]}"
        for models in ensemble.packs)


@cache
def _load(pack):
    return Ensemble.load(pack)


def _alone(ensemble, file, folder):
    try:
        return ensemble.judge(_source(file, folder))
    except Exception as error:
        return error


def _sources(files, folder):
    """What `judge_many` takes of each file; those in object storage are read ahead."""
    with ThreadPoolExecutor(AHEAD) as pool:
        waiting, remaining = deque(), iter(files)
        while True:
            waiting.extend(pool.submit(_source_or_error, file, folder)
                           for file in islice(remaining, AHEAD - len(waiting)))
            if not waiting:
                return
            yield waiting.popleft().result()


def _source_or_error(file, folder):
    try:
        return _source(file, folder)
    except ImageError as error:
        # Anew: the one that was raised holds the frames that it passed, and they hold it.
        return type(error)(error.key, **error.fields)


def _source(file, folder):
    """The path of a file on the disk, the bytes of one in object storage."""
    name = os.path.basename(file.name)
    if file.problem == FOLDER:
        raise NotAFile("folder", name=name)
    if file.problem:
        raise NotAFile("unreadable", name=name, reason=file.problem)
    try:
        storage, path = filesystem(file.name)
        if storage is None:
            return os.path.join(folder, path)
        check_bytes(file.size)
        # An empty file has no first byte that could be asked for.
        return storage.cat_file(path, end=MAX_BYTES + 1) if file.size else b""
    except ImageError:
        raise
    except Exception as error:  # each object store's library has errors of its own
        raise NotAFile("unreadable", name=name, reason=reason(error)) from error

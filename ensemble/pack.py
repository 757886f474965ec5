"""A pack: trained members with their manifest, shipped in `weights/` or pinned on the Hub."""

import hashlib
import json
import os
import re
import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from ensemble.images import FILTERS
from ensemble.shipped import shipped
from ensemble.vocabulary import AI, CONFIDENT, LIKELY, REAL

SHIPPED = shipped("weights", __file__) / "cifake"
FORMAT = 2
BOUNDS = ("min_side", "max_side")  # of a domain; one of them is enough
NUMBER = (int, float)
# What serving reads of a manifest, and its types; a list's single entry describes each of them.
SHAPE = {
    "name": str, "version": str, "input_size": int, "resize": str,
    "domain": dict,
    "members": [{"name": str, "file": str, "sha256": str}],
    "calibration": {"weights": [NUMBER], "bias": NUMBER},
    "bounds": {AI: dict, REAL: dict},
    "training": {"digests": {"file": str, "sha256": str}},
}
MOST_TILES = 8  # along each side of a picture


class PackError(RuntimeError):
    """A pack that is missing, damaged or not what its manifest says."""


@dataclass(frozen=True)
class Pack:
    """A verified pack.

    Attributes
    ----------
    folder : Path
    manifest : dict
        The content of `manifest.json`, the single source of sizes, names and thresholds.
    """

    folder: Path
    manifest: dict

    @cached_property
    def training_digests(self):
        """The 8-byte digests of the training files, sorted, uint64; big-endian in their file."""
        path = self.folder / self.manifest["training"]["digests"]["file"]
        return np.fromfile(path, ">u8").astype(np.uint64)

    def knows(self, digest):
        """Whether a file of this 8-byte digest was in the training data."""
        if digest is None:
            return False
        # Of the array's own type, for which nothing has to be converted.
        value = np.uint64(int.from_bytes(digest, "big"))
        at = np.searchsorted(self.training_digests, value)
        return bool(at < len(self.training_digests) and self.training_digests[at] == value)


def read(folder):
    """Read and verify the pack in a folder.

    Raises
    ------
    PackError
        No manifest, a manifest of another format, a file that is missing or whose SHA-256
        is not the manifest's.
    """
    folder = Path(folder)
    manifest = _manifest(folder / "manifest.json")
    for entry in files(manifest):
        path = folder / entry["file"]
        if not path.is_file():
            raise PackError(f"{path.name} is missing.")
        digest = sha256(path)
        if digest != entry["sha256"]:
            raise PackError(f"{path.name} is not the file that the manifest names: "
                            f"its SHA-256 is {digest[:12]}…, not {entry['sha256'][:12]}….")
    return Pack(folder, manifest)


def files(manifest):
    """The manifest's entries `{file, sha256, ...}` of every file that serving needs."""
    return [*manifest["members"], manifest["training"]["digests"]]


def sha256(path):
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def download(repo, revision, deadline=None):
    """Download a pack at a pinned commit into the Hub's cache and verify it.

    A commit that is in the cache already is served without asking the Hub.

    Parameters
    ----------
    repo : str
        `USER/NAME` on the Hub.
    revision : str
        A full commit hash. A branch or tag can change its content under the app and is refused.
    deadline : float, optional
        Seconds that all of it may take; by default `PACK_DEADLINE`, else 60.

    Returns
    -------
    Pack

    Raises
    ------
    PackError
        No full commit hash, the Hub unreachable or slower than the deadline, a file missing
        there, or one that is not the manifest's.
    """
    if not re.fullmatch(r"[0-9a-f]{40}", revision):
        raise PackError(f"A revision is a full commit hash of 40 hexadecimal digits, "
                        f"not {revision!r}.")
    deadline = _seconds(deadline or os.environ.get("PACK_DEADLINE", 60))
    outcome = []

    def work():
        try:
            outcome.append(_fetch(repo, revision, deadline))
        except Exception as error:  # whatever happens there, the shipped pack must serve
            outcome.append(error)

    # A daemon thread: a connection that hangs must not keep the process alive.
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(deadline)
    if not outcome:
        raise PackError(f"The Hub did not deliver within {deadline:g} seconds.")
    if isinstance(outcome[0], PackError):
        raise outcome[0]
    if isinstance(outcome[0], Exception):
        raise PackError(f"The Hub did not deliver: {_reason(outcome[0])}") from outcome[0]
    return outcome[0]


def _fetch(repo, revision, deadline):
    from huggingface_hub import (
        get_hf_file_metadata,
        hf_hub_download,
        hf_hub_url,
        try_to_load_from_cache,
    )

    def get(force=False):
        def download_file(name):
            return Path(hf_hub_download(repo, name, revision=revision, etag_timeout=deadline,
                                        force_download=force))

        path = download_file("manifest.json")
        for entry in files(_manifest(path)):
            download_file(entry["file"])
        return read(path.parent)

    cached = isinstance(try_to_load_from_cache(repo, "manifest.json", revision=revision), str)
    if cached:
        try:
            return get()
        except PackError:
            pass  # what lies in the cache is damaged; the Hub's may be whole
    # Asked once and without the client's retries, which would hold up every start without a
    # network by half a minute.
    get_hf_file_metadata(hf_hub_url(repo, "manifest.json", revision=revision), timeout=deadline)
    return get(force=cached)


def _manifest(path):
    where = f"{path.parent.name}/{path.name}"
    try:
        manifest = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise PackError(f"{where} can't be read: {error.strerror}.") from error
    except ValueError as error:
        raise PackError(f"{where} is not JSON: {error}.") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise PackError(f"{where} is not a manifest of format {FORMAT}.")
    wrong = list(_differences(manifest, SHAPE))
    if wrong:
        raise PackError(f"{where} lacks, or has in another type: {', '.join(wrong)}.")
    for entry in files(manifest):
        if not re.fullmatch(r"\w[\w.-]*", entry["file"]):
            raise PackError(f"{where} names a file outside its folder: {entry['file']}.")
    _check_calibration(where, len(manifest["members"]), manifest["calibration"])
    if manifest["resize"] not in FILTERS:
        raise PackError(f"{where} names an unknown filter: {manifest['resize']}.")
    if manifest.get("grid", 1) not in range(1, MOST_TILES + 1):
        raise PackError(f"{where} has the grid {json.dumps(manifest['grid'])}; it is the number of "
                        f"tiles along each side of a picture, 1 to {MOST_TILES}.")
    for label in (AI, REAL):
        _check_bounds(where, label, manifest["bounds"][label])
    domain = manifest["domain"]
    sides = [domain[bound] for bound in BOUNDS if bound in domain]
    if not sides or not all(isinstance(side, NUMBER) for side in sides) or sides != sorted(sides):
        raise PackError(f"{where} has the domain {json.dumps(domain)}; it is min_side or max_side "
                        f"or both, in pixels, the smaller first.")
    return manifest


def _check_calibration(where, members, calibration):
    """Refuse an even number of members, and a weight, scale or shift that only some have."""
    corrected = "scales" in calibration or "shifts" in calibration
    for name in ("weights", *(("scales", "shifts") if corrected else ())):
        terms = calibration.get(name, [])
        count = len(terms) if isinstance(terms, list) else 0
        if members % 2 == 0 or count != members or not all(isinstance(x, NUMBER) for x in terms):
            raise PackError(f"{where} has {members} members and {count} {name}; an odd number of "
                            f"members has a majority, and each has a number of its own.")
    if not isinstance(calibration.get("median", 0), NUMBER):
        raise PackError(f"{where} lacks, or has in another type: calibration.median.")


def _check_bounds(where, label, bounds):
    """Refuse a step without a probability to start at, or a surer one that starts earlier."""
    given = [bounds[step]["from"] for step in (LIKELY, CONFIDENT)
             if isinstance(bounds.get(step), dict) and "from" in bounds[step]]
    starts = [start for start in given if isinstance(start, NUMBER) and 0.5 <= start <= 1]
    if len(starts) < len(bounds) or starts != sorted(starts):
        raise PackError(f"{where} has the bounds {json.dumps(bounds)} for {label}; they are "
                        f"{LIKELY} and {CONFIDENT}, each with the probability that it starts "
                        f"`from`, at least 0.5, the surer one no earlier.")


def _differences(value, shape, at=""):
    """Names of the entries that are missing or have another type than `shape` says."""
    if isinstance(shape, dict) and isinstance(value, dict):
        for key, inner in shape.items():
            yield from _differences(value.get(key), inner, f"{at}.{key}".lstrip("."))
    elif isinstance(shape, list) and isinstance(value, list):
        for i, item in enumerate(value):
            yield from _differences(item, shape[0], f"{at}[{i}]")
    elif isinstance(shape, (dict, list)) or not isinstance(value, shape):
        yield at


def _seconds(value):
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= 3600:
        raise PackError(f"PACK_DEADLINE is a number of seconds, at most an hour, not {value!r}.")
    return seconds


def _reason(error):
    """An error of the client in few words, without addresses and paths: visitors read it."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"{type(error).__name__}, status {response.status_code}."
    if isinstance(error, OSError) and error.filename:
        return f"{type(error).__name__}: {error.strerror}."
    lines = str(error).strip().splitlines() or [""]
    return re.sub(r"https?://\S*\w", "the Hub", f"{type(error).__name__}: {lines[0]}")

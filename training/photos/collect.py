"""The originals of the list of pictures: each file of each repository, checked by its hash."""

import csv
import gzip
import hashlib
import os
import subprocess
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from tqdm import tqdm

from training.errors import DataError

LIST = Path(__file__).with_name("pictures.csv.gz")
HOST = "https://github.com"
COLUMNS = ("repository", "path", "blob")
CLONE_SECONDS = 3600  # of waiting for a repository


def collect(out, pictures=LIST, mirror=None, host=HOST):
    """Bring the listed files.

    A repository is cloned without its files, then the listed ones alone are asked for. What is in
    the folder already, and whole, is not fetched again, so that a broken run goes on.

    Parameters
    ----------
    out : path
        Folder for the files, each named by git's hash of it with the ending of its path, and for
        `missing.csv`, the rows of the list that could not be had and why.
    pictures : path
        CSV, gzipped or not, with `repository` (OWNER/NAME), `path` and `blob`.
    mirror : path, optional
        Folder of repositories that are on disk already, `OWNER+NAME/repo`, bare or not; no other
        is asked for.
    host : str
        What stands before OWNER/NAME in the address of a repository.

    Returns
    -------
    list of dict
        The rows of `missing.csv`; empty if all is there.

    Raises
    ------
    DataError
        If the list can't be read or lacks a column, or there is no git.
    """
    rows, out = read_list(pictures), Path(out)
    out.mkdir(parents=True, exist_ok=True)
    repositories = defaultdict(list)
    for row in rows:
        if not _is_whole(out / file_name(row), row["blob"]):
            repositories[row["repository"]].append(row)
    missing = []
    for repository, rows_left in tqdm(sorted(repositories.items()), "collect", mininterval=1):
        try:
            store = _mirrored(mirror, repository) if mirror else _cloned(
                f"{host}/{repository}", out / "repositories" / repository.replace("/", "+"),
                [row["blob"] for row in rows_left])
        except DataError as error:
            missing += [{**row, "why": str(error)} for row in rows_left]
            continue
        missing += [{**row, "why": "not in the repository"}
                    for row in rows_left if not _bring(store, row, out)]
    _write_missing(out / "missing.csv", missing)
    return missing


def read_list(path):
    """The rows of a list of pictures; see `collect` for columns and errors."""
    path = Path(path)
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", newline="",
                                                           encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} can't be read as a list of pictures: {error}") from error
    if not rows or (absent := [name for name in COLUMNS if not rows[0].get(name)]):
        raise DataError(f"{path} lists no pictures, or lacks the column "
                        f"{' and '.join(absent if rows else COLUMNS)}.")
    return rows


def file_name(row):
    """What a picture's file is called: git's hash of it, and the ending of its path."""
    return f"{row['blob']}{Path(row['path']).suffix.lower()}"


def _mirrored(mirror, repository):
    """The git directory of a repository that is on disk."""
    folder = Path(mirror) / repository.replace("/", "+") / "repo"
    for store in (folder / ".git", folder):
        if (store / "objects").is_dir():
            return store
    raise DataError(f"{folder} holds no repository")


def _cloned(address, store, blobs):
    """The git directory of a repository, cloned without its files but the ones asked for."""
    if not (store / "objects").is_dir():
        store.parent.mkdir(parents=True, exist_ok=True)
        _git("clone", "--quiet", "--bare", "--filter=blob:none", "--", address, str(store))
    with suppress(DataError):  # all in one request; what is refused is asked for one by one
        _git("--git-dir", str(store), "fetch", "--quiet", "--no-tags", "--no-write-fetch-head",
             "origin", *blobs)
    return store


def _bring(store, row, out):
    """Write one file aside and rename it; False if the repository lacks it."""
    try:
        content = _git("--git-dir", str(store), "cat-file", "blob", row["blob"])
    except DataError:
        return False
    if _blob(content) != row["blob"]:
        return False
    path = out / file_name(row)
    half = path.with_name(path.name + ".half")
    half.write_bytes(content)
    half.replace(path)
    return True


def _is_whole(path, blob):
    return path.is_file() and _blob(path.read_bytes()) == blob


def _blob(content):
    """Git's hash of a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _git(*arguments):
    # Never asks for a password: a repository that is gone is one that is missing.
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, check=False,
                              timeout=CLONE_SECONDS,
                              env=os.environ | {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"})
    except FileNotFoundError as error:
        raise DataError("git is needed for this; install it.") from error
    except subprocess.TimeoutExpired as error:
        raise DataError(f"git took more than {CLONE_SECONDS} seconds") from error
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["git failed"]
        raise DataError(lines[-1])
    return done.stdout


def _write_missing(path, rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*(rows[0] if rows else (*COLUMNS, "why"))])
        writer.writeheader()
        writer.writerows(rows)

"""The table: a folder of parquet parts, each written aside and then renamed.

A folder, not one file, so that it is whole at any moment: there is no last step that joins millions
of rows and can be interrupted, it works in object storage, where no file can be appended to, and
pandas, pyarrow, DuckDB, Dask and Spark open it as one table, also while it grows.
"""

import fcntl
import hashlib
import os
from collections import Counter
from contextlib import contextmanager

import pyarrow
from fsspec.core import url_to_fs
from pyarrow import parquet

from ensemble.score import rows
from ensemble.score.errors import ScoreError
from ensemble.score.listing import reason

ENDING = ".parquet"
# Readers of tables leave out what begins with a dot.
ASIDE, LOCK = ".writing-", ".lock"


class Parts:
    """The parts of a table.

    Parameters
    ----------
    address : str
        Path or address of the folder; it is made if it isn't there.
    packs : str
        What names the models that judge.

    Raises
    ------
    ScoreError
        If something else is there, or it can't be made.
    """

    def __init__(self, address, packs):
        self.address, self._packs = address, packs
        try:
            self._storage, self._folder = url_to_fs(address, use_listings_cache=False)
            if self._storage.isfile(self._folder):
                raise ScoreError(f"{address} is a file; the table is a folder of parquet files, "
                                 f"so give another name.")
            self._storage.makedirs(self._folder, exist_ok=True)
        except ScoreError:
            raise
        except Exception as error:  # each object store's library has errors of its own
            raise ScoreError(f"{address} can't be written: {reason(error)}.") from error

    @contextmanager
    def locked(self):
        """Keep other runs on this machine from writing to the table; the system forgets it.

        Raises
        ------
        ScoreError
            If another one does.
        """
        if "file" not in self._storage.protocol:
            yield  # object storage has no locks
            return
        with open(self._path(LOCK), "w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise ScoreError(f"Another run is writing to {self.address}.") from error
            yield

    def holds(self, name):
        """Whether a file lies in the table's folder: `score . --out ./table` must not judge it."""
        here = "file" in self._storage.protocol
        path = os.path.abspath(name) if here else self._storage._strip_protocol(name)
        return path.startswith(f"{self._folder}/")

    def held(self):
        """What the parts hold; what a run that was killed left unfinished is removed.

        Yields
        ------
        part : str
        rows : iterator of (bytes, int or None, str or None)
            Name, size and version of each file.

        Raises
        ------
        ScoreError
            If the folder holds anything else, or rows that other models judged.
        """
        for part in self._listed():
            if part.startswith(ASIDE):
                self._storage.rm_file(self._path(part))
            elif part != LOCK:
                table = self._read(part)
                yield part, zip(rows.names(table), table["size"].to_pylist(),
                                table["version"].to_pylist())

    def write(self, table):
        """Add rows as a part, named by the names of its files.

        Parameters
        ----------
        table : pyarrow.Table

        Raises
        ------
        ScoreError
            If other models judged, as on a worker with another pack, or it can't be written.
        """
        self._check_packs(table, "A worker")
        names = b"\0".join(rows.names(table))
        self._put(hashlib.blake2b(names, digest_size=16).hexdigest() + ENDING, table)

    def remove(self, part, names):
        """Take the rows of these names out of a part.

        Parameters
        ----------
        part : str
        names : set of bytes
        """
        table = self._read(part)
        kept = table.filter(pyarrow.array([name not in names for name in rows.names(table)]))
        if len(kept):
            self._put(part, kept)
        else:
            self._storage.rm_file(self._path(part))

    def answers(self):
        """How many files have which answer; None stands for those that could not be judged.

        Returns
        -------
        collections.Counter
        """
        count = Counter()
        for part in self._listed():
            if not part.startswith((ASIDE, LOCK)):
                count.update(self._table(part, ["answer"])["answer"].to_pylist())
        return count

    def _listed(self):
        if not self._storage.isdir(self._folder):
            return []  # object storage has no empty folders
        return sorted(path.rpartition("/")[2] for path in
                      self._storage.ls(self._folder, detail=False))

    def _path(self, part):
        return f"{self._folder}/{part}"

    def _table(self, part, columns=None):
        data = self._storage.cat_file(self._path(part))
        # Threads of Arrow's might still hold these bytes when Python ends, and abort the process.
        return parquet.read_table(pyarrow.BufferReader(data), columns=columns, use_threads=False,
                                  pre_buffer=False)

    def _read(self, part):
        try:
            table = self._table(part)
            if table.schema.names != rows.SCHEMA.names:
                raise ValueError("it has other columns")
        except Exception as error:  # pyarrow and object stores' libraries have their own
            raise ScoreError(f"{part} in {self.address} is no part of such a table "
                             f"({reason(error)}); remove it, or give another --out.") from error
        self._check_packs(table, self.address)
        return table

    def _check_packs(self, table, whose):
        packs = table.schema.metadata.get(b"packs", b"").decode()
        if packs != self._packs:
            raise ScoreError(f"{whose} has verdicts of other models ({packs}) than those that "
                             f"judge now ({self._packs}); give another --out, or those models.")

    def _put(self, part, table):
        data = pyarrow.BufferOutputStream()
        parquet.write_table(table, data, compression="zstd")
        aside = self._path(ASIDE + part)
        try:
            self._storage.pipe_file(aside, data.getvalue().to_pybytes())
            self._storage.mv(aside, self._path(part))
        except Exception as error:  # each object store's library has errors of its own
            raise ScoreError(f"{self.address} can't be written: {reason(error)}.") from error

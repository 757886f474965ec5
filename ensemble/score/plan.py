"""What is listed, what the table holds already, and so what is still to do."""

import os
import sqlite3
from itertools import groupby, islice
from operator import itemgetter

from ensemble.score.listing import File

TABLES = """
    PRAGMA cache_size = -32000;
    CREATE TABLE held (name BLOB PRIMARY KEY, size INTEGER, version TEXT, part TEXT) WITHOUT ROWID;
    CREATE TABLE listed (place INTEGER PRIMARY KEY, name BLOB UNIQUE, size INTEGER, version TEXT,
                         problem TEXT);
"""
# A file without a version could not be read, which may be better next time.
STALE = """
    FROM held JOIN listed USING (name)
    WHERE held.version IS NULL OR (held.size, held.version) IS NOT (listed.size, listed.version)
"""
MISSING = "FROM listed WHERE NOT EXISTS (SELECT 1 FROM held WHERE held.name = listed.name)"


class Plan:
    """Two tables in a temporary database on disk, so that millions of names take no memory.

    Names are compared as the bytes that they are on the disk.
    """

    def __init__(self):
        # The empty name is SQLite's for a file of its own that goes when it is closed. The pool
        # asks for chunks from a thread of its own.
        self._database = sqlite3.connect("", check_same_thread=False)
        self._database.executescript(TABLES)

    def hold(self, part, rows):
        """Note that a part of the table holds rows.

        Parameters
        ----------
        part : str
        rows : iterable of (bytes, int or None, str or None)
            Name, size and version of each file.
        """
        self._database.executemany("INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?)",
                                   ((*row, part) for row in rows))

    def list(self, file):
        """Note that a file was listed; the second time changes nothing."""
        self._database.execute(
            "INSERT OR IGNORE INTO listed (name, size, version, problem) VALUES (?, ?, ?, ?)",
            (os.fsencode(file.name), *file[1:]))

    def stale(self):
        """Rows whose file has changed since or could not be read, to be taken out of their parts.

        Yields
        ------
        part : str
        names : set of bytes
        """
        rows = self._database.execute(f"SELECT part, name {STALE} ORDER BY part")
        for part, some in groupby(rows, itemgetter(0)):
            yield part, {name for _, name in some}

    def forget_stale(self):
        """Note that the table holds these rows no more."""
        self._database.execute(f"DELETE FROM held WHERE name IN (SELECT name {STALE})")

    def counts(self):
        """How many files are listed, and how many of them the table lacks."""
        return (self._database.execute("SELECT COUNT(*) FROM listed").fetchone()[0],
                self._database.execute(f"SELECT COUNT(*) {MISSING}").fetchone()[0])

    def chunks(self, size):
        """Listed files that the table lacks, in the order listed.

        Parameters
        ----------
        size : int

        Yields
        ------
        list of File
            So many, the last time fewer.
        """
        rows = self._database.execute(
            f"SELECT name, size, version, problem {MISSING} ORDER BY place")
        while chunk := [File(os.fsdecode(name), *rest) for name, *rest in islice(rows, size)]:
            yield chunk

"""What lies in a table, and when."""

import json
import time

import pandas
import pyarrow
import pytest

MANY = 600


def parts(table):
    return {path.name: path.stat().st_mtime_ns for path in table.glob("[!.]*.parquet")}


def wait_for_parts(table, count=1):
    while len(parts(table)) < count:
        time.sleep(0.005)


def rows(table):
    """The table's rows by file, as `--json` gives them; every file is there once."""
    frame = pandas.read_parquet(table, dtype_backend="pyarrow")
    assert frame["file"].is_unique
    return {row["file"]: row for row in map(as_json, pyarrow.Table.from_pandas(frame).to_pylist())}


def as_json(row):
    for note in row["evidence"] or ():
        note["fields"] = json.loads(note["fields"])
    return {key: value for key, value in row.items()
            if value is not None and key not in ("size", "version", "file_bytes")}


def assert_same(table, answers):
    """The table has just these answers."""
    found = rows(table)
    assert found.keys() == answers.keys()
    for name, (answer, p_ai) in answers.items():
        assert found[name]["answer"] == answer
        assert found[name]["p_ai"] == pytest.approx(p_ai, abs=1e-6)

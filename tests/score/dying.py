"""A judge that a file kills, in a module that worker processes import in no time."""

import os

import pyarrow


def dies(files):
    """Names of files as a table; on the file `fatal` the process ends at once."""
    if any(file.name == "fatal" for file in files):
        os._exit(1)
    return named([file.name for file in files])


def named(names):
    return pyarrow.table({"file": names})

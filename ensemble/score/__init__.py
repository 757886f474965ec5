"""python -m ensemble score: judge millions of files into one table, and go on where it stopped.

sources ─▶ listing.py ─▶ plan.py ───────────▶ pool.py ───────────▶ work.py ──────▶ parts.py
folder,    name, size,   on disk: what is     processes here or    rows of one     a part of the
glob,      version       listed, what held,   on a Dask cluster,   chunk, as       table, written
list                     what is to do        many chunks at once  rows.py says    and renamed
"""

import sys

LIBRARIES = ("fsspec", "joblib", "pyarrow", "tqdm")


def main(arguments):
    """Run the command; 0 if all files could be judged, 1 if not, 2 if the command was wrong.

    Parameters
    ----------
    arguments : list of str
        What follows `score` on the command line.

    Returns
    -------
    int
        130 if it was stopped.
    """
    try:
        from ensemble.score import command
    except ModuleNotFoundError as error:
        if error.name not in LIBRARIES:
            raise
        print(f"`score` needs {error.name}, which is not installed: "
              f"pip install {' '.join(LIBRARIES)}", file=sys.stderr)
        return 2
    return command.main(arguments)

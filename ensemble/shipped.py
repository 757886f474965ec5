"""Where the files lie that are shipped with the code."""

from pathlib import Path


def shipped(name, module):
    """A file or folder that a clone has beside a package, and an installed wheel inside of it.

    Beside it, a wheel would put `weights/` among everybody's packages; what goes where is said in
    pyproject.toml.

    Parameters
    ----------
    name : str
    module : path
        `__file__` of a module of the package.

    Returns
    -------
    Path
        It need not be there.
    """
    package = Path(module).resolve().parent
    inside = package / name
    return inside if inside.exists() else package.parent / name

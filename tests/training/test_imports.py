"""Imports in `training/` run one way: from the command line down to images, never in a circle."""

import ast
from graphlib import TopologicalSorter
from importlib.util import find_spec

import pytest

from tests.servers import ROOT

# Each area, and the areas that it may import from; all may import from the modules that lie in
# `training/` itself and from `ensemble/`.
AREAS = {
    "images": set(),
    "fitting": {"images"},
    "generators": {"images", "fitting"},
    "measure": {"images", "generators"},
    "export": {"measure"},
    "report": set(),
    "cifake": {"images", "fitting", "generators", "measure", "export"},
    "students": {"images", "fitting", "generators", "measure", "export", "report", "cifake"},
    "photos": {"images", "measure", "export", "report"},
}
SHARED = {"errors", "markdown", "recipe", "records"}  # import from no area
TOP = {"__main__", "commands"}  # nothing imports them

FOLDER = ROOT / "training"
FILES = sorted(FOLDER.rglob("*.py"))


def name_of(path):
    """training/cifake/fit.py → training.cifake.fit."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path) for path in FILES}


def imported(path):
    """Modules that a file imports anywhere in it, within functions too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports from where it lies"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else node.module


def area_of(module):
    """training.cifake.fit → cifake, training.records → records."""
    return module.split(".")[1]


def test_every_folder_is_an_area():
    folders = {path.name for path in FOLDER.iterdir() if (path / "__init__.py").is_file()}
    assert folders == set(AREAS)
    modules = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert modules == SHARED | TOP


@pytest.mark.parametrize("area", AREAS)
def test_an_area_imports_from_those_below_it(area):
    for path in sorted((FOLDER / area).rglob("*.py")):
        for module in imported(path):
            assert not module.startswith(("tests", "page", "app", "gradio")), f"{path}: {module}"
            if module.startswith("training."):
                assert area_of(module) in AREAS[area] | {area} | SHARED, f"{path}: {module}"


def test_what_is_shared_imports_from_no_area():
    for name in SHARED:
        for module in imported(FOLDER / f"{name}.py"):
            assert not module.startswith("training.") or area_of(module) in SHARED


def test_what_is_imported_is_there():
    """Some of it is imported when a command runs only."""
    for path in FILES:
        for module in imported(path):
            if module.split(".")[0] in ("ensemble", "training"):
                assert find_spec(module), f"{path}: {module}"


def test_there_is_no_circle():
    graph = {name_of(path): {module for module in imported(path) if module in MODULES}
             for path in FILES}
    assert list(TopologicalSorter(graph).static_order())
    assert list(TopologicalSorter(AREAS).static_order())


def test_serving_needs_no_training():
    for folder in ("ensemble", "page"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            assert not any(module.split(".")[0] == "training" for module in imported(path)), path


def test_files_are_short():
    for path in FILES:
        assert len(path.read_text("utf-8").splitlines()) < 300, path

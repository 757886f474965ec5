"""What is written down about the project is there: files, commands, variables, README's example."""

import re

import pytest

from tests.servers import ROOT
from tests.shown import BEGIN, END, README, shown
from training.__main__ import ARGUMENTS

PAGES = [ROOT / name for name in (
    "README.md", "CONTRIBUTING.md", "SECURITY.md", "docs/design.md", "docs/use.md",
    "docs/hosting.md", "docs/scale.md", "training/README.md", "training/students/README.md",
    "weights/cifake/README.md", "weights/photos/README.md")]
LINK = re.compile(r'\]\((?!https?:)([^)#]+)\)|(?:src|srcset)="([^"]+)"')
FOLDERS = "ensemble|page|training|tests|weights|examples|docs|benchmarks"
SOURCES = [ROOT / "app.py", *(path for folder in ("ensemble", "page")
                              for path in (ROOT / folder).rglob("*.py"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files(page):
    links = ["".join(link) for link in LINK.findall(page.read_text("utf-8"))]
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES[:7], ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_commands_that_are_named_are_there(page):
    text = page.read_text("utf-8")
    named = re.findall(rf"`((?:{FOLDERS})/[\w./-]+\.(?:py|json|csv|css|md))`", text)
    assert [name for name in named if "NAME" not in name and not (ROOT / name).exists()] == []
    commands = set(re.findall(r"python -m training (\w+)", text))
    assert commands <= {command.__name__ for command in ARGUMENTS}
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r"(?:`|^)make (\w+)", text, re.MULTILINE)) <= set(targets)


def test_readme_is_short():
    body = README.read_text("utf-8").split("---\n", 2)[2]
    words = [word for word in body.split() if re.search(r"\w", word)]  # not a table's lines
    assert len(words) <= 900


def test_readmes_example_is_what_the_command_says(tmp_path):
    """But for the last digits, which differ from machine to machine."""
    written = README.read_text("utf-8").split(BEGIN)[1].split(END)[0]
    printed = f"\n```\n{shown(tmp_path)}\n```\n"
    assert re.sub(r"\d+\.\d%", "%", written) == re.sub(r"\d+\.\d%", "%", printed)


def test_every_variable_of_the_environment_is_explained():
    code = "\n".join(path.read_text("utf-8") for path in SOURCES)
    read = set(re.findall(r"environ(?:\.get)?[\[(]\"(\w+)\"", code))
    read |= {match + ending for match in ("PACK", "PHOTOS") for ending in ("_REPO", "_REVISION")}
    read |= set(re.findall(r'^SETTING = "(\w+)"', code, re.MULTILINE))
    assert len(read) > 8
    text = (ROOT / "docs" / "hosting.md").read_text("utf-8")
    assert [name for name in sorted(read) if f"`{name}`" not in text] == []

"""The originals of the list of pictures, from repositories that are made here."""

import csv
import gzip
import shutil
import subprocess

import pytest

from tests import made
from training.__main__ import main
from training.photos.collect import LIST, read_list

FILES = {"a/one": {"pictures/sea.PNG": 1, "pictures/sky.png": 2}, "b/two": {"hill.png": 3}}


def git(*arguments, cwd):
    """What git prints, less its line's end."""
    return subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments], cwd=cwd,
        check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    """A folder of repositories, as a host has them, and the rows of a list of their pictures."""
    folder, rows = tmp_path_factory.mktemp("host"), []
    for repository, pictures in FILES.items():
        place = folder / repository
        place.mkdir(parents=True)
        git("init", "-q", cwd=place)
        for setting in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
            git("config", setting, "true", cwd=place)
        for path, seed in pictures.items():
            (place / path).parent.mkdir(exist_ok=True)
            (place / path).write_bytes(made.png(made.image(1, seed)))
            rows.append({"collection": repository, "repository": repository, "path": path,
                         "blob": git("hash-object", path, cwd=place)})
        (place / "other.txt").write_text("not listed")
        git("add", "-A", cwd=place)
        git("commit", "-q", "-m", "pictures", cwd=place)
    return folder, rows


def write_list(path, rows):
    with gzip.open(path, "wt", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def missing(folder):
    with (folder / "missing.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_listed_files_come_and_no_others_and_a_second_run_brings_what_is_missing(
        host, tmp_path, capsys):
    address, rows = host
    gone = {**rows[0], "repository": "c/gone", "path": "x.png", "blob": "0" * 40}
    changed = {**rows[0], "path": "pictures/changed.png", "blob": "1" * 40}
    listed = write_list(tmp_path / "list.csv.gz", [*rows, gone, changed])
    command = ["collect", "--list", str(listed), "--out", str(tmp_path / "out"),
               "--host", address.as_uri()]
    assert main(command) == 0
    files = {path.name: path for path in (tmp_path / "out").glob("*.png")}
    assert set(files) == {f"{row['blob']}.png" for row in rows}
    for row in rows:
        original = address / row["repository"] / row["path"]
        assert files[f"{row['blob']}.png"].read_bytes() == original.read_bytes()
    assert [row["path"] for row in missing(tmp_path / "out")] == ["pictures/changed.png", "x.png"]
    told = capsys.readouterr().out
    assert "c/gone: x.png" in told and "2 of the listed pictures are missing" in told
    # The clone has the listed files alone.
    clone = tmp_path / "out" / "repositories" / "a+one"
    assert "other.txt" in git("--git-dir", str(clone), "ls-tree", "--name-only", "HEAD", cwd=clone)
    unlisted = git("hash-object", "other.txt", cwd=address / "a/one")
    assert f"?{unlisted}" in git("--git-dir", str(clone), "rev-list", "--objects", "--all",
                                 "--missing=print", cwd=clone)
    # A file that was cut short is brought again, a whole one is not touched.
    cut, whole = (files[f"{row['blob']}.png"] for row in rows[:2])
    cut.write_bytes(cut.read_bytes()[:9])
    before = whole.stat().st_mtime_ns
    assert main(command) == 0
    assert cut.read_bytes() == (address / rows[0]["repository"] / rows[0]["path"]).read_bytes()
    assert whole.stat().st_mtime_ns == before


def test_a_mirror_is_read_and_nobody_else_is_asked(host, tmp_path):
    address, rows = host
    mirror = tmp_path / "mirror"
    shutil.copytree(address / "a/one", mirror / "a+one" / "repo")
    git("clone", "-q", "--bare", str(address / "b/two"), str(mirror / "b+two" / "repo"),
        cwd=tmp_path)
    extra = {**rows[0], "repository": "d/elsewhere"}
    listed = write_list(tmp_path / "list.csv.gz", [*rows, extra])
    assert main(["collect", "--list", str(listed), "--out", str(tmp_path / "out"),
                 "--mirror", str(mirror), "--host", "https://host.invalid"]) == 0
    assert len(list((tmp_path / "out").glob("*.png"))) == len(rows)
    shutil.rmtree(mirror / "a+one")
    shutil.rmtree(tmp_path / "out")
    assert main(["collect", "--list", str(listed), "--out", str(tmp_path / "out"),
                 "--mirror", str(mirror)]) == 0
    assert {row["repository"] for row in missing(tmp_path / "out")} == {"a/one", "d/elsewhere"}


@pytest.mark.parametrize("content", [None, b"", b"not gzip", gzip.compress(b"a,b\n1,2\n", mtime=0)])
def test_a_list_that_is_none_is_refused(tmp_path, content, capsys):
    path = tmp_path / "list.csv.gz"
    if content is not None:
        path.write_bytes(content)
    assert main(["collect", "--list", str(path), "--out", str(tmp_path / "out")]) == 2
    assert "list.csv.gz" in capsys.readouterr().err


def test_the_shipped_list_names_each_picture_once():
    rows = read_list(LIST)
    assert len({row["blob"] for row in rows}) == len(rows) > 4000
    assert {row["label"] for row in rows} == {"ai", "real"}

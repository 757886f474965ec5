"""Bad files of every kind become a verdict or a refusal, at a bounded cost; see tests/fuzz."""

import json
import os
import pickle
import subprocess
import sys

import pytest

from ensemble import Ensemble
from ensemble.errors import EmptyFile, NotAFile
from tests.fuzz import __main__ as fuzz
from tests.fuzz import built, cases, judging, seeds
from tests.fuzz.cases import Cases
from tests.servers import ROOT
from tests.test_images import gradient, saved

TYPES = {"judged", "DamagedImage", "TooManyPixels", "NothingToSee", "UnsupportedFormat"}
COUNT = 3000


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A file of seeds."""
    path = tmp_path_factory.mktemp("fuzz") / "seeds"
    cases.write(seeds.make(), path)
    return path


@pytest.mark.timeout(600)  # ten seconds of the processor, which others may want, too
def test_bad_files_are_judged_or_refused_at_a_bounded_cost(tmp_path):
    command = [sys.executable, "-m", "tests.fuzz", "--count", str(COUNT), "--seed", "1",
               "--jobs", "1", "--out", tmp_path]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    report = json.loads((tmp_path / "report.json").read_text())
    assert ran.returncode == 0, report["failing"]
    assert report["failing"] == [] and report["cases"] == COUNT
    assert TYPES <= set(report["outcomes"]) <= TYPES | {"FileTooLarge"}
    assert report["outcomes"]["judged"] > COUNT / 10 and report["by_models"] > COUNT / 50
    assert not any((tmp_path / "failing").iterdir())


def test_every_whole_file_is_judged(ensemble, path):
    """Else its damages would test nothing but the refusal."""
    notes = {note.key for data in pickle.loads(path.read_bytes()).values()
             for note in ensemble.open(data).evidence}
    assert {"credentials_ai", "mark_watermark", "mark_squares", "generator_model", "camera_date",
            "label_producer", "source_camera", "generator_part", "jpeg_standard"} <= notes


def test_a_case_is_the_same_each_time(path):
    first, second = Cases(path, 3), Cases(path, 3)
    numbers = range(len(first.built), len(first.built) + 50)
    assert [first[number] for number in numbers] == [second[number] for number in numbers]
    assert first[numbers[0]] != Cases(path, 4)[numbers[0]]


def test_what_fails_is_reported_kept_and_judged_again(tmp_path, monkeypatch, capsys):
    bad = tmp_path / "bad.png"
    bad.write_bytes(saved(gradient(), "PNG"))
    monkeypatch.setattr(judging, "SECONDS", -1)
    assert fuzz.main(["--file", str(bad)]) == 1
    assert "seconds" in capsys.readouterr().out
    monkeypatch.setattr(Ensemble, "open", lambda *_: 1 / 0)
    assert fuzz.main(["--file", str(bad)]) == 1
    assert "ZeroDivisionError" in capsys.readouterr().out
    monkeypatch.setattr(cases, "write", lambda _, path: path.write_bytes(b"no seeds"))
    monkeypatch.setattr(fuzz, "MOST_DEATHS", 1)
    assert fuzz.main(["--count", "1", "--jobs", "1", "--out", str(tmp_path / "out")]) == 1
    died, = json.loads((tmp_path / "out" / "report.json").read_text())["failing"]
    assert died["outcome"] == "died" and "Traceback" in died["failing"]


# What it has found


@pytest.mark.parametrize("name", [
    "GIF of comments before its picture", "GIF of one long comment", "GIF of zeros",
    "PNG of empty teST", "PNG of empty IDAT", "PNG of 1 × 40000000", "PNG of 3000000 × 16"])
def test_floods_are_refused_before_they_cost_anything(ensemble, tmp_path, name):
    """Pillow took a minute for 5 MB of comments, and 1.5 GB for a line of 50 megapixels."""
    (tmp_path / name).write_bytes(built.make()[name]())
    costs = judging.costs(lambda: judging.judge(ensemble, tmp_path / name, []))
    assert costs["outcome"] == "DamagedImage"
    assert costs["seconds"] < 1 and costs["extra"] < 60 * 2**20


def test_honest_comments_of_a_gif(ensemble):
    for comment in (b"by hand", b"a" * 200_000):
        assert ensemble.open(saved(gradient(), "GIF", comment=comment)).width == 64


def test_a_large_picture_is_held_less_than_twice(ensemble, tmp_path):
    """Pillow's own eight bits a pixel, and red, green and blue."""
    (tmp_path / "large").write_bytes(built.make()["GIF that claims 7000 × 7000"]())
    costs = judging.costs(lambda: judging.judge(ensemble, tmp_path / "large", []))
    assert costs["outcome"] == "NothingToSee" and costs["extra"] < 200 * 2**20


def test_a_tiff_for_large_files_is_judged(ensemble):
    assert ensemble.open(saved(gradient(), "TIFF", big_tiff=True)).evidence == ()


@pytest.mark.parametrize("make, error_type", [
    (lambda path: path.symlink_to(path), NotAFile),
    (lambda path: path.symlink_to(path.with_name("nowhere")), NotAFile),
    (lambda path: path.symlink_to(path.parent), NotAFile),
    (lambda path: path.symlink_to("/dev/null"), EmptyFile),
    (os.mkfifo, EmptyFile)])
def test_links_to_nothing_and_pipes_without_a_writer(ensemble, tmp_path, make, error_type):
    path = tmp_path / "link\n.png"
    make(path)
    with pytest.raises(error_type):
        ensemble.open(path)


def test_pipes_and_links_to_pictures(ensemble, tmp_path):
    (tmp_path / "picture").write_bytes(saved(gradient(), "PNG"))
    (tmp_path / "link.exe").symlink_to("picture")
    assert ensemble.open(tmp_path / "link.exe").width == 64
    reader, writer = os.pipe()
    os.write(writer, saved(gradient(), "PNG"))
    os.close(writer)
    assert ensemble.open(f"/dev/fd/{reader}").width == 64
    os.close(reader)


def test_names_forge_no_line_and_break_no_output(tmp_path, folder):
    for name in judging.NAMES:
        (tmp_path / name).write_bytes(saved(gradient(), "PNG"))
    names = [*judging.NAMES, "nowhere\nforged.png: Real"]
    command = [sys.executable, "-m", "ensemble", "--pack", folder]
    environment = os.environ | {"PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(ROOT)}

    def printed(*options):
        ran = subprocess.run([*command, *options, "--", *names], cwd=tmp_path,
                             capture_output=True, env=environment)
        assert ran.returncode == 1 and ran.stderr == b""
        return os.fsdecode(ran.stdout)

    lines = [json.loads(line) for line in printed("--json").splitlines()]
    assert [line["file"] for line in lines] == names
    assert ["error" in line for line in lines] == [False] * len(judging.NAMES) + [True]
    text = printed()
    assert all(character.isprintable() for character in text.replace("\n", ""))
    assert not any(line.startswith(("line", "forged")) for line in text.splitlines())

"""python -m ensemble: the contract that other programs rely on."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ensemble import Ensemble
from ensemble.__main__ import main

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*/*.png"))
FIELDS = ["file", "answer", "because", "evidence", "pack", "label", "p_ai", "certainty",
          "agreement", "votes", "width", "height", "reasons"]


def test_one_json_object_a_line_in_order(capsys, tmp_path):
    bad = tmp_path / "notes.txt"
    bad.write_text("not an image")
    names = [str(EXAMPLES[1]), str(bad), str(tmp_path / "nowhere.png"), str(EXAMPLES[0])]
    assert main([*names, "--json"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["file"] for line in lines] == names
    for line in (lines[0], lines[3]):
        assert list(line) == FIELDS
        assert line["answer"] in ("AI-generated", "Real", "Can't tell")
        assert line["because"] == "models"
        assert [list(note) for note in line["evidence"]] in (
            [], [["source", "says", "key", "sentence", "fields"]])
        assert line["label"] in ("AI-generated", "Real") and 0 <= line["p_ai"] <= 1
        assert line["certainty"] in ("confident", "likely", "uncertain")
        assert line["agreement"] in ("3-0", "2-1")
        assert [list(v) for v in line["votes"]] == [["member", "p_ai", "label"]] * 3
        assert (line["width"], line["height"]) == (32, 32)
    assert lines[1]["error"] == "UnsupportedFormat" and "JPEG" in lines[1]["message"]
    assert lines[2]["error"] == "NotAFile"
    assert list(lines[2]) == ["file", "error", "message"]


def test_all_good_exits_with_zero_and_speaks_to_people(capsys):
    assert main([str(EXAMPLES[0])]) == 0
    printed = capsys.readouterr().out
    assert EXAMPLES[0].name in printed and "probability of AI" in printed


def test_equal_to_the_library(capsys):
    assert main([*map(str, EXAMPLES), "--json"]) == 0
    ensemble = Ensemble.load()
    for path, line in zip(EXAMPLES, capsys.readouterr().out.splitlines(), strict=True):
        printed, expected = json.loads(line), ensemble.judge(path).as_dict()
        assert printed["label"] == expected["label"]
        assert printed["p_ai"] == pytest.approx(expected["p_ai"], abs=1e-6)


def test_a_missing_pack_is_said(capsys, tmp_path):
    assert main([str(EXAMPLES[0]), "--pack", str(tmp_path)]) == 2
    assert "manifest.json" in capsys.readouterr().err


def test_a_trust_list_that_cannot_be_read_is_said(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("C2PA_TRUST", str(tmp_path / "none.pem"))
    assert main([str(EXAMPLES[0])]) == 2
    assert "none.pem', which can't be read" in capsys.readouterr().err


def test_the_process_loads_nothing_of_training():
    code = ("import sys; from ensemble.__main__ import main; main(sys.argv[1:]); "
            "print([m for m in ('tensorflow', 'keras', 'sklearn', 'training', 'gradio', 'onnx', "
            "'httpx', 'huggingface_hub.file_download') if m in sys.modules])")
    ran = subprocess.run([sys.executable, "-c", code, str(EXAMPLES[0]), "--json"], cwd=ROOT,
                         capture_output=True, text=True, check=True)
    verdict, loaded = ran.stdout.splitlines()
    assert json.loads(verdict)["label"] and loaded == "[]"

"""What `pip install` gives, and what a Space installs and starts."""

import json
import runpy
import subprocess
import sys
import sysconfig
import tomllib
import types
import urllib.request
import venv

import pytest
import yaml
from packaging.requirements import Requirement

import real_or_ai
from ensemble import Ensemble
from tests.judging import REAL
from tests.servers import ROOT, start, stop

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = PYPROJECT["project"]
EXTRAS = PROJECT["optional-dependencies"]
# The Hub's package, where it insists on a GPU function as ZeroGPU does.
SPACES = """
import gradio

GPU, functions, launch = lambda function: functions.append(function) or function, [], None

def insist(*given, **named):
    assert functions, "No @spaces.GPU function detected during startup"
    return launch(*given, **named)

launch, gradio.Blocks.launch = gradio.Blocks.launch, insist
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder of a new environment's commands, with the project installed as a wheel."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    packages = sysconfig.get_path("purelib", "venv", {"base": str(folder)})
    # Nothing is fetched: what the project needs, and what builds it, is that of the tests.
    with open(f"{packages}/of_the_tests.pth", "w") as file:
        file.write(sysconfig.get_path("purelib") + "\n")
    commands = folder / "bin"
    subprocess.run([sys.executable, "-m", "pip", "--python", commands / "python", "install", "-q",
                    "--disable-pip-version-check", "--no-index", "--no-deps",
                    "--no-build-isolation", ROOT], check=True)
    return commands


def test_the_installed_command_judges_in_any_folder_as_the_library_does(installed, tmp_path):
    names = [REAL[0], ROOT / "examples" / "real" / "full" / f"{REAL[0].stem}.jpg"]
    ran = subprocess.run([installed / "real-or-ai", *names, "--json"], cwd=tmp_path,
                         capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [answer.pop("file") for answer in answers] == [str(name) for name in names]
    assert [answer["pack"] for answer in answers] == ["cifake", "photos"]
    assert answers == [verdict.as_dict() for verdict in Ensemble.load().judge_many(names)]


def test_the_installed_page_is_served_also_where_a_gpu_function_is_insisted_on(installed, tmp_path):
    (tmp_path / "spaces.py").write_text(SPACES)
    process, url = start(tmp_path, command=[installed / "real-or-ai", "serve"],
                         PYTHONPATH=str(tmp_path))
    try:
        with urllib.request.urlopen(url) as answer:
            page = answer.read().decode()
    finally:
        stop(process)
    # Its styles and its examples came with it.
    assert ".verdict" in page and REAL[0].stem in page


def test_the_command_says_how_to_serve_and_what_that_needs(capsys, monkeypatch):
    with pytest.raises(SystemExit) as ended:
        real_or_ai.main(["--help"])
    printed = capsys.readouterr().out
    assert ended.value.code == 0
    assert printed.startswith("usage: real-or-ai ") and "real-or-ai serve" in printed
    monkeypatch.delitem(sys.modules, "app", raising=False)
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert real_or_ai.main(["serve"]) == 2
    assert "gradio" in (error := capsys.readouterr().err) and "real-or-ai[app]" in error


def test_the_app_declares_one_gpu_function_where_the_hub_has_its_package(monkeypatch):
    functions = []
    monkeypatch.setitem(sys.modules, "spaces", types.SimpleNamespace(GPU=functions.append))
    runpy.run_path(str(ROOT / "app.py"), run_name="app")
    assert [function() for function in functions] == [None]
    monkeypatch.setitem(sys.modules, "spaces", None)
    runpy.run_path(str(ROOT / "app.py"), run_name="app")


def test_a_space_gets_what_zero_gpu_runs():
    """Python and hardware by the Hub's names, and nothing of CUDA, which ZeroGPU alone may bring.

    Source: https://huggingface.co/docs/hub/spaces-zerogpu, "Supported versions".
    """
    space = yaml.safe_load((ROOT / "README.md").read_text("utf-8").split("---\n")[1])
    assert space["python_version"] in ("3.12.12", "3.10.13")
    assert Requirement(f"python{PROJECT['requires-python']}").specifier.contains(
        space["python_version"])
    assert space["suggested_hardware"] == "zero-a10g"
    names = {Requirement(line).name for line in listed("requirements.txt")}
    assert not [name for name in names if "gpu" in name or name in ("torch", "tensorflow")]


def test_docker_gets_what_the_wheel_is_built_from():
    wheel = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["force-include"], PROJECT["readme"],
              *PROJECT["license-files"], "pyproject.toml", "requirements.txt"}
    sent = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert {line[1:] for line in sent if line.startswith("!")} == needed
    assert all((ROOT / name).exists() for name in needed)


@pytest.mark.parametrize("path, lists", [
    ("requirements.txt", [PROJECT["dependencies"], EXTRAS["app"]]),
    ("ensemble/score/requirements.txt", [EXTRAS["score"]]),
    ("training/requirements.txt", [EXTRAS["train"]])])
def test_the_lists_of_requirements_are_those_of_the_package(path, lists):
    assert {*map(Requirement, listed(path))} == {Requirement(line) for lines in lists
                                                 for line in lines}


def listed(path):
    """The lines of a list of requirements that name one."""
    lines = (ROOT / path).read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith(("#", "-r"))]

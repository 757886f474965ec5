"""Publishing the Space to the Hub with the real client."""

import ast

import pytest
import yaml

from tests.hub import FILES, PUBLISHING
from tests.servers import ROOT
from tests.tiny import build_tiny_pack
from training.__main__ import main
from training.report import space as publishing
from training.report.publish import BadName, MissingFile, Refused, publish
from training.report.space import publish_space, publish_static

pytestmark = PUBLISHING
REPO = "user/pack"


@pytest.fixture
def root(tmp_path):
    """A repository with what the Space needs and what it must not have."""
    root = tmp_path / "root"
    published = ("app.py", "app.css", "page/__init__.py", "page/panel.js", "page/words/judge.json",
              "docs/page.webp", "training/published.json", "ensemble/__init__.py",
              "ensemble/pack.py",
              "weights/cifake/manifest.json", "weights/cifake/reports/evaluate.json",
              "examples/CREDITS.md", "examples/ai/1.png", "requirements.txt", "LICENSE")
    private = ("tests/test_app.py", "training/cifake/fit.py", "runs/cnn/cnn.keras", ".git/config",
                "ensemble/__pycache__/pack.cpython-311.pyc", "examples/.hidden", "Makefile",
                ".venv/bin/python", "benchmarks/speed.py", "weights/.cache/part")
    for name in (*published, *private):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"This is {name}.\n")
    (root / "README.md").write_text("---\ntitle: Real or AI?\nsdk: gradio\n---\n\nHello.\n")
    return root, {*published, "README.md"}


def test_the_space_gets_what_it_needs_and_nothing_else(hub, root):
    root, published = root
    commit = publish_space("user/space", root)
    there = hub.files("spaces/user/space", commit)
    assert set(there) == published | {".gitattributes"}
    assert all(there[name] == (root / name).read_bytes() for name in published)
    assert hub.variables == {}


def test_the_space_can_be_pinned_to_a_pack(hub, root, folder):
    commit = publish(folder, REPO)
    publish_space("user/space", root[0], pack_repo=REPO, revision=commit)
    assert hub.variables == {"spaces/user/space": {"PACK_REPO": {"value": REPO},
                                                   "PACK_REVISION": {"value": commit}}}


def test_a_pack_for_photographs_has_variables_of_its_own_and_no_runs(hub, root, tmp_path, capsys,
                                                                    monkeypatch):
    (tmp_path / "runs" / "cnn").mkdir(parents=True)
    (tmp_path / "runs" / "cnn" / "cnn.keras").write_bytes(b"not of this pack")
    pack = build_tiny_pack(tmp_path / "photos", name="photos", domain={"min_side": 65})
    monkeypatch.setattr(publishing, "publish_space", lambda repo, folder, *given, **named:
                        publish_space(repo, root[0], *given, **named))
    assert main(["publish", "--pack", str(pack), "--runs", str(tmp_path / "runs"),
                 "--repo", REPO, "--space", "user/space"]) == 0
    printed = capsys.readouterr().out
    variables = hub.variables["spaces/user/space"]
    assert set(variables) == {"PHOTOS_REPO", "PHOTOS_REVISION"}
    assert variables["PHOTOS_REPO"] == {"value": REPO}
    commit = variables["PHOTOS_REVISION"]["value"]
    assert f"PHOTOS_REPO={REPO}" in printed and f"PHOTOS_REVISION={commit}" in printed
    assert set(hub.files(f"models/{REPO}", commit)) == FILES | {".gitattributes"}


def test_files_gone_from_the_space_are_deleted(hub, root):
    root, published = root
    publish_space("user/space", root)
    (root / "ensemble" / "pack.py").unlink()
    commit = publish_space("user/space", root)
    assert set(hub.files("spaces/user/space", commit)) == (
        published - {"ensemble/pack.py"} | {".gitattributes"})


def test_all_that_the_app_imports_goes_up_with_it():
    """Follow the imports of the real app through this repository."""
    sent, seen, waiting = set(publishing.SPACE), set(), [ROOT / "app.py"]
    while waiting:
        for node in ast.walk(ast.parse(waiting.pop().read_text("utf-8"))):
            names = ([alias.name for alias in node.names] if isinstance(node, ast.Import)
                     else [node.module] if isinstance(node, ast.ImportFrom) else [])
            for name in {name.split(".")[0] for name in names} - seen:
                seen.add(name)
                files = [f for f in (ROOT / f"{name}.py", *(ROOT / name).glob("*.py"))
                         if f.exists()]
                assert {f.relative_to(ROOT).parts[0] for f in files} <= sent
                waiting += files
    assert {"ensemble", "page"} <= seen


@pytest.mark.parametrize("name", ["app.py", "LICENSE"])
def test_a_space_without_its_files_stays_here(hub, root, name):
    (root[0] / name).unlink()
    with pytest.raises(MissingFile, match=f"{name} is missing"):
        publish_space("user/space", root[0])
    assert not hub.requests


@pytest.mark.parametrize("paid, hardware, why", [
    (False, "zero-a10g", "A free account may have no other"),
    (True, "cpu-basic", "no GPU, and a paid account may")])
def test_a_new_space_gets_hardware_that_the_account_may_have(hub, root, capsys, paid, hardware,
                                                             why):
    hub.account["isPro"] = paid
    publish_space("user/space", root[0])
    assert hub.spaces == {"spaces/user/space": {"sdk": "gradio", "hardware": hardware}}
    assert f"Hardware: {hardware}" in (printed := capsys.readouterr().out) and why in printed
    hub.spaces["spaces/user/space"]["hardware"] = "t4-small"
    publish_space("user/space", root[0])
    assert "Hardware: t4-small. The Space was there" in capsys.readouterr().out


def test_what_needs_a_paid_plan_is_said(hub, root):
    with pytest.raises(Refused, match=r"paid plan for club/space \(402\).*--static"):
        publish_space("club/space", root[0])
    assert not hub.repos


def test_the_page_without_a_server_is_a_static_space(hub, root, capsys, monkeypatch):
    monkeypatch.setattr(publishing, "publish_static", lambda repo, folder:
                        publish_static(repo, root[0]))
    asked = ["publish", "--space", "user/private", "--static"]
    assert main(asked) == 2
    assert "`make web` builds the page" in capsys.readouterr().err and not hub.requests
    built = {"index.html": b"<!doctype html>", "packs/cifake/svm.onnx": b"\0weights"}
    for name, content in built.items():
        path = root[0] / "web" / "dist" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert main(asked) == 0
    assert "Hardware: none. A static Space is free" in capsys.readouterr().out
    there = hub.files("spaces/user/private")
    assert set(there) == {*built, "README.md", "LICENSE", ".gitattributes"}
    assert built.items() <= there.items()
    card = yaml.safe_load(there["README.md"].decode().split("---\n")[1])
    assert card["title"] == "Real or AI?" and card["app_file"] == "index.html"
    assert card["sdk"] == hub.spaces["spaces/user/private"]["sdk"] == "static"
    assert card["custom_headers"]["cross-origin-opener-policy"] == "same-origin"
    assert main([*asked, "--repo", REPO]) == 2
    assert "--space USER/NAME alone" in capsys.readouterr().err


def test_a_space_is_not_overwritten_with_one_of_another_kind(hub, root):
    publish_space("user/space", root[0])
    (root[0] / "web" / "dist").mkdir(parents=True)
    (root[0] / "web" / "dist" / "index.html").write_text("<!doctype html>")
    with pytest.raises(BadName, match="a Space with sdk: gradio, .* a name of its own"):
        publish_static("user/space", root[0])
    assert "app.py" in hub.files("spaces/user/space")

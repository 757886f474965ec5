"""Publishing to the Hub with the real client, and the model card."""

import ast
import json
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from ensemble import Ensemble, pack
from tests.hub import READ_TOKEN, TOKEN, point_client, serving
from tests.tiny import build_tiny_pack, read_manifest
from training import publish as publishing
from training.__main__ import main
from training.card import card
from training.publish import publish, publish_space

# The client's own upload of a large file uses an older way of its HTTP library.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>' to upload:DeprecationWarning")
ROOT = Path(__file__).resolve().parent.parent
REPO = "user/pack"
FILES = {"manifest.json", "svm.onnx", "cnn.onnx", "resnet.onnx", "training.digests", "README.md"}


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A Hub to which this process may write."""
    with serving() as hub:
        point_client(monkeypatch, hub.url, tmp_path / "cache")
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield hub


@pytest.fixture
def folder(tmp_path):
    return build_tiny_pack(tmp_path / "tiny")


def scores(accuracy):
    return {"accuracy": accuracy, "precision": 0.91, "recall": 0.92, "f1": 0.93,
            "roc_auc": 0.94, "average_precision": 0.95, "ece": 0.0123,
            "confusion_matrix": [[9, 1], [1, 9]]}


def report(n, accuracy):
    majority = {**scores(accuracy), "roc_auc": None, "average_precision": None, "ece": None}
    return {"n": n, "members": {"svm": scores(0.9051), "cnn": scores(0.9652),
                                "resnet": scores(0.9753)},
            "ensemble": majority, "calibrated": scores(0.9864)}


@pytest.fixture
def reported(folder):
    """A pack with the report of its evaluation."""
    (folder / "reports").mkdir()
    evaluation = {**report(20000, 0.9812), "deduplicated": report(19622, 0.9787)}
    (folder / "reports" / "evaluate.json").write_text(json.dumps(evaluation))
    return folder


@pytest.fixture
def runs(tmp_path):
    """Run folders as training leaves them, checkpoints and all."""
    names = ("svm/svm.joblib", "svm/grid.csv", "svm/run.json", "cnn/cnn.keras", "cnn/curve.csv",
             "cnn/run.json", "cnn/checkpoint.keras", "dcgan/generator.keras",
             "dcgan/checkpoint.npz", "dcgan/curve.csv", "dcgan.log")
    for name in names:
        path = tmp_path / "runs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() + b"\0")
    return tmp_path / "runs"


# The pack


def test_a_pack_goes_up_whole_in_one_commit_and_comes_back(hub, reported, capsys, monkeypatch):
    commit = publish(reported, REPO)
    there = hub.files(f"models/{REPO}", commit)
    assert set(there) == FILES | {"reports/evaluate.json", ".gitattributes"}
    assert all(there[name] == (reported / name).read_bytes() for name in FILES - {"README.md"})
    assert sum("/commit/" in request for request in hub.requests) == 1
    printed = capsys.readouterr().out
    assert f"PACK_REPO={REPO}" in printed and f"PACK_REVISION={commit}" in printed
    monkeypatch.setenv("PACK_REPO", REPO)
    monkeypatch.setenv("PACK_REVISION", commit)
    monkeypatch.setenv("PACK_DEADLINE", "10")
    loaded = Ensemble.load()
    ensemble = loaded.ensembles[0]
    assert loaded.notice is None
    assert ensemble.pack.folder != reported and ensemble.manifest == read_manifest(reported)


def test_figures_go_up_with_the_card_that_shows_them(hub, reported):
    folder = reported / "reports" / "figures"
    folder.mkdir()
    for theme in ("light", "dark"):
        (folder / f"confusion-{theme}.svg").write_text(f"<svg>{theme}</svg>")
    (folder / "roc-light.svg").write_text("<svg/>")  # without its dark version: not shown
    there = hub.files(f"models/{REPO}", publish(reported, REPO))
    assert {name for name in there if name.endswith(".svg")} == {
        "reports/figures/confusion-light.svg", "reports/figures/confusion-dark.svg"}
    card_there = there["README.md"].decode()
    assert "reports/figures/confusion-dark.svg" in card_there and "roc-light" not in card_there


def test_large_files_take_the_way_of_large_files(hub, folder):
    publish(folder, REPO)
    assert sum(request.startswith("PUT /lfs/") for request in hub.requests) == 3


def test_sources_are_the_native_models_and_their_notes(hub, folder, runs):
    commit = publish(folder, REPO, sources=runs)
    there = hub.files(f"models/{REPO}", commit)
    assert {name for name in there if name.startswith("sources/")} == {
        "sources/svm/svm.joblib", "sources/svm/grid.csv", "sources/svm/run.json",
        "sources/cnn/cnn.keras", "sources/cnn/curve.csv", "sources/cnn/run.json",
        "sources/dcgan/generator.keras", "sources/dcgan/curve.csv"}
    assert there["sources/cnn/cnn.keras"] == (runs / "cnn" / "cnn.keras").read_bytes()
    # Serving fetches what the manifest names and nothing else.
    hub.requests.clear()
    pack.download(REPO, commit, deadline=10)
    assert not any("sources" in request for request in hub.requests)


def test_the_same_pack_again_is_the_same_commit(hub, folder):
    assert publish(folder, REPO) == publish(folder, REPO)


def test_what_a_pack_no_longer_has_is_deleted(hub, reported):
    first = publish(reported, REPO)
    (reported / "reports" / "evaluate.json").unlink()
    second = publish(reported, REPO)
    assert second != first
    assert set(hub.files(f"models/{REPO}", second)) == FILES | {".gitattributes"}


def test_a_damaged_pack_stays_here(hub, folder):
    (folder / "svm.onnx").write_bytes(b"another")
    with pytest.raises(pack.PackError, match="svm.onnx is not the file"):
        publish(folder, REPO)
    assert not hub.requests


def test_a_damaged_report_stays_here(hub, reported):
    (reported / "reports" / "evaluate.json").write_text("{")
    with pytest.raises(publishing.MissingFile, match="evaluate.json is not JSON"):
        publish(reported, REPO)
    assert not hub.requests


def test_sources_without_a_native_model_are_refused(hub, folder, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(publishing.MissingFile, match="no run with a .keras or .joblib"):
        publish(folder, REPO, sources=tmp_path / "empty")


def test_without_a_token_nothing_is_asked(hub, folder, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(publishing.NoToken, match="HF_TOKEN"):
        publish(folder, REPO)
    assert not hub.requests


@pytest.mark.parametrize("name", ["pack", "user/pack/x", "user/a b", "user/a--b", "user/x.git",
                                  "", "https://huggingface.co/user/pack"])
def test_a_malformed_name_is_refused(hub, folder, name):
    with pytest.raises(publishing.BadName, match="no name for a repository"):
        publish(folder, name)
    assert not hub.requests


def test_a_token_that_may_not_write_is_refused(hub, folder):
    with pytest.raises(publishing.Refused, match="may not write to user/pack"):
        publish(folder, REPO, token=READ_TOKEN)
    assert not hub.repos


def test_an_unknown_token_is_refused(hub, folder):
    with pytest.raises(publishing.Refused, match="does not know this token"):
        publish(folder, REPO, token="hf_unknown")


def test_an_error_of_the_hub_is_said(hub, folder):
    hub.status = 500
    with pytest.raises(publishing.HubError, match="status 500"):
        publish(folder, REPO)


def test_an_unreachable_hub_is_said(monkeypatch, tmp_path, folder):
    with serving() as gone:
        pass
    point_client(monkeypatch, gone.url, tmp_path / "cache")
    with pytest.raises(publishing.HubError, match="Connection refused"):
        publish(folder, REPO, token=TOKEN)


# The Space


@pytest.fixture
def root(tmp_path):
    """A repository with what the Space needs and what it must not have."""
    root = tmp_path / "root"
    wanted = ("app.py", "app.css", "page/__init__.py", "page/panel.js", "page/words/judge.json",
              "docs/page.webp", "training/published.json", "ensemble/__init__.py",
              "ensemble/pack.py",
              "weights/cifake/manifest.json", "weights/cifake/reports/evaluate.json",
              "examples/CREDITS.md", "examples/ai/1.png", "requirements.txt", "LICENSE")
    unwanted = ("tests/test_app.py", "training/fit.py", "runs/cnn/cnn.keras", ".git/config",
                "ensemble/__pycache__/pack.cpython-311.pyc", "examples/.hidden", "Makefile",
                ".venv/bin/python", "benchmarks/speed.py", "weights/.cache/part")
    for name in (*wanted, *unwanted):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"This is {name}.\n")
    (root / "README.md").write_text("---\ntitle: Real or AI?\nsdk: gradio\n---\n\nHello.\n")
    return root, {*wanted, "README.md"}


def test_the_space_gets_what_it_needs_and_nothing_else(hub, root):
    root, wanted = root
    commit = publish_space("user/space", root)
    there = hub.files("spaces/user/space", commit)
    assert set(there) == wanted | {".gitattributes"}
    assert all(there[name] == (root / name).read_bytes() for name in wanted)
    assert hub.variables == {}


def test_the_space_can_be_pinned_to_a_pack(hub, root, folder):
    commit = publish(folder, REPO)
    publish_space("user/space", root[0], pack_repo=REPO, revision=commit)
    assert hub.variables == {"spaces/user/space": {"PACK_REPO": {"value": REPO},
                                                   "PACK_REVISION": {"value": commit}}}


def test_a_pack_for_photographs_has_variables_of_its_own_and_no_runs(hub, root, runs, tmp_path,
                                                                    capsys, monkeypatch):
    pack = build_tiny_pack(tmp_path / "photos", name="photos", domain={"min_side": 65})
    monkeypatch.setattr(publishing, "publish_space", lambda repo, folder, *given, **named:
                        publish_space(repo, root[0], *given, **named))
    assert main(["publish", "--pack", str(pack), "--runs", str(runs), "--repo", REPO,
                 "--space", "user/space"]) == 0
    printed = capsys.readouterr().out
    variables = hub.variables["spaces/user/space"]
    assert set(variables) == {"PHOTOS_REPO", "PHOTOS_REVISION"}
    assert variables["PHOTOS_REPO"] == {"value": REPO}
    commit = variables["PHOTOS_REVISION"]["value"]
    assert f"PHOTOS_REPO={REPO}" in printed and f"PHOTOS_REVISION={commit}" in printed
    assert set(hub.files(f"models/{REPO}", commit)) == FILES | {".gitattributes"}


def test_files_gone_from_the_space_are_deleted(hub, root):
    root, wanted = root
    publish_space("user/space", root)
    (root / "ensemble" / "pack.py").unlink()
    commit = publish_space("user/space", root)
    assert set(hub.files("spaces/user/space", commit)) == (
        wanted - {"ensemble/pack.py"} | {".gitattributes"})


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
    with pytest.raises(publishing.MissingFile, match=f"{name} is missing"):
        publish_space("user/space", root[0])
    assert not hub.requests


# The card


@pytest.fixture
def written(reported):
    reports = {"evaluate": json.loads((reported / "reports" / "evaluate.json").read_text())}
    return card(read_manifest(reported), reports)


def test_the_card_has_front_matter_that_the_hub_understands(written):
    data = ModelCard(written).data
    assert (data.license, data.library_name) == ("apache-2.0", "onnx")
    assert data.pipeline_tag == "image-classification"
    assert data.datasets and "cifake" in data.tags
    found = {r.metric_name: r.metric_value for r in data.eval_results}
    assert found["Accuracy (majority)"] == 0.9812
    assert found["Accuracy (majority, not in training)"] == 0.9787
    assert found["ROC-AUC (calibrated probability)"] == 0.94
    assert "ROC-AUC (majority)" not in found  # a vote of labels has none


def test_the_card_says_what_the_manifest_and_the_report_say(written, reported):
    manifest = read_manifest(reported)
    for said in ("All 20,000 images", "The 19,622 of them", "0.9051", "0.9812", "0.9787",
                 "0.9864", "0.0123", "`tiny` 1.0.0", "svm 0.500, cnn 0.600, resnet 0.700",
                 "bias 0.100", "0.8000", "above 64 pixels", "bilinear filter", "1,234",
                 "f00d5eed", "seed: 7", "c0ffee", manifest["members"][0]["sha256"][:12]):
        assert said in written
    assert "| **majority** | 0.9812 | 0.9100 | 0.9200 | 0.9300 | – | – | – |" in written


def test_the_card_follows_its_sources(reported):
    before = card(read_manifest(reported), {})
    manifest = read_manifest(reported)
    manifest["calibration"]["confident_from"] = 0.8765
    manifest["training"].pop("added_fakes")
    manifest["training"]["runs"] = {"cnn": {"epochs": 16, "seed": 3}}
    after = card(manifest, {})
    assert "0.8765" in after and "0.8765" not in before
    assert "- cnn: epochs 16, seed 3" in after
    assert "DCGAN" in before and "DCGAN" not in after


def test_a_pack_without_a_report_has_a_card_without_results(folder):
    written = card(read_manifest(folder), {})
    assert "without a report of its evaluation" in written
    assert ModelCard(written).data.eval_results is None


def test_the_published_card_is_the_card(hub, reported, written):
    commit = publish(reported, REPO)
    assert hub.files(f"models/{REPO}", commit)["README.md"].decode() == written

"""Publishing a pack to the Hub with the real client."""

import pytest

from ensemble import Ensemble, pack
from tests.hub import FILES, PUBLISHING, READ_TOKEN, TOKEN, point_client, serving
from tests.tiny import read_manifest
from tests.training import reports
from training.report import publish as publishing
from training.report.card import card
from training.report.publish import publish

pytestmark = PUBLISHING
REPO = "user/pack"


@pytest.fixture
def reported(folder):
    """A pack with the report of its evaluation."""
    (folder / "reports").mkdir()
    reports.write(folder, "evaluate", reports.evaluation())
    return folder


@pytest.fixture
def runs(tmp_path):
    """Run folders as training leaves them, checkpoints and all."""
    names = ("svm/svm.joblib", "svm/grid.csv", "svm/run.json", "cnn/cnn.keras", "cnn/curve.csv",
             "cnn/run.json", "cnn/begun.json", "cnn/checkpoint.keras",
             "cnn/checkpoint-0072/model.keras", "cnn/checkpoint-0072/curve.csv",
             "dcgan/generator.keras", "dcgan/checkpoint-0008/state.npz", "dcgan/curve.csv",
             "dcgan.log")
    for name in names:
        path = tmp_path / "runs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() + b"\0")
    return tmp_path / "runs"


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
    ensemble = Ensemble.load()
    assert ensemble.notice is None
    small = ensemble.packs[0]
    assert small.pack.folder != reported and small.manifest == read_manifest(reported)


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


def test_the_published_card_is_the_card(hub, reported):
    there = hub.files(f"models/{REPO}", publish(reported, REPO))
    assert there["README.md"].decode() == card(read_manifest(reported), reports.read(reported))

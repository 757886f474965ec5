"""Packs from the Hub: what is served when it answers, when it fails and what it must not send."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from huggingface_hub import constants

from ensemble import Ensemble, pack
from tests.hub import environment, point_client, serving
from tests.servers import ROOT
from tests.tiny import build_tiny_pack, misfit, noise, read_manifest, spoil, write_manifest

REPO = "user/pack"


@pytest.fixture
def shipped(monkeypatch, tmp_path):
    """A shipped pack that can be told from the one on the Hub by its name."""
    folder = build_tiny_pack(tmp_path / "shipped")
    write_manifest(folder, {**read_manifest(folder), "name": "shipped"})
    monkeypatch.setattr(pack, "SHIPPED", folder)
    return folder


@pytest.fixture
def load(monkeypatch, shipped):
    """Load as the app does, configured by the environment."""
    def load(revision, repo=REPO, deadline="10"):
        monkeypatch.setenv("PACK_REPO", repo)
        monkeypatch.setenv("PACK_REVISION", revision)
        monkeypatch.setenv("PACK_DEADLINE", deadline)
        return Ensemble.load()
    return load


def verdicts(ensemble):
    return [verdict.as_dict() for verdict in ensemble.judge_many(noise(48))]


def assert_shipped(ensemble, why):
    assert ensemble.packs[0].name == "shipped"
    assert f"The models of {REPO} could not be used" in ensemble.notice
    assert why in ensemble.notice
    assert "://" not in ensemble.notice


def test_the_pinned_commit_judges_like_the_local_pack(hub, folder, load):
    commit = hub.put_folder(f"models/{REPO}", folder)
    other = build_tiny_pack(folder.parent / "other")
    write_manifest(other, {**read_manifest(other), "name": "newer"})
    hub.put_folder(f"models/{REPO}", other)
    ensemble = load(commit)
    assert ensemble.notice is None
    assert ensemble.packs[0].name == "tiny"
    assert verdicts(ensemble) == verdicts(Ensemble.load(folder))


def test_a_second_start_needs_no_hub(hub, folder, load):
    commit = hub.put_folder(f"models/{REPO}", folder)
    before = verdicts(load(commit))
    hub.requests.clear()
    hub.status = 500
    ensemble = load(commit)
    assert ensemble.notice is None and not hub.requests
    assert verdicts(ensemble) == before


@pytest.mark.parametrize("name", ["cnn.onnx", "training.digests"])
def test_a_tampered_file_is_refused(hub, folder, load, name):
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content + b"\0")
    commit = hub.put_folder(f"models/{REPO}", folder)
    assert_shipped(load(commit), f"{name} is not the file that the manifest names")


@pytest.mark.parametrize("change, why", [
    (lambda m: m["members"][0].update(file="../../secret"), "outside its folder: ../../secret"),
    (lambda m: m.pop("calibration"), "lacks, or has in another type: calibration"),
])
def test_a_bad_manifest_is_refused(hub, folder, load, change, why):
    manifest = read_manifest(folder)
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    commit = hub.put_folder(f"models/{REPO}", folder)
    assert_shipped(load(commit), why)
    assert not any("secret" in request for request in hub.requests)


@pytest.mark.parametrize("damage, why", [(spoil, "cnn.onnx can't be loaded"),
                                         (misfit, "can't judge an image of 64 × 64")])
def test_models_on_the_hub_that_cannot_judge_are_replaced(hub, folder, load, damage, why):
    damage(folder)
    commit = hub.put_folder(f"models/{REPO}", folder)
    assert_shipped(load(commit), why)


def test_a_missing_file_repository_or_commit_is_a_notice(hub, folder, load):
    (folder / "svm.onnx").unlink()
    commit = hub.put_folder(f"models/{REPO}", folder)
    assert_shipped(load(commit), "RemoteEntryNotFoundError")
    assert_shipped(load("0" * 40), "RevisionNotFoundError")
    hub.repos.clear()
    assert_shipped(load("1" * 40), "RepositoryNotFoundError")


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_an_error_of_the_hub_is_a_notice_at_once(hub, folder, load, status):
    commit = hub.put_folder(f"models/{REPO}", folder)
    hub.status = status
    assert_shipped(load(commit), str(status))


def test_no_network_is_a_notice_at_once(monkeypatch, tmp_path, load):
    with serving() as gone:
        pass
    point_client(monkeypatch, gone.url, tmp_path / "cache")
    assert_shipped(load("0" * 40), "Connection refused")


def test_offline_mode_is_a_notice(hub, folder, load, monkeypatch):
    commit = hub.put_folder(f"models/{REPO}", folder)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert_shipped(load(commit), "Cannot reach the Hub: offline mode is enabled")
    assert not hub.requests


@pytest.mark.parametrize("revision", ["main", "", "v1.0", "abc123", "A" * 40])
def test_only_a_full_commit_hash_is_a_revision(hub, folder, load, revision):
    hub.put_folder(f"models/{REPO}", folder)
    assert_shipped(load(revision), "full commit hash")
    assert not hub.requests


@pytest.mark.parametrize("deadline", ["soon", "-1", "nan", "inf"])
def test_a_deadline_is_a_number_of_seconds(load, deadline):
    assert_shipped(load("0" * 40, deadline=deadline), "PACK_DEADLINE")


def damage_cache(cache, name):
    """Change the blob that the snapshot's link leads to."""
    link, = cache.glob(f"models--*/snapshots/*/{name}")
    link.resolve().write_bytes(b"damaged\0")


@pytest.mark.parametrize("name", ["svm.onnx", "manifest.json"])
def test_a_damaged_cache_is_downloaded_again(hub, folder, load, tmp_path, name):
    commit = hub.put_folder(f"models/{REPO}", folder)
    before = verdicts(load(commit))
    damage_cache(tmp_path / "cache", name)
    ensemble = load(commit)
    assert ensemble.notice is None
    assert verdicts(ensemble) == before


def test_a_damaged_cache_without_the_hub_is_a_notice(hub, folder, load, tmp_path):
    commit = hub.put_folder(f"models/{REPO}", folder)
    load(commit)
    damage_cache(tmp_path / "cache", "svm.onnx")
    hub.status = 500
    assert_shipped(load(commit), "500")


# In a process of its own, configured by the environment alone

START = """
import sys
from ensemble import Ensemble, pack
from huggingface_hub import hf_hub_download  # or its import would be part of the deadline
from pathlib import Path
pack.SHIPPED = Path(sys.argv[1])
ensemble = Ensemble.load()
print(ensemble.packs[0].name, ensemble.notice, sep="\\n")
"""


def start(hub_url, cache, shipped, revision, deadline):
    done = subprocess.run(
        [sys.executable, "-c", START, shipped], cwd=ROOT, text=True, timeout=60,
        capture_output=True, check=True, env=environment(
            hub_url, cache, PACK_REPO=REPO, PACK_REVISION=revision, PACK_DEADLINE=str(deadline)))
    name, notice = done.stdout.splitlines()
    return name, notice


def test_a_hub_that_never_answers_is_given_up_at_the_deadline(hub, folder, shipped, tmp_path):
    """The process starts, and ends, though the connection hangs all the time."""
    commit = hub.put_folder(f"models/{REPO}", folder)
    hub.hanging = True
    name, notice = start(hub.url, tmp_path / "home", shipped, commit, 3)
    assert name == "shipped" and "did not deliver within 3 seconds" in notice
    assert hub.asked.is_set() and not hub.released.is_set()


def test_a_hub_that_answers_late_is_waited_for(hub, folder, load):
    commit = hub.put_folder(f"models/{REPO}", folder)
    hub.hanging = True
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(load, commit, deadline="60")
        hub.asked.wait()
        assert not loading.done()
        hub.released.set()
        assert loading.result().packs[0].name == "tiny"


def test_the_environment_alone_configures_it(hub, folder, shipped, tmp_path):
    commit = hub.put_folder(f"models/{REPO}", folder)
    for hub.status in (None, 500):  # the second start is served from the cache
        name, notice = start(hub.url, tmp_path / "home", shipped, commit, 20)
        assert (name, notice) == ("tiny", "None")

"""Packs: what is refused, and what is served when the Hub fails."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import constants

from ensemble import Ensemble, pack
from ensemble.member import MemberError
from ensemble.pack import PackError
from tests.hub import environment, point_client, serving
from tests.tiny import SIZE, build_tiny_pack, read_manifest, write_manifest

ROOT = Path(__file__).resolve().parent.parent
REPO = "user/pack"


@pytest.fixture(scope="session")
def images():
    """Images on which the members differ."""
    rng = np.random.default_rng(0)
    tints = rng.integers(0, 256, (48, 1, 1, 3))
    return list((rng.random((48, SIZE, SIZE, 3)) * 99 + tints).clip(0, 255).astype(np.uint8))


@pytest.fixture
def folder(tmp_path):
    return build_tiny_pack(tmp_path / "tiny")


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A Hub, with the client pointed at it and its cache empty."""
    with serving() as hub:
        point_client(monkeypatch, hub.url, tmp_path / "cache")
        yield hub


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


def verdicts(ensemble, images):
    return [verdict.as_dict() for verdict in ensemble.judge_many(images)]


def assert_shipped(ensemble, why):
    assert ensemble.manifest["name"] == "shipped"
    assert f"The models of {REPO} could not be used" in ensemble.notice
    assert why in ensemble.notice
    assert "://" not in ensemble.notice


# On this machine


def test_a_whole_pack_is_read_and_judges(folder, images):
    ensemble = Ensemble.load(folder)
    assert ensemble.notice is None
    found = {(v["label"], v["agreement"]) for v in verdicts(ensemble, images)}
    assert len(found) == 4  # both labels, both agreements: the members differ


def test_files_seen_in_training_are_known(tmp_path):
    known = [bytes([i] * 8) for i in (200, 3, 77)]
    read = pack.read(build_tiny_pack(tmp_path, known))
    assert all(read.knows(digest) for digest in known)
    assert not read.knows(bytes(8)) and not read.knows(b"\xff" * 8) and not read.knows(None)


def test_a_folder_without_a_manifest_is_refused(tmp_path):
    with pytest.raises(PackError, match="manifest.json can't be read"):
        pack.read(tmp_path)


def test_a_manifest_that_is_not_json_is_refused(folder):
    (folder / "manifest.json").write_text("{")
    with pytest.raises(PackError, match="not JSON"):
        pack.read(folder)


@pytest.mark.parametrize("change, why", [
    (lambda m: m.update(format=2), "not a manifest of format 1"),
    (lambda m: m.pop("name"), "lacks, or has in another type: name"),
    (lambda m: m.update(input_size="32"), "input_size"),
    (lambda m: m.update(domain=64), "domain"),
    (lambda m: m.update(domain={}), "has the domain {}"),
    (lambda m: m.update(members={}), "members"),
    (lambda m: m["members"][1].pop("sha256"), r"members\[1\].sha256"),
    (lambda m: m["calibration"].update(weights=[1, 2, None]), r"calibration.weights\[2\]"),
    (lambda m: m["calibration"].pop("confident_from"), "calibration.confident_from"),
    (lambda m: m["training"].pop("digests"), "training.digests"),
    (lambda m: m["members"].pop(), "2 members and 3 weights"),
    (lambda m: m["calibration"].update(weights=[1, 2]), "3 members and 2 weights"),
    (lambda m: m.update(resize="guess"), "unknown filter: guess"),
    (lambda m: m["members"][0].update(file="../svm.onnx"), "outside its folder: ../svm.onnx"),
    (lambda m: m["members"][0].update(file="/etc/passwd"), "outside its folder: /etc/passwd"),
    (lambda m: m["members"][0].update(file=".."), "outside its folder"),
    (lambda m: m["training"]["digests"].update(file="a\\b"), "outside its folder"),
])
def test_a_manifest_with_a_fault_is_refused(folder, change, why):
    manifest = read_manifest(folder)
    change(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(PackError, match=why):
        pack.read(folder)


@pytest.mark.parametrize("name", ["svm.onnx", "resnet.onnx", "training.digests"])
def test_a_changed_or_missing_file_is_refused(folder, name):
    (folder / name).write_bytes((folder / name).read_bytes() + b"!")
    with pytest.raises(PackError, match=f"{name} is not the file that the manifest names"):
        pack.read(folder)
    (folder / name).unlink()
    with pytest.raises(PackError, match=f"{name} is missing"):
        pack.read(folder)


def spoil(folder):
    """No model in a member's file, and a manifest that is true of it."""
    (folder / "cnn.onnx").write_bytes(b"\x08\x08garbage\0")
    write_manifest(folder, read_manifest(folder))


def misfit(folder):
    """Whole models, but of images of another size than the manifest's."""
    write_manifest(folder, {**read_manifest(folder), "input_size": SIZE * 2})


@pytest.mark.parametrize("damage, why", [(spoil, "cnn.onnx can't be loaded"),
                                         (misfit, "can't judge an image of 64 × 64")])
def test_models_that_cannot_judge_are_refused(folder, damage, why):
    damage(folder)
    with pytest.raises(MemberError, match=why):
        Ensemble.load(folder)


# From the Hub


def test_the_pinned_commit_judges_like_the_local_pack(hub, folder, load, images):
    commit = hub.put_folder(f"models/{REPO}", folder)
    other = build_tiny_pack(folder.parent / "other")
    write_manifest(other, {**read_manifest(other), "name": "newer"})
    hub.put_folder(f"models/{REPO}", other)
    ensemble = load(commit)
    assert ensemble.notice is None
    assert ensemble.manifest["name"] == "tiny"
    assert verdicts(ensemble, images) == verdicts(Ensemble.load(folder), images)


def test_a_second_start_needs_no_hub(hub, folder, load, images):
    commit = hub.put_folder(f"models/{REPO}", folder)
    before = verdicts(load(commit), images)
    hub.requests.clear()
    hub.status = 500
    ensemble = load(commit)
    assert ensemble.notice is None and not hub.requests
    assert verdicts(ensemble, images) == before


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
def test_a_damaged_cache_is_downloaded_again(hub, folder, load, images, tmp_path, name):
    commit = hub.put_folder(f"models/{REPO}", folder)
    before = verdicts(load(commit), images)
    damage_cache(tmp_path / "cache", name)
    ensemble = load(commit)
    assert ensemble.notice is None
    assert verdicts(ensemble, images) == before


def test_a_damaged_cache_without_the_hub_is_a_notice(hub, folder, load, tmp_path):
    commit = hub.put_folder(f"models/{REPO}", folder)
    load(commit)
    damage_cache(tmp_path / "cache", "svm.onnx")
    hub.status = 500
    assert_shipped(load(commit), "500")


# In a process of its own, configured by the environment alone

START = """
import sys, time
from ensemble import Ensemble, pack
from huggingface_hub import hf_hub_download  # or its import would be part of what is timed
from pathlib import Path
pack.SHIPPED = Path(sys.argv[1])
started = time.monotonic()
ensemble = Ensemble.load()
print(time.monotonic() - started, ensemble.manifest["name"], ensemble.notice, sep="\\n")
"""


def start(hub_url, cache, shipped, revision, deadline):
    done = subprocess.run(
        [sys.executable, "-c", START, shipped], cwd=ROOT, text=True, timeout=30,
        capture_output=True, check=True, env=environment(
            hub_url, cache, PACK_REPO=REPO, PACK_REVISION=revision, PACK_DEADLINE=str(deadline)))
    seconds, name, notice = done.stdout.splitlines()
    return float(seconds), name, notice


def test_a_hub_that_never_answers_holds_up_the_start_until_the_deadline(hub, folder, shipped,
                                                                        tmp_path):
    commit = hub.put_folder(f"models/{REPO}", folder)
    hub.hanging = True
    seconds, name, notice = start(hub.url, tmp_path / "home", shipped, commit, 1.5)
    assert name == "shipped" and "did not deliver within 1.5 seconds" in notice
    assert 1.4 < seconds < 5
    assert any("resolve" in request for request in hub.requests)


def test_the_environment_alone_configures_it(hub, folder, shipped, tmp_path):
    commit = hub.put_folder(f"models/{REPO}", folder)
    for hub.status in (None, 500):  # the second start is served from the cache
        _, name, notice = start(hub.url, tmp_path / "home", shipped, commit, 20)
        assert (name, notice) == ("tiny", "None")

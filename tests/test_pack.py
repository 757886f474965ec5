"""Packs on this machine: what is read, and what is refused."""

import json

import pytest

from ensemble import Ensemble, pack
from ensemble.member import MemberError
from ensemble.pack import PackError
from tests.tiny import build_tiny_pack, misfit, noise, read_manifest, spoil, write_manifest


def test_a_whole_pack_is_read_and_judges(folder):
    ensemble = Ensemble.load(folder)
    assert ensemble.notice is None
    verdicts = ensemble.judge_many(noise(48))
    found = {(verdict.label, verdict.agreement) for verdict in verdicts}
    assert len(found) == 4  # both labels, both agreements: the members differ


def test_files_seen_in_training_are_known(tmp_path):
    # The last two differ in so few bits that they are one in float64.
    known = [*(bytes([i] * 8) for i in (200, 3, 77)), *(bytes([64] * 7 + [i]) for i in (1, 2))]
    read = pack.read(build_tiny_pack(tmp_path, known))
    assert all(read.knows(digest) for digest in known)
    assert not read.knows(bytes([64] * 7 + [3]))
    assert not read.knows(bytes(8)) and not read.knows(b"\xff" * 8) and not read.knows(None)


def test_a_folder_without_a_manifest_is_refused(tmp_path):
    with pytest.raises(PackError, match="manifest.json can't be read"):
        pack.read(tmp_path)


def test_a_manifest_that_is_not_json_is_refused(folder):
    (folder / "manifest.json").write_text("{")
    with pytest.raises(PackError, match="not JSON"):
        pack.read(folder)


@pytest.mark.parametrize("change, why", [
    (lambda m: m.update(format=1), "not a manifest of format 2"),
    (lambda m: m.pop("name"), "lacks, or has in another type: name"),
    (lambda m: m.update(input_size="32"), "input_size"),
    (lambda m: m.update(domain=64), "domain"),
    (lambda m: m.update(domain={}), "has the domain {}"),
    (lambda m: m.update(members={}), "members"),
    (lambda m: m["members"][1].pop("sha256"), r"members\[1\].sha256"),
    (lambda m: m["calibration"].update(weights=[1, 2, None]), r"calibration.weights\[2\]"),
    (lambda m: m["calibration"].update(scales=[1, 2, 3]), "3 members and 0 shifts"),
    (lambda m: m["calibration"].update(scales=[1, 2], shifts=[1, 2, 3]), "3 members and 2 scales"),
    (lambda m: m["calibration"].update(scales=[1, 2, 3], shifts=[0, 0, "0"]), "3 shifts"),
    (lambda m: m["calibration"].update(median=None), "calibration.median"),
    (lambda m: m.pop("bounds"), "another type: bounds"),
    (lambda m: m["bounds"].pop("Real"), "bounds.Real"),
    (lambda m: m["bounds"].update(Real=[]), "bounds.Real"),
    (lambda m: m["bounds"].update(Real={"sure": {"from": 0.9}}), "has the bounds .* for Real"),
    (lambda m: m["bounds"]["Real"].update(likely=0.7), "has the bounds .* for Real"),
    (lambda m: m["bounds"]["Real"].update(likely={}), "has the bounds .* for Real"),
    (lambda m: m["bounds"]["Real"]["likely"].update({"from": "0.7"}), "has the bounds"),
    (lambda m: m["bounds"]["Real"]["likely"].update({"from": 0.49}), "at least 0.5"),
    (lambda m: m["bounds"]["AI-generated"]["confident"].update({"from": 1.01}),
     "for AI-generated"),
    (lambda m: m["bounds"]["AI-generated"]["confident"].update({"from": 0.6}), "no earlier"),
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


@pytest.mark.parametrize("bounds", [
    {"AI-generated": {}, "Real": {}},
    {"AI-generated": {"confident": {"from": 1}}, "Real": {"likely": {"from": 0.5}}}])
def test_a_step_that_is_not_promised_is_left_out(folder, bounds):
    write_manifest(folder, {**read_manifest(folder), "bounds": bounds})
    assert pack.read(folder).manifest["bounds"] == bounds


@pytest.mark.parametrize("name", ["svm.onnx", "resnet.onnx", "training.digests"])
def test_a_changed_or_missing_file_is_refused(folder, name):
    (folder / name).write_bytes((folder / name).read_bytes() + b"!")
    with pytest.raises(PackError, match=f"{name} is not the file that the manifest names"):
        pack.read(folder)
    (folder / name).unlink()
    with pytest.raises(PackError, match=f"{name} is missing"):
        pack.read(folder)


@pytest.mark.parametrize("damage, why", [(spoil, "cnn.onnx can't be loaded"),
                                         (misfit, "can't judge an image of 64 × 64")])
def test_models_that_cannot_judge_are_refused(folder, damage, why):
    damage(folder)
    with pytest.raises(MemberError, match=why):
        Ensemble.load(folder)

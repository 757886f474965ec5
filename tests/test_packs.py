"""Two packs: which one judges, in what order the verdicts come, what is served when one fails."""

import json

import numpy as np
import pytest
from PIL import Image

from ensemble import Ensemble, ImageError, PackModels, Picture, vote
from ensemble import pack as packs
from ensemble.__main__ import main
from ensemble.pack import PackError
from tests.tiny import build_tiny_pack, read_manifest, write_manifest

PHOTOS = {"min_side": 65}


def picture(width, height, seed=0):
    """Noise around a colour."""
    rng = np.random.default_rng(seed)
    tint = rng.integers(0, 256, 3)
    return (rng.random((height, width, 3)) * 60 + tint).clip(0, 255).astype(np.uint8)


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """The shipped packs: `small` knows up to 64 pixels, `photos` from 65 on and leans to AI."""
    folder = tmp_path / "weights"
    build_tiny_pack(folder / "small", name="small")
    photos = build_tiny_pack(folder / "photos", name="photos", domain=PHOTOS)
    manifest = read_manifest(photos)
    manifest["calibration"]["bias"] = 2.0
    write_manifest(photos, manifest)
    monkeypatch.setattr(packs, "SHIPPED", folder / "small")
    for name in ("PACK_REPO", "PHOTOS_REPO"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def ensemble(weights):
    return Ensemble.load()


@pytest.fixture
def hub(hub, monkeypatch):
    """The Hub, waited for as long as a slow machine needs."""
    monkeypatch.setenv("PACK_DEADLINE", "10")
    return hub


def configure(monkeypatch, variable, repo, revision):
    monkeypatch.setenv(f"{variable}_REPO", repo)
    monkeypatch.setenv(f"{variable}_REVISION", revision)


def names(ensemble):
    return [models.name for models in ensemble.packs]


# Which one judges


@pytest.mark.parametrize("width, height, judge", [
    (16, 16, "small"), (32, 32, "small"), (64, 64, "small"), (64, 16, "small"),
    (65, 65, "photos"), (65, 16, "photos"), (16, 65, "photos"), (900, 700, "photos")])
def test_the_longer_side_decides(ensemble, width, height, judge):
    verdict = ensemble.judge(picture(width, height))
    assert verdict.pack == judge and (verdict.width, verdict.height) == (width, height)
    models, = (models for models in ensemble.packs if models.name == judge)
    assert verdict == Ensemble([models]).judge(picture(width, height))
    assert not {"reduced", "too_small"} & {reason.key for reason in verdict.reasons}


@pytest.mark.parametrize("side, judge, reason", [
    (70, "small", "was reduced"), (95, "large", "pictures from 100 pixels on; this one has 95"),
    (300, "large", "was reduced")])
def test_a_size_that_nobody_knows_goes_to_the_nearest_with_the_reason(tmp_path, side, judge,
                                                                      reason):
    ensemble = Ensemble([
        PackModels.load(build_tiny_pack(tmp_path / name, name=name, domain=domain))
        for name, domain in {"small": {"max_side": 64},
                             "large": {"min_side": 100, "max_side": 200}}.items()])
    verdict = ensemble.judge(picture(side, 20))
    assert (verdict.pack, verdict.certainty) == (judge, "uncertain")
    assert reason in str(verdict.reasons[0])


@pytest.mark.parametrize("domain, side, outside", [
    ({"max_side": 64}, 64, 0), ({"max_side": 64}, 65, 1), ({"min_side": 65}, 65, 0),
    ({"min_side": 65}, 60, -5), ({"min_side": 65, "max_side": 90}, 70, 0),
    ({"min_side": 65, "max_side": 90}, 100, 10), ({"min_side": 65, "max_side": 90}, 1, -64)])
def test_how_far_a_picture_is_outside_a_domain(domain, side, outside):
    assert vote.beyond(domain, Picture(None, 1, side)) == outside
    assert vote.beyond(domain, Picture(None, side, 1)) == outside


def test_a_file_is_opened_once_and_finely_enough_for_every_pack(weights, monkeypatch, tmp_path):
    ensemble = Ensemble.load()
    monkeypatch.setitem(ensemble.packs[1].manifest, "input_size", 128)
    Image.fromarray(picture(3000, 2400)).save(tmp_path / "large.jpg")
    opened = ensemble.open(tmp_path / "large.jpg")
    assert min(opened.rgb.shape[:2]) >= 8 * 128
    assert ensemble.open(opened) is opened
    assert ensemble.pack_for(opened) is ensemble.packs[1]


def test_two_packs_of_one_name_are_refused(weights):
    small = PackModels.load(weights / "small")
    with pytest.raises(PackError, match="a name of its own; these are small, small"):
        Ensemble([small, small])


# Many


def test_many_keep_their_order_and_a_bad_one_is_an_error_in_its_place(ensemble):
    sizes = [(32, 32), (65, 40), (64, 64), (200, 90)]
    sources = [picture(*sizes[i % 4], seed=i) for i in range(150)]
    for at in (0, 63, 64, 149):
        sources[at] = b"not an image"
    outcomes = list(ensemble.judge_many(iter(sources)))
    assert len(outcomes) == 150
    assert {o.pack for o in outcomes if not isinstance(o, ImageError)} == {"small", "photos"}
    for source, outcome in zip(sources, outcomes):
        if isinstance(source, bytes):
            assert isinstance(outcome, ImageError)
            continue
        alone = ensemble.judge(source)
        assert (outcome.pack, outcome.label, outcome.width, outcome.height) == (
            alone.pack, alone.label, alone.width, alone.height)
        assert outcome.p_ai == pytest.approx(alone.p_ai, abs=1e-6)
    assert list(ensemble.judge_many([])) == []


def test_each_pack_judges_its_pictures_in_batches(ensemble, monkeypatch):
    asked = {}
    for models in ensemble.packs:
        def predict(images, name=models.name, predict=models.predict):
            asked.setdefault(name, []).append(len(images))
            return predict(images)
        monkeypatch.setattr(models, "predict", predict)
    list(ensemble.judge_many(picture(65 if i % 4 else 32, 20) for i in range(128)))
    assert asked == {"small": [16, 16], "photos": [48, 48]}


def test_the_command_line_says_which_pack_judged(weights, tmp_path, capsys):
    sizes = {"photo.png": (120, 80), "small.png": (64, 64), "large.png": (65, 64)}
    for name, size in sizes.items():
        Image.fromarray(picture(*size)).save(tmp_path / name)
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    files = [str(tmp_path / name) for name in ("photo.png", "small.png", "broken.png", "large.png")]
    assert main([*files, "--json"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["file"] for line in lines] == files
    assert [line.get("pack", line.get("error")) for line in lines] == [
        "photos", "small", "DamagedImage", "photos"]
    assert list(lines[0]) == list(lines[1])
    assert main([files[0], "--json", "--pack", str(weights / "small")]) == 0
    assert json.loads(capsys.readouterr().out)["pack"] == "small"


# Which are loaded


def test_every_shipped_pack_is_loaded(weights):
    ensemble = Ensemble.load()
    assert names(ensemble) == ["small", "photos"] and ensemble.notice is None


def test_with_one_pack_it_judges_pictures_of_every_size(weights):
    (weights / "photos" / "manifest.json").unlink()  # a folder of reports alone is no pack
    ensemble = Ensemble.load()
    assert names(ensemble) == ["small"]
    verdict = ensemble.judge(picture(900, 700))
    assert verdict == Ensemble.load(weights / "small").judge(picture(900, 700))
    assert (verdict.pack, verdict.reasons[0].key) == ("small", "reduced")


def test_a_damaged_shipped_pack_is_an_error(weights):
    (weights / "photos" / "cnn.onnx").write_bytes(b"another")
    with pytest.raises(PackError, match="cnn.onnx is not the file"):
        Ensemble.load()


@pytest.mark.parametrize("domain", [{}, {"max_side": "64"}, {"min_side": None},
                                    {"min_side": 65, "max_side": 64}, {"side": 3}])
def test_a_domain_without_bounds_is_refused(weights, domain):
    write_manifest(weights / "photos", {**read_manifest(weights / "photos"), "domain": domain})
    with pytest.raises(PackError, match="has the domain"):
        packs.read(weights / "photos")


def test_each_pack_may_come_from_a_repository_of_its_own(hub, weights, monkeypatch, tmp_path):
    for variable, name, domain in (("PACK", "newer-small", None), ("PHOTOS", "newer", PHOTOS)):
        folder = build_tiny_pack(tmp_path / name, name=name, domain=domain)
        configure(monkeypatch, variable, f"user/{name}",
                  hub.put_folder(f"models/user/{name}", folder))
    ensemble = Ensemble.load()
    assert names(ensemble) == ["newer-small", "newer"] and ensemble.notice is None
    assert ensemble.judge(picture(65, 65)).pack == "newer"
    monkeypatch.delenv("PHOTOS_REPO")
    assert names(Ensemble.load()) == ["newer-small", "photos"]


def test_photographs_are_judged_though_only_the_hub_has_their_pack(hub, weights, monkeypatch):
    commit = hub.put_folder("models/user/photos", weights / "photos")
    (weights / "photos" / "manifest.json").unlink()
    configure(monkeypatch, "PHOTOS", "user/photos", commit)
    assert names(Ensemble.load()) == ["small", "photos"]


@pytest.mark.parametrize("revision, why", [("main", "full commit hash"), ("", "full commit hash"),
                                           ("0" * 40, "RevisionNotFoundError")])
@pytest.mark.parametrize("variable", ["PACK", "PHOTOS"])
def test_when_the_hub_fails_the_shipped_one_judges_and_the_notice_says_why(
        hub, weights, monkeypatch, variable, revision, why):
    hub.put_folder("models/user/photos", weights / "photos")
    configure(monkeypatch, variable, "user/photos", revision)
    ensemble = Ensemble.load()
    assert names(ensemble) == ["small", "photos"]
    assert "The models of user/photos could not be used" in ensemble.notice
    assert why in ensemble.notice


def test_a_notice_is_given_though_nothing_was_shipped_for_photographs(hub, weights, monkeypatch):
    (weights / "photos" / "manifest.json").unlink()
    configure(monkeypatch, "PHOTOS", "user/photos", "0" * 40)
    ensemble = Ensemble.load()
    assert names(ensemble) == ["small"] and "user/photos could not be used" in ensemble.notice


@pytest.mark.parametrize("variable, other", [("PACK", "photos"), ("PHOTOS", "small")])
def test_a_pack_on_the_hub_that_is_called_as_the_other_one_is_replaced(hub, weights, monkeypatch,
                                                                      variable, other):
    commit = hub.put_folder(f"models/user/{other}", weights / other)
    configure(monkeypatch, variable, f"user/{other}", commit)
    ensemble = Ensemble.load()
    assert names(ensemble) == ["small", "photos"]
    assert f"user/{other} could not be used" in ensemble.notice
    assert f"called {other}, as the other ones are" in ensemble.notice


def test_both_can_fail_and_both_are_told(hub, weights, monkeypatch):
    configure(monkeypatch, "PACK", "user/a", "main")
    configure(monkeypatch, "PHOTOS", "user/b", "main")
    notice = Ensemble.load().notice
    assert "user/a could not be used" in notice and "user/b could not be used" in notice


def test_a_pack_on_the_hub_that_cannot_judge_is_replaced(hub, weights, monkeypatch, tmp_path):
    folder = build_tiny_pack(tmp_path / "bad", name="bad", domain=PHOTOS)
    write_manifest(folder, {**read_manifest(folder), "input_size": 64})
    configure(monkeypatch, "PHOTOS", "user/bad", hub.put_folder("models/user/bad", folder))
    ensemble = Ensemble.load()
    assert names(ensemble) == ["small", "photos"]
    assert "can't judge an image of 64 × 64" in ensemble.notice

"""The pack for photographs, from a table of pictures to a verdict, its card and the Hub."""

import json
import re
import shutil

import numpy as np
import pytest

from ensemble import Ensemble, PackModels, open_picture
from ensemble.pack import PackError
from tests import made
from tests.tiny import build_tiny_pack
from tests.training import reports
from tests.two_packs import row as measured_row
from training.__main__ import main
from training.images.data import fingerprint
from training.photos import originals
from training.photos.baselines import BASELINES
from training.photos.members import MEMBERS
from training.photos.pack import make
from training.report import card, figures, photo_card
from training.report import readme as results


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    listed = made.write_originals(tmp_path_factory.mktemp("photos") / "files")
    return originals.read(listed.parent, listed)


@pytest.fixture(scope="module")
def pack(given, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pack") / "photos"
    make(MEMBERS, given, folder, folder.parent / "values", size=64, grid=2, seed=3)
    return folder


def read(pack):
    return (json.loads((pack / name).read_text()) for name in ("manifest.json",
                                                               "reports/photos.json"))


def test_the_manifest_says_what_it_was_made_of(pack, given):
    manifest, measured = read(pack)
    assert (manifest["name"], manifest["input_size"], manifest["resize"]) == ("photos", 64,
                                                                             "lanczos")
    assert manifest["domain"] == {"min_side": 65} and manifest["grid"] == measured["grid"] == 2
    assert [member["name"] for member in manifest["members"]] == ["svm", "cnn", "resnet"]
    facts = manifest["training"]
    assert (facts["images"], facts["real_images"], facts["seed"]) == (52, 24, 3)
    assert facts["sources"] == len(set(given.sources)) == len(measured["sources"])
    assert facts["fingerprint"] == fingerprint(given)
    assert (measured["pack"], measured["version"]) == ("photos", manifest["version"])
    assert measured["recipe"] == {name: member.description for name, member in MEMBERS.items()}


def test_it_judges_large_pictures_and_leaves_small_ones_to_the_other(pack, given, tmp_path):
    own = PackModels.load(pack)
    ensemble = Ensemble([PackModels.load(build_tiny_pack(tmp_path / "small")), own])
    large = ensemble.judge(made.image(0, 5, 90))
    assert (large.pack, len(large.votes)) == ("photos", 3) and set(large.maps) == {"cnn", "resnet"}
    assert ensemble.judge(made.image(0, 5, 64)).pack == "tiny"
    assert own.pack.knows(open_picture(given.paths[0]).digest)
    assert not own.pack.knows(bytes(8))


def test_two_packs_of_one_name_are_refused(pack):
    with pytest.raises(PackError, match="photos, photos"):
        Ensemble([PackModels.load(pack), PackModels.load(pack)])


def test_the_calibration_is_of_what_was_held_out(pack, given):
    """Fitted on answers to pictures that were trained on, it would be far surer than this."""
    manifest, measured = read(pack)
    scales = manifest["calibration"]["scales"]
    parts = [fold["calibration"]["scales"] for fold in measured["folds"]]
    # With all folds it lies near those that lack one.
    assert (scales > 0.8 * np.min(parts, axis=0)).all()
    assert (scales < 1.2 * np.max(parts, axis=0)).all()


def test_simpler_recipes_are_measured_beside_it(pack):
    _, measured = read(pack)
    assert set(measured["baselines"]) == set(BASELINES)
    for ranked in (*measured["baselines"].values(), measured["ranking"]):
        assert 0.5 < ranked["roc_auc"] <= 1 and set(ranked["caught"]) == {"1%", "5%"}


def test_many_photographs_are_judged_as_one_by_one(pack, tmp_path):
    ensemble = Ensemble([PackModels.load(build_tiny_pack(tmp_path / "small")),
                         PackModels.load(pack)])
    pictures = [made.image(label, 7, side) for label in (0, 1) for side in (40, 80, 300)]
    together = list(ensemble.judge_many(pictures))
    for picture, verdict in zip(pictures, together, strict=True):
        alone = ensemble.judge(picture)
        assert (verdict.pack, verdict.label) == (alone.pack, alone.label)
        assert verdict.p_ai == pytest.approx(alone.p_ai, abs=1e-6)
    assert [verdict.pack for verdict in together] == ["tiny", "photos", "photos"] * 2


def test_readme_and_card_hold_the_measured_numbers(pack, tmp_path):
    manifest, measured = read(pack)
    readme = pack.parent / "README.md"
    readme.write_text(f"a\n{results.BEGIN}\n{results.END}\nb\n{results.PHOTOS_BEGIN}\nreplaced\n"
                      f"{results.PHOTOS_END}\nc\n")
    assert main(["report", "--pack", str(pack), "--readme", str(readme)]) == 0
    text = readme.read_text()
    assert text.startswith(f"a\n{results.BEGIN}\n{results.END}\nb\n") and "replaced" not in text
    written = (pack / "README.md").read_text()
    assert f"ROC-AUC {measured['mean']['roc_auc']:.3f}" in written
    promised = json.loads((pack / "reports" / "promises.json").read_text())
    assert f"Of {promised['n']:,} pictures from {promised['collections']} collections" in text
    # Held out alike, so that both reports tell of the same pictures.
    assert (promised["n"], promised["real"]) == (measured["n"], manifest["training"]["real_images"])
    links = re.findall(r'(?:src|srcset)="(.*?)"', written)
    assert len(links) == 2 and all((pack / link).is_file() for link in links)
    places = [written.index(f"## {title}") for title in ("Weak spots", "Photographs", "Members")]
    assert places == sorted(places)
    for name, row in {**measured["generators"], **measured["sources"]}.items():
        if name in measured["generators"] or row["real"]:
            assert re.search(rf"^\| {re.escape(name)} \|", written, re.MULTILINE), name
    assert "PHOTOS_REPO=USER/NAME" in written and "CIFAKE" not in written
    assert figures.drawn(pack / "reports" / "figures") == ["photos"]
    before = readme.read_text()
    results.write(pack, readme)
    assert readme.read_text() == before


def test_readme_says_how_seldom_the_models_can_tell_and_what_marks_are_worth(pack, tmp_path):
    folder = tmp_path / "pack"
    shutil.copytree(pack, folder)
    never = {"coverage": 0.0, "right": None, "accused": 0.0, "caught": 0.0}
    reports.write(folder, "promises", {
        "n": 1234, "groups": 9, "collections": 21, "roc_auc": 0.7, "label_against_number": 0.01,
        "steps": {"confident": never, "likely": {
            "coverage": 0.125, "right": 0.8765, "accused": 0.0123, "caught": 0.0456}}})
    row = {"pictures": 30, "above_bound": 28, "lowest": 1.5, "middle": 9.0, "highest": 70.0}
    reports.write(folder, "marks", {
        "bound": 7.0, "marked": {"painted": row, "drawn": {**row, "above_bound": 30}},
        "unmarked": {"pictures": 2345, "squares": 0, "sparkle": 0, "watermark": {
            "pictures": 2222, "above_bound": 0, "largest": {"FLUX": 3.25}}}})
    readme = tmp_path / "README.md"
    readme.write_text(f"{results.PHOTOS_BEGIN}\n{results.PHOTOS_END}\n")
    assert main(["report", "--pack", str(folder), "--readme", str(readme)]) == 0
    text = readme.read_text()
    assert ("1,234 pictures from 21 collections that they were not trained on, the models can't "
            "tell 87.5%; 12.5% of the verdicts are `likely`, 87.6% of these right") in text
    assert "`confident`" not in text
    assert "accuse 1.23% of the real pictures, and catch 4.6% of the AI-generated ones" in text
    assert "read in 58 of 60 pictures" in text and "(96.7%)" in text
    assert "in 0 of 2,222 unmarked ones" in text and f"]({folder.name}/README.md)" in text
    card_text = (folder / "README.md").read_text()
    assert "| painted | 30 | 28 | 1.5 | 9.0 | 70.0 |" in card_text and "FLUX 3.25" in card_text
    never_sure = photo_card.in_short({"n": 5, "collections": 2, "steps": {"likely": never}})
    assert "can't tell 100.0%; no verdict is any surer" in never_sure


def test_the_worst_comes_first():
    made_by = {name: measured_row(real=0, ai=count, ai_caught=caught, real_called_ai=None)
               for name, count, caught in (("easy", 99, 0.9), ("shy", 50, 0.1), ("rare", 3, 0.0))}
    taken = {name: measured_row(real_called_ai=share)
             for name, share in (("zoo", 0.1), ("paintings", 0.6))}
    ranking = {"roc_auc": 0.81, "caught": {"1%": 0.22, "5%": 0.45}}
    never = {"coverage": 0.0, "accuracy": None, "real_called_ai": 0.0, "ai_caught": 0.0}
    report = {"n": 232, "folds": [], "generators": made_by, "sources": taken,
              "baselines": {"simpler": ranking}, "ranking": ranking, "pairs_mean": 0.7,
              "pairs": {"near": {**ranking, "roc_auc": 0.9}, "far": {**ranking, "roc_auc": 0.5}},
              "mean": measured_row(real_called_ai=0.3, ai_caught=0.4, likely=never)}
    spots = photo_card.weak_spots(report)
    assert "shy (10% caught), easy (90% caught)" in spots and "rare" not in spots
    assert "`paintings` (60%), `zoo` (10%)" in spots
    assert "3.4% (JPEG 80), 4.6% (half size), 5.7% (screenshot)" in spots
    assert "no verdict is `likely` or surer" in photo_card.summary(report)
    tables = photo_card.results(report)
    assert tables.index("| rare |") < tables.index("| shy |") < tables.index("| easy |")
    assert tables.index("| paintings |") < tables.index("| zoo |")
    assert tables.index("| `far` |") < tables.index("| `near` |")
    assert "| simpler | 0.810 | 22.0% | 45.0% |" in tables


def test_each_kind_of_pack_has_its_own_setting(pack, tmp_path):
    manifest, _ = read(pack)
    assert card.setting(manifest) == "PHOTOS"
    tiny = json.loads((build_tiny_pack(tmp_path / "tiny") / "manifest.json").read_text())
    assert card.setting(tiny) == "PACK"

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
from training.__main__ import main
from training.images.data import fingerprint
from training.photos import collections as photos
from training.photos.members import MEMBERS
from training.photos.pack import make
from training.report import card, figures, photo_card
from training.report import readme as results


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return made.write_photos(tmp_path_factory.mktemp("photos") / "a.parquet")


@pytest.fixture(scope="module")
def pack(table):
    folder = table.parent / "photos"
    make(MEMBERS, table, folder, size=64, seed=3)
    return folder


def read(pack):
    return (json.loads((pack / name).read_text()) for name in ("manifest.json",
                                                               "reports/photos.json"))


def test_the_manifest_says_what_it_was_made_of(pack, table):
    manifest, measured = read(pack)
    given = photos.load(table)
    assert (manifest["name"], manifest["input_size"], manifest["resize"]) == ("photos", 64,
                                                                             "lanczos")
    assert manifest["domain"] == {"min_side": 65}
    assert [member["name"] for member in manifest["members"]] == ["svm", "cnn", "resnet"]
    facts = manifest["training"]
    assert (facts["images"], facts["real_images"], facts["seed"]) == (52, 24, 3)
    assert facts["sources"] == len(set(given.sources)) == len(measured["sources"])
    assert facts["fingerprint"] == fingerprint(given)
    assert (measured["pack"], measured["version"]) == ("photos", manifest["version"])
    assert measured["recipe"] == {name: member.description for name, member in MEMBERS.items()}


def test_it_judges_large_pictures_and_leaves_small_ones_to_the_other(pack, table, tmp_path):
    own = PackModels.load(pack)
    ensemble = Ensemble([PackModels.load(build_tiny_pack(tmp_path / "small")), own])
    large = ensemble.judge(made.image(0, 5, 90))
    assert (large.pack, len(large.votes)) == ("photos", 3) and set(large.maps) == {"cnn", "resnet"}
    assert ensemble.judge(made.image(0, 5, 64)).pack == "tiny"
    assert own.pack.knows(open_picture(_first_file(table)).digest)
    assert not own.pack.knows(bytes(8))


def test_two_packs_of_one_name_are_refused(pack):
    with pytest.raises(PackError, match="photos, photos"):
        Ensemble([PackModels.load(pack), PackModels.load(pack)])


def test_the_calibration_is_of_what_was_held_out(pack, table):
    """Fitted on answers to pictures that were trained on, it would be far surer than this."""
    manifest, measured = read(pack)
    fitted = manifest["calibration"]
    weights = [fold["calibration"]["weights"] for fold in measured["folds"]]
    low, high = np.min(weights, axis=0), np.max(weights, axis=0)
    # With all folds it lies near those that lack one.
    assert (fitted["weights"] > low - 0.5 * (high - low) - 0.05).all()
    assert (fitted["weights"] < high + 0.5 * (high - low) + 0.05).all()


def test_readme_and_card_hold_the_measured_numbers(pack, tmp_path):
    manifest, measured = read(pack)
    readme = pack.parent / "README.md"
    readme.write_text(f"a\n{results.BEGIN}\n{results.END}\nb\n{results.PHOTOS_BEGIN}\nreplaced\n"
                      f"{results.PHOTOS_END}\nc\n")
    assert main(["report", "--pack", str(pack), "--readme", str(readme)]) == 0
    text = readme.read_text()
    assert text.startswith(f"a\n{results.BEGIN}\n{results.END}\nb\n") and "replaced" not in text
    written = (pack / "README.md").read_text()
    for words in (text, written):
        assert f"ROC-AUC {measured['mean']['roc_auc']:.3f}" in words
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
            "tell 87.5%; 12.5% of the verdicts are `likely`, of which 87.6% are right") in text
    assert "`confident`" not in text
    assert "accuse 1.23% of the real pictures, and catch 4.6% of the AI-generated ones" in text
    assert "read in 58 of 60 pictures" in text and "(96.7%)" in text
    assert "in 0 of 2,222 unmarked ones" in text and f"]({folder.name}/README.md)" in text
    card_text = (folder / "README.md").read_text()
    assert "| painted | 30 | 28 | 1.5 | 9.0 | 70.0 |" in card_text and "FLUX 3.25" in card_text
    never_sure = photo_card.in_short({"n": 5, "collections": 2, "steps": {"likely": never}})
    assert "can't tell 100.0%; no verdict is any surer" in never_sure


def test_the_worst_comes_first():
    row = {"roc_auc": 0.7, "flips": {copy: {"all": 0.1, "confident": 0.0}
                                     for copy in ("resaved", "halved")},
           "confident": {"coverage": 0.2, "accuracy": None, "real_called_ai": 0.01,
                         "ai_caught": 0.1}}
    made_by = {name: {**row, "real": 0, "ai": count, "ai_caught": caught, "real_called_ai": None}
               for name, count, caught in (("easy", 99, 0.9), ("shy", 50, 0.1), ("rare", 3, 0.0))}
    taken = {name: {**row, "real": 40, "ai": 0, "ai_caught": None, "real_called_ai": share}
             for name, share in (("zoo", 0.1), ("paintings", 0.6))}
    report = {"n": 232, "folds": [], "generators": made_by, "sources": taken,
             "mean": {**row, "real_called_ai": 0.3, "ai_caught": 0.4}}
    spots = photo_card.weak_spots(report)
    assert "shy (10% caught), easy (90% caught)" in spots and "rare" not in spots
    assert "`paintings` (60%), `zoo` (10%)" in spots
    assert "no verdict is `confident`" in photo_card.summary(report)
    tables = photo_card.results(report)
    assert tables.index("| rare |") < tables.index("| shy |") < tables.index("| easy |")
    assert tables.index("| paintings |") < tables.index("| zoo |")


def test_each_kind_of_pack_has_its_own_setting(pack, tmp_path):
    manifest, _ = read(pack)
    assert card.setting(manifest) == "PHOTOS"
    tiny = json.loads((build_tiny_pack(tmp_path / "tiny") / "manifest.json").read_text())
    assert card.setting(tiny) == "PACK"


def _first_file(table):
    import pyarrow.parquet as parquet

    return parquet.read_table(table)["image"][0]["bytes"].as_py()

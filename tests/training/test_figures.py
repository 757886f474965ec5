"""The figures: two valid versions of each, with the reports' numbers in them."""

import copy
import xml.etree.ElementTree as xml

import pytest

from tests.tiny import read_manifest
from tests.training import reports as measured
from training.report import drawing, figures

SVG = "{http://www.w3.org/2000/svg}"
PAGE = {"light": "#fffdf9", "dark": "#1f1d1a"}


@pytest.fixture(scope="module")
def given(measured_pack):
    """Manifest and reports of a measured pack."""
    return read_manifest(measured_pack), measured.read(measured_pack)


@pytest.fixture(scope="module")
def drawn(given, tmp_path_factory):
    folder = tmp_path_factory.mktemp("figures") / "new" / "folder"
    assert drawing.draw(*given, folder) == list(figures.NAMES)
    return folder


def words(folder, name, theme="light"):
    """All texts of a figure."""
    root = xml.parse(folder / f"{name}-{theme}.svg").getroot()
    return [text for node in root.iter(f"{SVG}text") for text in node.itertext() if text.strip()]


@pytest.mark.parametrize("name", figures.NAMES)
def test_both_versions_are_small_svg_with_the_same_words(drawn, name):
    for theme, page in PAGE.items():
        path = drawn / f"{name}-{theme}.svg"
        root = xml.parse(path).getroot()
        assert root.tag == f"{SVG}svg" and path.stat().st_size < 60_000
        assert root.find(f"{SVG}title").text == figures.TITLES[name]
        assert f"fill: {page}" in path.read_text()
    assert words(drawn, name, "light") == words(drawn, name, "dark")
    assert figures.drawn(drawn) == list(figures.NAMES)


def test_every_number_of_the_reports_is_in_its_figure(given, drawn):
    manifest, reports = given
    evaluation, robust = reports["evaluate"], reports["robustness"]
    confusion, robustness = words(drawn, "confusion"), words(drawn, "robustness")
    for name, score in {**evaluation["members"], "majority": evaluation["ensemble"]}.items():
        assert f"{name}: {score['accuracy']:.2%}" in confusion
        assert all(f"{count:,}" in confusion for row in score["confusion_matrix"] for count in row)
    for name, score in {**evaluation["members"], "calibrated": evaluation["calibrated"]}.items():
        assert f"{name}, {score['roc_auc']:.4f}" in words(drawn, "roc")
        assert f"{name}, {score['ece']:.2%}" in words(drawn, "reliability")
    sure = " ".join(words(drawn, "risk"))
    assert f"{evaluation['confident']['coverage']:.1%} of the verdicts" in sure
    assert f"{manifest['bounds']['Real']['confident']['from']:.4f}" in sure
    for name, row in {"clean": robust["clean"], **robust["corruptions"]}.items():
        assert name + " *" * (name in robust["strongest"]) in robustness
        assert f"{row['ensemble']['accuracy']:.1%}" in robustness
    generators = words(drawn, "generators")
    assert {"dcgan, none added", "dcgan, 4,321 added", "0.2%", "94.3%", "0.972"} <= set(generators)
    training = words(drawn, "training")
    assert {"cnn", "resnet", "90.00%", "95.00%", "epoch"} <= set(training)
    assert "svm" not in training and any("corrupted" in text for text in training)


def test_the_worst_slice_is_bold(given, drawn):
    texts = xml.parse(drawn / "robustness-light.svg").getroot().iter(f"{SVG}text")
    bold = [text.text for text in texts if "font-weight" in text.get("style")]
    assert bold == [given[1]["robustness"]["worst"]["corruption"]]


def test_without_its_report_a_figure_goes(given, tmp_path):
    """An older pack has confusion matrices only; what nobody drew here stays."""
    manifest, reports = given
    for name in ("training", "roc", "generators", "robustness"):
        (tmp_path / f"{name}-dark.svg").write_text("stale")
    (tmp_path / "other.svg").write_text("")
    old = {key: value for key, value in reports["evaluate"].items() if key != "curves"}
    assert drawing.draw(manifest, {"evaluate": old}, tmp_path) == ["confusion"]
    assert {path.name for path in tmp_path.iterdir()} == {
        "confusion-light.svg", "confusion-dark.svg", "other.svg"}
    assert figures.drawn(tmp_path) == ["confusion"]
    assert drawing.draw(manifest, {}, tmp_path) == []


def test_never_confident_is_no_point_on_the_curve(given, tmp_path):
    manifest, reports = given
    evaluation = copy.deepcopy(reports["evaluate"])
    evaluation["confident"] = {"coverage": 0.0, "accuracy": None}
    drawing.save("risk", "light", manifest, {"evaluate": evaluation}, tmp_path / "risk-light.svg")
    texts = words(tmp_path, "risk")
    assert texts and not any("confident" in text for text in texts)


def test_one_pack_needs_no_word_on_what_was_added(given, tmp_path):
    manifest, reports = given
    only = {**reports["generators"], "packs": reports["generators"]["packs"][:1]}
    drawing.save("generators", "light", manifest, {"generators": only},
                 tmp_path / "generators-light.svg")
    texts = words(tmp_path, "generators")
    assert "dcgan" in texts and not any("added" in text for text in texts)


def test_captions_say_what_is_read_from_the_reports(given):
    captions = figures.captions(*given)
    assert list(captions) == list(figures.NAMES)
    assert "training accuracy can't be compared" in captions["training"]
    assert "40 test images" in captions["confusion"] and "15 bins" in captions["reliability"]
    assert "0.8000" in captions["risk"] and "0.5" in captions["robustness"]
    assert "1,000 real" in captions["generators"]
    markdown = figures.embed("roc", captions["roc"], "some/where")
    assert 'media="(prefers-color-scheme: dark)" srcset="some/where/roc-dark.svg"' in markdown
    assert 'src="some/where/roc-light.svg"' in markdown and markdown.endswith(captions["roc"])

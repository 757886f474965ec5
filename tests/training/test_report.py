"""Reports become README's tables and the model card; the filter is chosen by measurement."""

import json
import re
import shutil

import numpy as np
import pyarrow
import pyarrow.parquet as parquet
import pytest

from tests import made
from tests.tiny import build_tiny_pack, read_manifest
from tests.training import reports as measured_reports
from training.__main__ import main
from training.images.data import FAKE, REAL
from training.measure import resize
from training.report import card, figures, readme, slices


@pytest.fixture
def tiny(tmp_path):
    folder = build_tiny_pack(tmp_path / "tiny")
    table = made.write_parquet(tmp_path / "test.parquet", made.files(20))
    main(["evaluate", "--pack", str(folder), "--data", str(table),
          "--out", str(folder / "reports" / "evaluate.json")])
    return folder


@pytest.fixture(scope="module")
def reported(tmp_path_factory):
    """A pack with all reports, the README beside it, and what `report` has written."""
    folder = measured_reports.build_measured_pack(tmp_path_factory.mktemp("reported") / "tiny")
    measured_reports.write(folder, "resize", {
        "pictures": {"real": 4, "sd1": 4, "newer": 4}, "chosen": "box", "filters": {
            "box": {"real_called_ai": 0.0123, "sd1_caught": 0.77, "newer_caught": 0.0456,
                    "roc_auc_sd1": 0.8, "roc_auc_newer": 0.6}}})
    page = folder.parent / "README.md"
    page.write_text(f"before\n{readme.BEGIN}\n{readme.END}\nafter\n")
    assert main(["report", "--pack", str(folder), "--readme", str(page)]) == 0
    return folder


@pytest.fixture
def photos(tmp_path):
    """Twelve pictures of other sizes: real ones, SD 1.x and newer."""
    rows = [(made.jpeg(made.image(label, i, 90)), label, generator)
            for label, generator in ((REAL, ""), (FAKE, "SD 1.x"), (FAKE, "GPT-4o"))
            for i in range(4)]
    path = tmp_path / "photos.parquet"
    images, labels, generators = zip(*rows)
    table = {"image": [{"bytes": data, "path": ""} for data in images], "label": labels,
             "generator": generators}
    parquet.write_table(pyarrow.table(table), path)
    return path


def test_tables_hold_the_measured_numbers(tiny, tmp_path):
    page = tmp_path / "README.md"
    page.write_text(f"before\n{readme.BEGIN}\nreplaced\n{readme.END}\nafter\n")
    assert main(["report", "--pack", str(tiny), "--readme", str(page)]) == 0
    text = page.read_text()
    measured = json.loads((tiny / "reports" / "evaluate.json").read_text())
    for row in (*measured["members"].values(), measured["ensemble"], measured["calibrated"]):
        assert f"**{row['accuracy']:.2%}**" in text and f"{row['roc_auc']:.4f}" in text
    assert text.startswith("before\n") and text.endswith("\nafter\n")
    assert "replaced" not in text
    assert "97.62%" in text  # the published ones stand beside
    assert f"{measured['ensemble']['accuracy']:.4f}" in (tiny / "README.md").read_text()


def test_readme_has_intervals_corruptions_generators_and_figures(reported):
    text = (reported.parent / "README.md").read_text()
    reports = measured_reports.read(reported)
    evaluation, robust = reports["evaluate"], reports["robustness"]
    low, high = evaluation["ensemble"]["accuracy_interval"]
    assert f"({100 * low:.2f}–{100 * high:.2f})" in text and "bootstrap" in text
    clean = evaluation["deduplicated"]["calibrated"]
    assert f"| {clean['roc_auc']:.4f} | {evaluation['calibrated']['ece']:.2%} |" in text
    worst = robust["worst"]
    assert f"the worst is {worst['corruption']}" in text and f"{worst['accuracy']:.2%}" in text
    rows = re.findall(r"^\| (\S.*?) \|", text, re.MULTILINE)
    named = [row for row in rows if row in robust["corruptions"]]
    assert named == sorted(robust["corruptions"], key=lambda name: robust["corruptions"][name][
        "ensemble"]["accuracy"])[:readme.WORST]
    assert "| dcgan (500) | none | 0.2%, 0.501 |" in text and "4.75% (4,321 added)" in text
    links = re.findall(r'(?:src|srcset)="(.*?)"|\]\((.*?)\)', text)
    assert len(links) == 2 * len(figures.NAMES) + 1
    assert all((reported.parent / "".join(link)).is_file() for link in links)


def test_readme_has_the_networks_on_small_machines(reported):
    text = (reported.parent / "README.md").read_text()
    assert "the same 1,000 test images" in text and "for 10,000 images" in text
    assert "| cnn | ONNX Runtime | 1.63 MB | 91.25% |  |  | 6.2 s | 11.8 s |" in text
    assert "| resnet | LiteRT int8 | 0.44 MB | 91.25% | 0.002 | 99.15% |" in text
    manifest, reports = read_manifest(reported), measured_reports.read(reported)
    other = readme.results({**manifest, "version": "9.9.9"}, reports, "weights")
    assert "LiteRT" not in other


def test_the_card_has_every_slice_and_links_that_hold(reported):
    text = (reported / "README.md").read_text()
    reports = measured_reports.read(reported)
    for name, row in reports["robustness"]["corruptions"].items():
        assert re.search(rf"^\| {re.escape(name)} \|.* {row['calibrated']['ece']:.1%} ", text,
                         re.MULTILINE)
    links = re.findall(r'(?:src|srcset)="(.*?)"', text)
    assert len(links) == 2 * len(figures.NAMES)
    assert all((reported / link).is_file() for link in links)
    ece = reports["evaluate"]["deduplicated"]["calibrated"]["ece"]
    assert f"byte-identical to a training image: ECE {ece:.2%}" in text


def test_weak_spots_are_named_worst_first(reported):
    """Of the generators, as this pack does on them and not the one that was shown fakes."""
    manifest, reports = read_manifest(reported), measured_reports.read(reported)
    worst_first = slices.worst_first(manifest, reports)
    assert [part.right for part in worst_first] == sorted(part.right for part in worst_first)
    assert worst_first[0] == ("fakes of dcgan", 0.0021, {"coverage": 0.5, "accuracy": None})
    assert worst_first[1] == ("pictures of newer generators, reduced", 0.0456, None)
    assert ("photographs, reduced", 1 - 0.0123, None) in worst_first
    assert len(worst_first) == len(reports["robustness"]["corruptions"]) + 1 + 3
    spots = (reported / "README.md").read_text().split("## Weak spots")[1].split("## ")[0]
    assert re.findall(r"^\| (\S.*?) \| \d", spots, re.MULTILINE) == [
        part.condition for part in worst_first[:card.CONDITIONS]]
    assert "| fakes of dcgan | 0.2% | 50.0% | – |" in spots
    other = {**manifest, "version": "9.9.9"}
    assert not any("dcgan" in part.condition for part in slices.worst_first(other, reports))


def test_again_changes_nothing(reported):
    files = {path: path.read_bytes() for path in reported.parent.rglob("*") if path.is_file()}
    readme.write(reported, reported.parent / "README.md")
    assert files == {path: path.read_bytes() for path in reported.parent.rglob("*")
                     if path.is_file()}


def test_a_lost_report_goes_everywhere(reported, tmp_path):
    pack, page = tmp_path / "tiny", tmp_path / "README.md"
    shutil.copytree(reported, pack)
    page.write_text((reported.parent / "README.md").read_text())
    for name in ("robustness", "training"):
        (pack / "reports" / f"{name}.json").unlink()
    readme.write(pack, page)
    for text in (page.read_text(), (pack / "README.md").read_text()):
        assert "JPEG q10" not in text and "robustness-light.svg" not in text and "dcgan" in text
    assert not (pack / "reports" / "figures" / "robustness-dark.svg").exists()


def test_a_card_links_only_figures_that_lie_there(reported):
    manifest, reports = read_manifest(reported), measured_reports.read(reported)
    assert "<picture>" not in card.card(manifest, reports)
    assert card.card(manifest, reports, ["roc"]).count("<picture>") == 1


def test_what_is_missing_is_said(tiny, tmp_path, capsys):
    page = tmp_path / "README.md"
    page.write_text("no marks")
    assert main(["report", "--pack", str(tiny), "--readme", str(page)]) == 2
    assert "results: begin" in capsys.readouterr().err
    (tiny / "reports" / "evaluate.json").unlink()
    assert main(["report", "--pack", str(tiny), "--readme", str(page)]) == 2
    assert "training evaluate" in capsys.readouterr().err


def test_the_filter_is_measured_and_written(tiny, photos):
    assert main(["resize", "--pack", str(tiny), "--photos", str(photos)]) == 0
    measured = json.loads((tiny / "reports" / "resize.json").read_text())
    assert set(measured["filters"]) == {"nearest", "box", "bilinear", "hamming", "bicubic",
                                        "lanczos"}
    assert measured["pictures"] == {"real": 4, "sd1": 4, "newer": 4}
    rows = measured["filters"]
    best = max(row["roc_auc_sd1"] for row in rows.values())
    chosen = rows[measured["chosen"]]
    assert chosen["roc_auc_sd1"] >= best - resize.TOLERANCE
    assert chosen["real_called_ai"] == min(
        row["real_called_ai"] for row in rows.values()
        if row["roc_auc_sd1"] >= best - resize.TOLERANCE)
    assert read_manifest(tiny)["resize"] == measured["chosen"]
    assert all(np.isfinite(list(row.values())).all() for row in rows.values())

"""Reports become README's table and the model card; the filter is chosen by measurement."""

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
from training.report import card, comparisons, drawing, figures, readme, slices


@pytest.fixture
def tiny(tmp_path):
    folder = build_tiny_pack(tmp_path / "tiny")
    table = made.write_parquet(tmp_path / "test.parquet", made.files(20))
    main(["evaluate", "--pack", str(folder), "--data", str(table),
          "--out", str(folder / "reports" / "evaluate.json")])
    return folder


@pytest.fixture(scope="module")
def reported(measured_pack):
    """A pack with all reports, the README beside it, and what `report` has written."""
    folder = measured_pack
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
    """Twelve whole pictures of other sizes: real ones, SD 1.x and newer; no crop can be read."""
    rows = [(made.jpeg(made.image(label, i, 90)), label, generator)
            for label, generator in ((REAL, ""), (FAKE, "SD 1.x"), (FAKE, "GPT-4o"))
            for i in range(4)]
    path = tmp_path / "pictures.parquet"
    images, labels, generators = zip(*rows)
    table = {"whole": [{"bytes": data, "path": ""} for data in images], "label": labels,
             "image": [{"bytes": b"", "path": ""}] * len(rows), "generator": generators,
             "source": ["collection"] * len(rows)}
    parquet.write_table(pyarrow.table(table), path)
    return path


def test_readme_has_our_votes_and_the_nearest_published_systems(tiny, tmp_path):
    page = tmp_path / "README.md"
    page.write_text(f"before\n{readme.BEGIN}\nreplaced\n{readme.END}\nafter\n")
    assert main(["report", "--pack", str(tiny), "--readme", str(page)]) == 0
    text = page.read_text()
    measured = json.loads((tiny / "reports" / "evaluate.json").read_text())
    assert text.startswith("before\n") and text.endswith("\nafter\n")
    assert "replaced" not in text
    names = re.findall(r"^\| (\S.*?) \|", text, re.MULTILINE)[1:]
    assert len(names) == 1 + 5 and "arXiv 2303.14126" in names[-1]
    for row in (measured["ensemble"], measured["calibrated"]):
        assert f"**{row['accuracy']:.2%}**" in text
    published = json.loads(comparisons.PUBLISHED.read_text())
    distance = {other["who"]: abs(other["accuracy"] - measured["calibrated"]["accuracy"])
                for other in published if other["source"] != comparisons.PAPER}
    shown = [who for who in distance if any(name.startswith(who) for name in names)]
    assert sorted(shown) == sorted(sorted(distance, key=distance.get)[:2])
    assert f"{measured['ensemble']['accuracy']:.4f}" in (tiny / "README.md").read_text()


def test_the_card_has_all_published_systems_and_intervals(reported):
    short, text = (reported.parent / "README.md").read_text(), (reported / "README.md").read_text()
    evaluation = measured_reports.read(reported)["evaluate"]
    low, high = evaluation["ensemble"]["accuracy_interval"]
    for words in (short, text):
        assert f"({100 * low:.2f}–{100 * high:.2f})" in words and "bootstrap" in words
    part = text.split("## Beside published systems")[1].split("## ")[0]
    for row in (*evaluation["members"].values(), evaluation["ensemble"], evaluation["calibrated"]):
        assert f"**{row['accuracy']:.2%}**" in part and f"{row['roc_auc']:.4f}" in part
    for other in json.loads(comparisons.PUBLISHED.read_text()):
        assert f"| {other['who']} ({other['source']}) |" in part
    links = re.findall(r"\]\((.*?)\)", short)
    assert links and all((reported.parent / link).is_file() for link in links)


def test_the_card_has_filters_and_the_networks_on_small_machines(reported):
    text = (reported / "README.md").read_text()
    assert "4 real photographs, 4 pictures of Stable Diffusion 1.x and 4 of newer" in text
    assert "| box | 1.2% | 77.0% | 0.800 | 0.600 |" in text and "uses `box`" in text
    assert "the same 1,000 test images" in text and "for 10,000 images" in text
    assert "| cnn | ONNX Runtime | 1.63 MB | 91.25% |  |  | 6.2 s | 11.8 s |" in text
    assert "| resnet | LiteRT int8 | 0.44 MB | 91.25% | 0.002 | 99.15% |" in text
    manifest, reports = read_manifest(reported), measured_reports.read(reported)
    assert "LiteRT" not in card.card({**manifest, "version": "9.9.9"}, reports)


def test_the_card_has_every_slice_and_links_that_hold(reported):
    text = (reported / "README.md").read_text()
    reports = measured_reports.read(reported)
    for name, row in reports["robustness"]["corruptions"].items():
        assert re.search(rf"^\| {re.escape(name)} \|.* {row['calibrated']['ece']:.1%} ", text,
                         re.MULTILINE)
    links = re.findall(r'(?:src|srcset)="(.*?)"', text)
    assert len(links) == 2 * len(figures.NAMES)
    assert all((reported / link).is_file() for link in links)
    worst = reports["robustness"]["worst"]
    assert f"the worst is {worst['corruption']}" in text and f"{worst['accuracy']:.2%}" in text
    assert "| dcgan (500) | none | 0.2%, 0.501 |" in text and "4.75% (4,321 added)" in text
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


def test_a_lost_report_goes_everywhere(reported, tmp_path, monkeypatch):
    monkeypatch.setattr(drawing, "write", lambda *_: None)  # those that stay lie there already
    pack, page = tmp_path / "tiny", tmp_path / "README.md"
    shutil.copytree(reported, pack)
    page.write_text((reported.parent / "README.md").read_text())
    for name in ("robustness", "training"):
        (pack / "reports" / f"{name}.json").unlink()
    readme.write(pack, page)
    text = (pack / "README.md").read_text()
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


def test_filters_need_pictures_of_all_three_groups(tiny, photos, capsys):
    table = parquet.read_table(photos)
    parquet.write_table(table.slice(0, 8), photos)
    before = read_manifest(tiny)
    assert main(["resize", "--pack", str(tiny), "--photos", str(photos)]) == 2
    assert "no pictures for newer" in capsys.readouterr().err
    assert read_manifest(tiny) == before and not (tiny / "reports" / "resize.json").exists()

"""Reports become README's tables and the model card; the filter is chosen by measurement."""

import json

import numpy as np
import pyarrow
import pyarrow.parquet as parquet
import pytest

from tests import made
from tests.tiny import build_tiny_pack, read_manifest
from training import report, resize
from training.__main__ import main
from training.data import FAKE, REAL


@pytest.fixture
def tiny(tmp_path):
    folder = build_tiny_pack(tmp_path / "tiny")
    table = made.write_parquet(tmp_path / "test.parquet", made.files(20))
    main(["evaluate", "--pack", str(folder), "--data", str(table),
          "--out", str(folder / "reports" / "evaluate.json")])
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
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    assert main(["report", "--pack", str(tiny), "--readme", str(readme)]) == 0
    text = readme.read_text()
    measured = json.loads((tiny / "reports" / "evaluate.json").read_text())
    for row in (*measured["members"].values(), measured["ensemble"], measured["calibrated"]):
        assert f"**{row['accuracy']:.2%}**" in text and f"{row['roc_auc']:.4f}" in text
    assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    assert "97.62%" in text  # the published ones stand beside
    assert f"{measured['ensemble']['accuracy']:.4f}" in (tiny / "README.md").read_text()
    again = main(["report", "--pack", str(tiny), "--readme", str(readme)])
    assert again == 0 and readme.read_text() == text


def test_what_is_missing_is_said(tiny, tmp_path, capsys):
    readme = tmp_path / "README.md"
    readme.write_text("no marks")
    assert main(["report", "--pack", str(tiny), "--readme", str(readme)]) == 2
    assert "results: begin" in capsys.readouterr().err
    (tiny / "reports" / "evaluate.json").unlink()
    assert main(["report", "--pack", str(tiny), "--readme", str(readme)]) == 2
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

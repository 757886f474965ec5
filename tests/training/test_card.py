"""The model card: what it says of a pack, in a form that the Hub understands."""

import pytest
from huggingface_hub import ModelCard

from tests.tiny import bounds, read_manifest
from tests.training import reports
from training.report.card import card


@pytest.fixture
def written(folder):
    return card(read_manifest(folder), {"evaluate": reports.evaluation()})


def test_the_card_has_front_matter_that_the_hub_understands(written):
    data = ModelCard(written).data
    assert (data.license, data.library_name) == ("apache-2.0", "onnx")
    assert data.pipeline_tag == "image-classification"
    assert data.datasets and "cifake" in data.tags
    results = {r.metric_name: r.metric_value for r in data.eval_results}
    assert results["Accuracy (majority)"] == 0.9812
    assert results["Accuracy (majority, not in training)"] == 0.9787
    assert results["ROC-AUC (calibrated probability)"] == 0.94
    assert "ROC-AUC (majority)" not in results  # a vote of labels has none


def test_the_card_says_what_the_manifest_and_the_report_say(written, folder):
    manifest = read_manifest(folder)
    for text in ("All 20,000 images", "The 19,622 of them", "0.9051", "0.9812", "0.9787",
                 "0.9864", "0.0123", "`tiny` 1.0.0", "svm 0.500, cnn 0.600, resnet 0.700",
                 "bias 0.100", "0.8000", "above 64 pixels", "bilinear filter", "1,234",
                 "f00d5eed", "seed: 7", "c0ffee", manifest["members"][0]["sha256"][:12]):
        assert text in written
    assert "| **majority** | 0.9812 | 0.9100 | 0.9200 | 0.9300 | – | – | – |" in written


def test_the_card_follows_its_sources(folder):
    before = card(read_manifest(folder), {})
    manifest = read_manifest(folder)
    manifest["bounds"] = bounds(0.8765, 0.7)
    manifest["training"].pop("added_fakes")
    manifest["training"]["runs"] = {"cnn": {"epochs": 16, "seed": 3}}
    after = card(manifest, {})
    assert "0.8765" in after and "0.8765" not in before
    assert "- cnn: epochs 16, seed 3" in after
    assert "DCGAN" in before and "DCGAN" not in after


def test_a_pack_without_a_report_has_a_card_without_results(folder):
    written = card(read_manifest(folder), {})
    assert "without a report of its evaluation" in written
    assert ModelCard(written).data.eval_results is None

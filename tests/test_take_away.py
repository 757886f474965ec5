"""What a visitor takes away from the tab Judge: a result, a link, a report of a mistake."""

import json
from urllib.parse import parse_qs, urlsplit

import numpy as np
from PIL import Image

from ensemble import Ensemble
from page import panel
from page.address import mistake_address
from tests.judging import REAL, assert_shows, upload
from tests.screenshots import judge_example


def test_a_result_is_taken_away_as_json(visit, said):
    page = visit()
    upload(page, REAL[0])
    with page.expect_download() as download:
        page.get_by_role("link", name="Save as JSON").click()
    taken = json.loads(download.value.path().read_text("utf-8"))
    assert download.value.suggested_filename == "real-or-ai.json"
    assert taken.pop("file") == REAL[0].name
    assert taken.pop("version") == Ensemble.load().ensembles[0].manifest["version"]
    assert taken.pop("judged").endswith("+00:00") and taken.pop("file_says") == []
    assert taken == {key: value for key, value in said[0].items() if key != "file"}


def test_a_result_is_taken_away_as_one_page(visit):
    page = visit()
    drawn = []
    for index in (0, 4):
        judge_example(page, index=index)
        page.wait_for_selector(f".verdict[data-example={REAL[index].stem}]")
        with page.expect_download() as download:
            page.get_by_role("button", name="Save a report").click()
        image = Image.open(download.value.path())
        assert (image.format, image.size) == ("PNG", (1240, 1754))
        drawn.append(np.asarray(image.convert("RGB")))
        page.wait_for_selector("#verdict [role=status] >> text=The report has been saved")
    for page in drawn:
        rows = (page.min(axis=(1, 2)) < 128).nonzero()[0]
        assert rows.min() > 50 and 1500 < rows.max() < 1700  # from the title to the last line
        assert (page[:, 1160:] == 255).all()  # the margin
    different = (drawn[0] != drawn[1]).any(axis=(1, 2)).nonzero()[0]
    assert different.max() < 1500 < rows.max()


def test_an_examples_result_has_a_link(visit, said):
    page = visit()
    judge_example(page, index=2)
    assert parse_qs(urlsplit(page.url).query)["example"] == [REAL[2].stem]
    assert page.get_by_role("link", name="Link to this result").get_attribute("href") == (
        f"?example={REAL[2].stem}")
    again = visit(example=REAL[2].stem)
    again.wait_for_selector(".verdict[data-result]")
    assert_shows(again, said[2])
    upload(again, REAL[1])
    again.wait_for_selector(".verdict:not([data-example])")
    assert "example" not in parse_qs(urlsplit(again.url).query)


def test_a_link_to_no_example_waits_for_an_image(visit):
    page = visit(example="../app.py")
    judge_example(page)  # and works on


def test_a_mistake_is_reported_with_scores_and_without_the_image(ensemble, tmp_path, monkeypatch):
    taken = panel.record(ensemble, ensemble.judge(REAL[0]), "my holiday.jpg", [])
    for name in ("ISSUES_REPO", "SPACE_ID"):
        monkeypatch.delenv(name, raising=False)
    assert mistake_address(taken) is None and "Report a mistake" not in panel.take_away(taken)
    monkeypatch.setenv("SPACE_ID", "user/space")
    assert mistake_address(taken).startswith("https://huggingface.co/spaces/user/space/discuss")
    monkeypatch.setenv("ISSUES_REPO", "user/name")
    assert "Report a mistake" in panel.take_away(taken)
    address = urlsplit(mistake_address(taken))
    assert (address.netloc, address.path) == ("github.com", "/user/name/issues/new")
    filled = parse_qs(address.query)
    assert taken["label"] in filled["title"][0]
    assert "tiny 1.0.0" in filled["body"][0] and str(taken["p_ai"]) in filled["body"][0]
    assert all(f"{v['member']}: {v['p_ai']}" in filled["body"][0] for v in taken["votes"])
    assert "holiday" not in address.query

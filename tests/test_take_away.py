"""What a visitor takes away from the tab Judge: a result, a page of paper, a link, a report."""

import hashlib
import json
from urllib.parse import parse_qs, urlsplit

from page import panel
from page.address import mistake_address
from tests.judging import REAL, answered, assert_shows, upload
from tests.screenshots import judge_example


def test_a_result_is_taken_away_as_json_and_on_paper(visit, cli_answers):
    page = visit()
    upload(page, REAL[0])
    with page.expect_download() as download:
        page.get_by_role("link", name="Save as JSON").click()
    taken = json.loads(download.value.path().read_text("utf-8"))
    assert download.value.suggested_filename == "real-or-ai.json"
    facts = {name: taken.pop(name) for name in ("file", "bytes", "sha256", "judged", "packs")}
    digest = hashlib.sha256(REAL[0].read_bytes()).hexdigest()
    assert (facts["file"], facts["bytes"], facts["sha256"]) == (
        REAL[0].name, REAL[0].stat().st_size, digest)
    assert facts["judged"].endswith("+00:00") and len(facts["packs"]) == 2
    assert taken == {key: value for key, value in cli_answers[0].items() if key != "file"}
    page.evaluate("window.print = () => { window.printed = true; }")
    page.get_by_role("button", name="Print or save as PDF").click()
    assert page.evaluate("window.printed")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    paper = page.locator("#paper")
    assert_shows(page, cli_answers[0])
    for fact in (REAL[0].name, digest, facts["judged"], *facts["packs"], "no proof"):
        assert fact in paper.inner_text()
    assert page.locator("#tabs").is_hidden() and paper.locator(".actions").is_hidden()
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert paper.count() == 0


def test_back_and_a_reload_find_the_answer_again(visit, cli_answers):
    page = visit()
    judge_example(page, index=2)
    page.wait_for_url(lambda url: "example=" in url)
    assert parse_qs(urlsplit(page.url).query)["example"] == [REAL[2].stem]
    assert page.get_by_role("link", name="Link to this result").get_attribute("href") == (
        f"?example={REAL[2].stem}")
    upload(page, REAL[1])
    page.wait_for_url(lambda url: "example=" not in url)
    page.wait_for_selector(f".on-paper >> text={REAL[1].name}", state="attached")
    page.reload()
    page.wait_for_selector(f".on-paper >> text={REAL[1].name}", state="attached")
    assert_shows(page, cli_answers[1])
    page.go_back()
    page.wait_for_selector(f".on-paper >> text={REAL[2].name}", state="attached")
    assert_shows(page, cli_answers[2])
    again = visit(example=REAL[2].stem)
    answered(again)
    assert_shows(again, cli_answers[2])


def test_a_link_to_no_example_waits_for_an_image(visit):
    page = visit(example="../app.py")
    judge_example(page)  # and works on


def test_a_mistake_is_reported_with_scores_and_without_the_image(ensemble, tmp_path, monkeypatch):
    file = panel.File.from_data("my holiday.jpg", REAL[0].read_bytes())
    picture = ensemble.open(REAL[0])
    taken = panel.record(ensemble, ensemble.judge(picture), file)

    def shown():
        return panel.result(ensemble, picture, file)

    for name in ("ISSUES_REPO", "SPACE_ID"):
        monkeypatch.delenv(name, raising=False)
    assert mistake_address(taken) is None and "Report a mistake" not in shown()
    monkeypatch.setenv("SPACE_ID", "user/space")
    assert mistake_address(taken).startswith("https://huggingface.co/spaces/user/space/discuss")
    monkeypatch.setenv("ISSUES_REPO", "user/name")
    assert "Report a mistake" in shown()
    address = urlsplit(mistake_address(taken))
    assert (address.netloc, address.path) == ("github.com", "/user/name/issues/new")
    filled = parse_qs(address.query)
    assert taken["answer"] in filled["title"][0]
    assert "tiny 1.0.0" in filled["body"][0] and str(taken["p_ai"]) in filled["body"][0]
    assert all(f"{v['member']}: {v['p_ai']}" in filled["body"][0] for v in taken["votes"])
    assert "holiday" not in address.query

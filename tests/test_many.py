"""Many images at once: rows, filters, order, downloads."""

import csv
import io
import json
import re

import gradio as gr
import pytest

from ensemble import Ensemble
from ensemble.images import FileTooLarge, NotAFile, UnsupportedFormat
from page import many
from page.words import LANGUAGES
from tests.servers import ROOT
from tests.visits import fits, violations, visit

PHOTOS = sorted((ROOT / "examples" / "real").glob("*.png"))[:3]


@pytest.fixture
def rows(ensemble, monkeypatch):
    """Two photographs and a file that is none, under a name that is a formula and HTML."""
    monkeypatch.setattr(many, "source", lambda file: file["path"])
    files = [{"path": str(path), "name": path.name} for path in PHOTOS[:2]]
    files.append({"path": str(ROOT / "README.md"), "name": "=<b>.png"})
    return [many.judged(ensemble, file) for file in files]


def test_a_bad_file_is_a_row_with_its_reason(ensemble, rows):
    good, _, bad = rows
    assert good.verdict == ensemble.judge(PHOTOS[0])
    assert good.thumbnail.startswith("data:image/png;base64,")
    assert bad.thumbnail is None and isinstance(bad.verdict, UnsupportedFormat)
    html = many.results(ensemble, rows, "en")
    assert "=&lt;b&gt;.png" in html and "<b>.png" not in html
    assert html.count(str(bad.verdict)) == 2  # under the picture and in the table
    assert html.count("<li ") == 3 and html.count('<tr data-') == 3


def test_the_downloads_hold_what_the_command_line_says(ensemble, rows):
    taken = json.loads(many.as_json(rows))
    assert [entry["file"] for entry in taken] == [row.name for row in rows]
    assert {key: taken[0][key] for key in taken[0] if key != "file"} == (
        ensemble.judge(PHOTOS[0]).as_dict())
    assert set(taken[2]) == {"file", "error", "message"}
    lines = list(csv.DictReader(io.StringIO(many.as_csv(ensemble, rows))))
    assert [line["file"] for line in lines] == [PHOTOS[0].name, PHOTOS[1].name, "'=<b>.png"]
    for line, row in zip(lines[:2], rows):
        said = row.verdict.as_dict()
        assert float(line["p_ai"]) == said["p_ai"] and line["label"] == said["label"]
        assert [float(line[vote["member"]]) for vote in said["votes"]] == [
            vote["p_ai"] for vote in said["votes"]]
        assert line["error"] == ""
    assert lines[2]["error"] == taken[2]["error"] and lines[2]["label"] == ""


@pytest.mark.parametrize("name", ["=1+1.png", "+a.png", "-a.png", "@a.png"])
def test_no_name_is_a_formula_of_a_spreadsheet(ensemble, rows, name):
    row = many.Row(name, rows[0].verdict)
    line = many.as_csv(ensemble, [row]).splitlines()[1]
    assert line.startswith(f"'{name},")


def test_more_than_the_limit_are_said_to_be_left_out():
    files, given = many.chosen({"files": [{"name": "a"}] * (many.LIMIT + 5), "given": 1000})
    assert (len(files), given) == (many.LIMIT, 1000)
    html = many.progress(3, many.LIMIT, 1000, "en")
    assert f'max="{many.LIMIT}"' in html and "1000" in html
    assert "only the first" not in many.progress(3, many.LIMIT, many.LIMIT, "en")
    assert "<progress" not in many.progress(0, 0, 0, "en")


@pytest.mark.parametrize("data", [None, [], {}, {"files": None}, {"files": ["a.png"]}])
def test_an_event_that_names_no_files_judges_none(data):
    assert many.chosen(data) == ([], 0)


@pytest.mark.parametrize("size, error", [(many.MAX_BYTES + 1, FileTooLarge), (5, NotAFile),
                                         (None, NotAFile), ("5", NotAFile)])
def test_a_file_that_was_not_uploaded_is_a_row(ensemble, size, error):
    row = many.judged(ensemble, {"name": "a.png", "size": size})
    assert row.name == "a.png" and isinstance(row.verdict, error)


def test_a_path_outside_the_uploads_is_refused(ensemble):
    with pytest.raises(gr.Error, match="uploaded"):
        many.judged(ensemble, {"name": "a.png", "path": str(PHOTOS[0])})


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_lists_the_same_verdicts(ensemble, rows, language):
    html = many.results(ensemble, rows, language)
    assert re.findall('data-kind="(.*?)"', html) == re.findall(
        'data-kind="(.*?)"', many.results(ensemble, rows, "en"))
    assert "{" not in re.sub('href="data:.*?"', "", html)


@pytest.mark.parametrize("size, theme", [("wide", "light"), ("narrow", "dark")])
def test_a_visitor_judges_a_folder_and_takes_the_list(browser, server, pictures, size, theme,
                                                      tmp_path):
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(many.MAX_BYTES + 1)
    paths = [*pictures, *PHOTOS, large]
    with visit(browser, server, "many", size, theme) as page:
        page.set_input_files("#many-files input[type=file]", paths)
        page.wait_for_selector(".results", timeout=60_000)
        items = page.locator(".thumbnails li")
        assert items.count() == len(paths)
        bad = sum("error" in answer for answer in pictures.values()) + 1
        page.get_by_label("not judged").check()
        assert items.locator("visible=true").count() == bad
        assert page.locator(".results [role=status]").inner_text() == (
            f"{bad} of {len(paths)} shown")
        page.get_by_label("all").check()
        page.get_by_label("Order").select_option("ai_first")
        numbers = [float(text[:-1]) for text in items.locator(".number").all_inner_texts()]
        assert numbers == sorted(numbers, reverse=True)
        page.get_by_label("Order").select_option("name")
        names = items.locator(".name").all_inner_texts()
        assert names == sorted(names)
        page.get_by_role("radio", name="table").check()
        assert page.locator(".results tbody tr").locator("visible=true").count() == len(paths)
        assert items.locator("visible=true").count() == 0
        assert fits(page) and violations(page) == []
        with page.expect_download() as got:
            page.get_by_role("link", name="Download JSON").click()
        got.value.save_as(tmp_path / "all.json")
        taken = {entry.pop("file"): entry
                 for entry in json.loads((tmp_path / "all.json").read_text("utf-8"))}
        assert {path.name: taken[path.name] for path in pictures} == {
            path.name: answer for path, answer in pictures.items()}
        assert taken["large.png"]["error"] == "FileTooLarge"
        with page.expect_download() as got:
            page.get_by_role("link", name="Download CSV").click()
        assert got.value.suggested_filename == "real-or-ai.csv"


def test_files_can_be_dropped(browser, server):
    with visit(browser, server, "many") as page:
        dropped = page.evaluate_handle("""bytes => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(bytes)], 'dropped.png'));
            return data;
        }""", list(PHOTOS[0].read_bytes()))
        page.dispatch_event("#many-files .drop", "drop", {"dataTransfer": dropped})
        page.wait_for_selector(".thumbnails li:has-text('dropped.png')")
        assert page.locator(".thumbnails .number").inner_text() == many.percent(
            Ensemble.load().judge(PHOTOS[0]).p_ai)

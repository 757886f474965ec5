"""Many images at once: rows, filter, order, stopping, downloads, opening one in Judge."""

import csv
import io
import json
import re

import gradio as gr
import pytest
from PIL import Image, PngImagePlugin

from ensemble import Ensemble, ImageError
from page import many, many_table
from page.words import LANGUAGES, text
from tests.servers import ROOT
from tests.tiny import build_tiny_pack, read_manifest, write_manifest
from tests.visits import fits, violations, visit

PHOTOS = sorted((ROOT / "examples" / "real").glob("*.png"))[:3]


@pytest.fixture
def files(monkeypatch, tmp_path):
    """Files as the browser names them.

    A photograph, a file that says what made it, one that is none under a name that is a formula
    and HTML, one that was not uploaded, one that is too large.
    """
    monkeypatch.setattr(many, "source", lambda file: file["path"])
    notes = PngImagePlugin.PngInfo()
    notes.add_text("parameters", "a <b>cat</b>\nSteps: 20, Sampler: Euler a, Model: tiny")
    Image.open(PHOTOS[0]).save(tmp_path / "made.png", pnginfo=notes)
    return [{"path": str(PHOTOS[0]), "name": PHOTOS[0].name},
            {"path": str(tmp_path / "made.png"), "name": "made.png"},
            {"path": str(ROOT / "README.md"), "name": "=<b>.png"},
            {"name": "=1+1.png", "size": 5},
            {"name": "large.png", "size": many.MAX_BYTES + 1}]


def table(ensemble, rows):
    """The lines of the CSV, as a spreadsheet or a program reads them."""
    return list(csv.DictReader(io.StringIO(
        many_table.header(ensemble) + "".join(row["csv"] for row in rows))))


def words(html):
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", html)).strip()


def test_a_row_gives_what_the_api_gives_in_all_its_forms(ensemble, files):
    rows = [many.row(ensemble, file) for file in files]
    lines = table(ensemble, rows)
    for file, row, line in zip(files[:2], rows, lines):
        verdict = ensemble.judge(file["path"])
        expected = verdict.as_dict()
        assert json.loads(row["json"]) == {"file": file["name"], **expected}
        assert {name: line[name] for name in ("answer", "because", "label", "certainty")} == {
            name: expected[name] for name in ("answer", "because", "label", "certainty")}
        assert line["evidence"] == " ".join(note["sentence"] for note in expected["evidence"])
        assert float(line["p_ai"]) == expected["p_ai"] and line["error"] == ""
        assert [float(line[vote["member"]]) for vote in expected["votes"]] == [
            vote["p_ai"] for vote in expected["votes"]]
        for html in (row["card"], row["line"]):
            assert text(many.LABELS[verdict.answer]) in words(html)
    assert lines[1]["answer"] == "AI-generated" and lines[1]["because"] == "notes"
    assert "notes in the file" in rows[1]["card"] and "tiny" in rows[1]["line"]


def test_a_number_is_never_taken_for_that_of_the_answer(ensemble, files):
    """An answer of the models stands with P(AI), one that the file gives with no number."""
    judged, noted = (words(many.row(ensemble, file)["card"]) for file in files[:2])
    assert re.search(r"P\(AI\) \d+\.\d%$", judged) and judged.count("%") == 1
    assert "%" not in noted


def test_a_file_that_cannot_be_judged_is_a_row_with_its_reason(ensemble, files):
    rows = [many.row(ensemble, file, "en") for file in files[2:]]
    lines = table(ensemble, rows)
    assert [line["error"] for line in lines] == ["UnsupportedFormat", "NotAFile", "FileTooLarge"]
    for row, line in zip(rows, lines):
        assert row["kind"] == "problem" and line["answer"] == line["label"] == ""
        reason = json.loads(row["json"])["message"]
        assert reason in words(row["card"]) and reason in words(row["line"])
        assert line["message"].lstrip("'") == reason
        assert "<img" not in row["card"] and "<button" not in row["card"] + row["line"]
    assert "=&lt;b&gt;.png" in rows[0]["card"] and "<b>.png" not in rows[0]["card"]


@pytest.mark.parametrize("name", ["=1+1.png", "+a.png", "-a.png", "@a.png", "\ta.png", "\r=1",
                                  " =1+1.png", "＝1+1.png"])
def test_no_cell_is_a_formula_of_a_spreadsheet(ensemble, name):
    line, = table(ensemble, [many.row(ensemble, {"name": name, "size": 1})])
    assert line["file"] == f"'{name}" and line["message"].startswith(f"'{name}")


@pytest.mark.parametrize("file", [{}, {"name": 5, "size": "5"}, {"name": None, "at": []}])
def test_an_event_that_names_no_upload_is_a_row_too(ensemble, file):
    assert many.row(ensemble, file)["kind"] == "problem"


def test_a_path_outside_the_uploads_is_refused(ensemble):
    with pytest.raises(gr.Error, match="uploaded"):
        many.row(ensemble, {"name": "a.png", "path": str(PHOTOS[0])})


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_lists_the_same_answers(ensemble, files, language):
    for file in files:
        row, english = many.row(ensemble, file, language), many.row(ensemble, file)
        same = ("csv", "json", "kind", "p_ai")
        assert {name: row[name] for name in same} == {name: english[name] for name in same}
        assert text(many.LABELS["AI-generated"], language) in many.results(ensemble, language)
        outcome, _ = many.judged(ensemble, file)
        if isinstance(outcome, ImageError):
            assert (words(row["card"]) == words(english["card"])) == (language == "en")


def test_members_of_several_packs_have_a_column_each(tmp_path, files):
    photos = build_tiny_pack(tmp_path / "photos", name="photos", domain={"min_side": 65})
    manifest = read_manifest(photos)
    manifest["members"][2]["name"] = "forest"
    write_manifest(photos, manifest)
    small = Ensemble.load(build_tiny_pack(tmp_path / "small", name="small"))
    both = Ensemble([*small.packs, *Ensemble.load(photos).packs])
    Image.open(PHOTOS[0]).resize((80, 80)).save(tmp_path / "large.png")
    rows = [many.row(both, file) for file in (
        files[0], {"path": str(tmp_path / "large.png"), "name": "large.png"}, files[2])]
    lines = table(both, rows)
    assert [line["pack"] for line in lines] == ["small", "photos", ""]
    assert [bool(line["resnet"]) for line in lines] == [True, False, False]
    assert [bool(line["forest"]) for line in lines] == [False, True, False]
    assert [row["line"].count('<td class="number">–</td>') for row in rows] == [1, 1, 5]
    assert "Judged by the models for small pictures." in rows[0]["line"]
    assert "Judged by the models for photographs." in rows[1]["line"]
    assert "pack" not in many_table.columns(small)


def choose(page, paths):
    page.set_input_files("#many-files input[type=file]", paths)


def drop(page, paths):
    data = page.evaluate_handle("""files => {
        const data = new DataTransfer();
        for (const [name, bytes] of files)
            data.items.add(new File([new Uint8Array(bytes)], name, {type: 'image/png'}));
        return data;
    }""", [(path.name, list(path.read_bytes())) for path in paths])
    page.dispatch_event("#many-files .drop", "drop", {"dataTransfer": data})


def taken(page, format, folder):
    """The content of a download."""
    with page.expect_download() as got:
        page.get_by_role("button", name=f"Download {format.upper()}").click()
    assert got.value.suggested_filename == f"real-or-ai.{format}"
    got.value.save_as(folder / format)
    return (folder / format).read_text("utf-8")


@pytest.mark.parametrize("size, theme, give", [("wide", "light", choose),
                                               ("narrow", "dark", drop)])
def test_a_visitor_judges_a_folder_stops_looks_and_takes_the_list(
        browser, server, pictures, size, theme, give, tmp_path):
    large = tmp_path / "large.png"
    with large.open("wb") as file:
        file.truncate(many.MAX_BYTES + 1)
    # All that the browser uploads but for one file, which is too large to be dropped by a test.
    paths = [*pictures, *PHOTOS, *[large] * (give == choose)]
    asked = []

    def busy(route):
        """The server takes two files, keeps the third to itself, and then is full."""
        asked.append(route)
        if len(asked) < 3:
            route.continue_()
        elif len(asked) > 3:
            route.fulfill(status=503, json={"detail": "Queue is full."})

    with visit(browser, server, "many", size, theme) as page:
        items = page.locator(".thumbnails li")
        progress = page.locator(".progress")
        page.route("**/queue/join*", busy)
        give(page, paths)
        items.nth(1).wait_for()
        page.get_by_role("button", name="Stop").click()
        page.get_by_role("button", name="Continue").wait_for()
        progress.get_by_text(f"Stopped; 2 of {len(paths)} judged.").wait_for()
        assert [entry["file"] for entry in json.loads(taken(page, "json", tmp_path))] == [
            path.name for path in paths[:2]]

        page.get_by_role("button", name="Continue").click()
        progress.get_by_text(f"No answer from the server; 2 of {len(paths)} judged.").wait_for()
        page.locator(".toast-close").click()
        page.unroute("**/queue/join*")
        page.get_by_role("button", name="Continue").click()
        progress.get_by_text(f"{len(paths)} of {len(paths)} files done.").wait_for(timeout=60_000)
        names = items.locator(".name").all_inner_texts()
        assert names == [path.name for path in paths]

        answers = {entry.pop("file"): entry for entry in json.loads(taken(page, "json", tmp_path))}
        assert {path.name: answers[path.name] for path in pictures} == {
            path.name: answer for path, answer in pictures.items()}
        kinds = {"AI-generated": "AI-generated", "Partly AI-generated": "Partly AI-generated",
                 "Can’t tell": "Can't tell", "Real": "Real", "not judged": None}
        for name, answer in kinds.items():
            page.get_by_role("radio", name=re.compile(f"^{name} ")).check()
            expected = [path.name for path in paths if answers[path.name].get("answer") == answer]
            assert items.locator("visible=true").locator(".name").all_inner_texts() == expected
            assert [entry["file"] for entry in json.loads(taken(page, "json", tmp_path))] == (
                expected)
            assert page.locator(".results [role=status]").inner_text() == (
                f"{len(expected)} of {len(paths)} shown; the downloads hold these.")
        assert violations(page) == []

        page.get_by_role("radio", name="all").check()
        page.get_by_label("Order").select_option("ai_first")
        page.get_by_role("radio", name="table").check()
        lines = page.locator(".results tbody tr")
        assert lines.locator("visible=true").count() == len(paths)
        assert items.locator("visible=true").count() == 0
        rank = [*kinds.values()].index
        placed = [(rank(entry.get("answer")), -entry.get("p_ai", 0)) for entry in (
            answers[name] for name in lines.locator("th").all_inner_texts())]
        assert placed == sorted(placed)
        assert [row["file"] for row in csv.DictReader(
            io.StringIO(taken(page, "csv", tmp_path).removeprefix("\ufeff")))] == (
                lines.locator("th").all_inner_texts())
        assert fits(page) and violations(page) == []

        page.get_by_role("radio", name="pictures").check()
        before = server.uploads()
        items.get_by_role("button", name=PHOTOS[0].name).click()
        page.wait_for_selector(".verdict[data-result]")
        assert page.locator("#tab-judge").is_visible()
        assert server.uploads() == before  # it is the same file

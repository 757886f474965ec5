"""The tab Judge, in a real browser: every way to bring an image, and the answer."""

import http.server
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image, PngImagePlugin

from page import judge
from tests.judging import REAL, answered, assert_shows, clear, drop, upload
from tests.screenshots import judge_example
from tests.servers import running
from tests.visits import violations


@pytest.fixture(scope="module")
def noted(tmp_path_factory):
    """A photograph to which somebody added a generator's notes."""
    path = tmp_path_factory.mktemp("noted") / "painted.png"
    written = PngImagePlugin.PngInfo()
    written.add_text("parameters", "a cat\nSteps: 20, Sampler: Euler a, Seed: 1, Size: 512x512, "
                                   "Model: dreamer<b>, Version: v1.10.1")
    with Image.open(REAL[0]) as image:
        image.save(path, pnginfo=written)
    return path


def paste(page, path):
    """What Ctrl+V does with a file in the clipboard."""
    page.evaluate("""([bytes, name]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], name));
        document.body.dispatchEvent(new ClipboardEvent('paste',
            {clipboardData: data, bubbles: true, cancelable: true}));
    }""", [list(path.read_bytes()), path.name])


def test_an_image_comes_in_by_every_way_and_makes_room_for_the_next(visit, cli_answers, pictures):
    page = visit()
    with page.expect_file_chooser() as chooser:
        page.get_by_text("Choose a file").click()
    chooser.value.set_files(REAL[0])
    answered(page)
    assert_shows(page, cli_answers[0])
    shown = page.locator(".preview img")
    assert shown.evaluate("image => image.naturalWidth") == 32
    assert page.locator(".pictures figcaption").all_inner_texts()[1:] == [
        "Where Convolutional network looked", "Where Residual network looked"]
    paste(page, REAL[1])
    page.wait_for_selector(".on-paper >> text=" + REAL[1].name, state="attached")
    assert_shows(page, cli_answers[1])
    drop(page, REAL[2], ".top")
    page.wait_for_selector(".on-paper >> text=" + REAL[2].name, state="attached")
    assert_shows(page, cli_answers[2])
    judge_example(page, index=3)
    page.wait_for_selector(".reasons >> text=example")
    assert_shows(page, cli_answers[3])
    assert "What it really is: Real." in page.locator(".reasons").inner_text()
    assert page.locator(".preview").is_hidden()
    buttons = page.locator(".gallery:has(section)").first.locator("li button")
    buttons.nth(5).click()
    buttons.nth(6).click()
    page.wait_for_selector(f".on-paper >> text={REAL[6].name}", state="attached")
    assert_shows(page, cli_answers[6])
    # A phone's HEIC has no type in many browsers, which can't show it either.
    phone = next(path for path in pictures if path.suffix == ".heic")
    page.set_input_files("#image input[type=file]", {
        "name": "IMG_1.HEIC", "mimeType": "", "buffer": phone.read_bytes()})
    answered(page)
    assert_shows(page, pictures[phone])
    assert "IMG_1.HEIC" in page.locator(".preview p").inner_text()
    clear(page)
    assert "No image yet" in page.locator(".verdict").inner_text()
    assert page.locator(".preview").is_hidden()
    page.get_by_role("button", name="Take a photo").click()
    page.wait_for_function("document.querySelector('#image video').videoWidth > 0")
    page.get_by_role("button", name="Take it").click()
    answered(page)
    assert "camera.png" in page.locator(".on-paper").text_content()
    assert page.evaluate("document.querySelector('#image video').srcObject.active") is False


def test_every_odd_file_or_link_is_judged_as_on_the_command_line_or_refused_calmly(
        visit, server, pictures):
    page = visit()
    for path, answer in pictures.items():
        upload(page, path)
        if "error" in answer:
            panel = page.locator(".verdict.problem")
            assert panel.locator("h2").inner_text() == "This file can’t be judged"
            assert answer["message"] in panel.inner_text()
            assert panel.locator("script").count() == 0
        else:
            page.wait_for_selector(f".on-paper >> text={path.name}", state="attached")
            assert_shows(page, answer)
        assert "Traceback" not in page.locator("body").inner_text()
    for address, why in (("ftp://host/a.jpg", "A web address begins with https://"),
                         (f"{server.url}/static/img/logo.svg", "can’t be fetched")):
        page.get_by_label("Or from a link").fill(address)
        page.get_by_role("button", name="Judge the link").click()
        page.wait_for_selector(f".verdict.problem >> text={why}")


def test_the_answer_about_another_picture_is_never_on_screen(visit, cli_answers, tmp_path):
    page = visit()
    upload(page, REAL[0])
    held = []
    page.route("**/gradio_api/upload", lambda route: held.append(route))
    page.set_input_files("#image input[type=file]", REAL[1])
    page.wait_for_selector(".progress-line >> text=Sending the picture")
    assert page.locator(".verdict").is_hidden()
    held.pop().continue_()
    answered(page)
    assert_shows(page, cli_answers[1])
    # A failed upload clears it too, and is explained.
    page.set_input_files("#image input[type=file]", REAL[2])
    page.wait_for_timeout(200)
    held.pop().abort()
    page.wait_for_selector(".verdict.problem >> text=could not be uploaded")
    page.unroute("**/gradio_api/upload")
    # What is too large is not even sent.
    large = tmp_path / "large.jpg"
    with large.open("wb") as file:
        file.truncate(26 * 2**20)
    sent = []
    page.on("request", lambda request: sent.append(request.url))
    upload(page, large)
    page.wait_for_selector(".verdict.problem >> text=The file has 26.0 MB")
    assert not any(url.endswith("/upload") for url in sent)
    # Of two choices in a row only the second is answered, though the first takes longer.
    asked = []
    page.route("**/queue/join*", lambda route: asked.append(route))
    for count, path in enumerate(REAL[3:5], start=1):
        page.set_input_files("#image input[type=file]", path)
        while len(asked) < count:
            page.wait_for_timeout(50)
    first, second = asked
    second.continue_()
    page.wait_for_selector(".on-paper >> text=" + REAL[4].name, state="attached")
    first.continue_()
    page.wait_for_timeout(1000)
    assert_shows(page, cli_answers[4])
    page.unroute("**/queue/join*")


def test_a_server_without_room_is_explained(visit):
    page = visit(locale="es-ES")
    page.route("**/queue/join*", lambda route: route.fulfill(
        status=503, json={"detail": "Queue is full."}))
    upload(page, REAL[0])
    assert "No es culpa de su archivo" in page.locator(".verdict.problem").inner_text()
    page.unroute("**/queue/join*")


def test_the_answer_rests_on_what_the_file_says_before_the_vote(visit, noted, cli_answers):
    page = visit()
    upload(page, noted)
    panel = page.locator(".verdict")
    assert panel.locator("h2").inner_text() == "AI-generated"
    assert "Stable Diffusion" in page.locator(".headline p").inner_text()
    assert "Anybody can write such notes" in page.locator(".headline p").inner_text()
    evidence = page.locator(".evidence")
    assert evidence.get_by_role("img", name="names a generator").count() == 1
    evidence.locator("summary").first.click()
    assert "dreamer<b>" in evidence.inner_text()
    assert "The models vote Real, against what the file says." in panel.inner_text()
    assert panel.locator(".members .number").all_inner_texts()[-1] < "50"  # the vote is as it was
    tops = [panel.locator(part).bounding_box()["y"] for part in (".headline", ".evidence",
                                                                 ".models")]
    assert tops == sorted(tops)
    assert violations(page) == []


def focus(page, selector):
    """Press Tab until the focused element matches a selector."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    raise AssertionError(f"Tab never reaches {selector}")


def test_the_keyboard_alone_is_enough(visit, cli_answers):
    page = visit()
    focus(page, "#image input[type=file]")
    label = "getComputedStyle(document.activeElement.closest('.button')).outlineStyle"
    assert page.evaluate(label) == "solid"
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(REAL[0])
    answered(page)
    assert_shows(page, cli_answers[0])
    slider = page.get_by_role("slider").first
    cut = "e => parseFloat(getComputedStyle(e).clipPath.split(' ').at(-1))"
    over = page.locator(".slider .map").first
    before = over.evaluate(cut)
    slider.focus()
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    assert over.evaluate(cut) == pytest.approx(before + 20)
    focus(page, f".gallery button[data-slug='{REAL[3].stem}']")
    page.keyboard.press("Space")
    page.wait_for_selector(".reasons >> text=example")
    assert_shows(page, cli_answers[3])
    assert cli_answers[3]["answer"] in page.locator("#verdict [role=status]").text_content()


@pytest.mark.parametrize("data", [None, {}, [], {"slug": "none"}, {"slug": None}, {"slug": 3},
                                  {"slug": "../app.py"}])
def test_a_click_on_no_example_shows_no_answer(ensemble, data):
    assert judge.chosen(ensemble, data) is None
    assert "data-result" not in judge.example_outcome(ensemble, judge.chosen(ensemble, data))


@pytest.mark.parametrize("data", [None, [], {"path": "/etc/passwd"}, {"path": 3}, {"size": "x"}])
def test_a_request_that_holds_no_upload_is_refused(ensemble, data):
    try:
        html = judge.upload_outcome(ensemble, data)
    except judge.gr.Error:
        return
    assert "problem" in html and "could not be uploaded" in html


def test_a_picture_behind_a_link_is_judged_and_the_address_leads_back(ensemble, monkeypatch):
    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            self.wfile.write(REAL[0].read_bytes())

        def log_message(self, *arguments):
            pass

    with running(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as host:
        monkeypatch.setattr("page.links.is_public", lambda ip: True)
        address = f"http://127.0.0.1:{host.server_port}/a%20b.png?x=1&y=2"
        given = {"address": address, "serial": "7"}
        with ThreadPoolExecutor(1) as pool:  # as a server does; this thread has the browser's loop
            html = pool.submit(judge.link_outcome, ensemble, given).result()
    assert 'data-serial="7"' in html and "data-result" in html
    assert "?link=http%3A%2F%2F127.0.0.1" in html and "x%3D1%26y%3D2" in html

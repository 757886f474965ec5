"""The page and the API with two packs, in a browser and over HTTP."""

import json
import urllib.request
from types import SimpleNamespace

import pytest
from gradio_client import Client, handle_file

from ensemble import Ensemble
from ensemble import pack as packs
from ensemble.__main__ import main
from tests.servers import serving_app
from tests.two_packs import build_packs, write_files
from tests.visits import choose, fits, violations, visit


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    return build_packs(tmp_path_factory.mktemp("two") / "weights")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_files(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def server(weights, tmp_path_factory):
    """The app, running with both packs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packs, "SHIPPED", weights / "small")
        patch.setenv("GALLERY", "")  # nothing from the network
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("uploads")))
        with serving_app(Ensemble.load()) as url:
            yield SimpleNamespace(url=url)


@pytest.mark.parametrize("size, theme", [("wide", "light"), ("narrow", "dark")])
def test_a_visitor_is_told_who_judged_and_what_the_file_says(browser, server, files, size, theme):
    with visit(browser, server, "judge", size, theme) as page:
        def answer(name):
            page.set_input_files("#image input[type=file]", files[name])
            page.wait_for_selector(f".on-paper >> text={name}", state="attached")
            page.wait_for_selector(".progress-line:not(:empty)", state="detached")
            return page.locator("#verdict .verdict").inner_text()

        told = answer("sure.png")
        assert "Judged by the models for photographs." in told
        told = answer("camera.jpg")
        assert told.startswith("Can’t tell") and "Acme Box <9>" in told
        assert fits(page) and violations(page) == []
        assert "Judged by the models for small pictures." in answer("64.png")
        hard_one = page.locator(".gallery:has(section)").filter(has_text="Hard ones")
        button = hard_one.locator("li button").first
        button.scroll_into_view_if_needed()
        page.wait_for_function("image => image.complete && image.naturalWidth > 300",
                               arg=button.locator("img").element_handle())
        button.click()
        page.wait_for_url(lambda url: "example=full-" in url)


def test_a_visitor_reads_of_photographs_first_and_of_small_pictures_too(browser, server):
    with visit(browser, server, "quality", "narrow") as page:
        part = page.locator("#tab-quality")
        part.get_by_text("New & shy").locator("visible=true").first.wait_for()
        part.get_by_role("tab", name="For small pictures").click()
        part.get_by_text("without reports").locator("visible=true").first.wait_for()
        assert part.get_by_text("New & shy").locator("visible=true").count() == 0
        assert fits(page) and violations(page) == []
        choose(page, "about")
        limits = page.locator("#cant-know").inner_text()
        assert limits.index("New & shy") < limits.index("Stable Diffusion 1.4")
        assert fits(page)


def test_the_api_says_which_pack_judged_by_the_same_names_and_schemas(server, weights, files,
                                                                      capsys, monkeypatch):
    monkeypatch.setattr(packs, "SHIPPED", weights / "small")
    client = Client(server.url, verbose=False, analytics_enabled=False)
    names = ["64.png", "65.png", "broken.jpg", "sure.png", "64.png"]
    main([*(str(files[name]) for name in names), "--json"])
    expected = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for answer in expected:
        del answer["file"]
    assert [answer.get("pack") for answer in expected] == ["small", "photos", None, "photos",
                                                           "small"]
    given = client.predict(images=[handle_file(files[name]) for name in names],
                           api_name="/detect_batch")
    assert given == expected
    assert client.predict(image=handle_file(files["65.png"]), api_name="/detect") == expected[1]
    with urllib.request.urlopen(f"{server.url}/gradio_api/openapi.json") as answer:
        paths = json.load(answer)["paths"]
    assert set(paths) == {f"/gradio_api/{path}" for path in (
        "upload", "call/v2/detect", "call/detect/{event_id}",
        "call/v2/detect_batch", "call/detect_batch/{event_id}")}

"""Pictures of today: fetched, checked, kept, judged once; else absent without a word."""

import json
import re
import time
from collections import Counter

import pytest

from ensemble.vocabulary import AI, REAL
from page import gallery, links
from page.examples import galleries, hard
from page.gallery import Gallery, GalleryError
from page.words import LANGUAGES, text
from tests.servers import Server, start, stop
from tests.today import PUBLIC, picture, serve, serving, write_list
from tests.visits import fits, violations, visit

# Of works that anybody may show if their author is named.
LICENCES = {"CC0-1.0", "CC-BY-4.0", "MIT", "Apache-2.0", "Unlicense"}
SOURCES = gallery.read(gallery.LIST)


@pytest.fixture
def web():
    """A server at an address that stands for the public web where `public` is asked for."""
    with serving() as server:
        yield server


@pytest.fixture
def cache(tmp_path):
    """A folder that isn't there yet."""
    return tmp_path / "cache"


@pytest.fixture
def public(monkeypatch):
    real = links.is_public
    monkeypatch.setattr(links, "is_public", lambda ip: ip == PUBLIC or real(ip))


def fetched(ensemble, sources, folder):
    """The names of the pictures that came, by group, when the background had done its work."""
    pictures = Gallery(ensemble, sources, folder)
    thread = pictures.start()
    assert thread.daemon
    thread.join(20)
    return {group: [example.source.name for example in examples]
            for group, examples in pictures.groups().items()}


def names(sources):
    groups = {group: [source.name for source in sources if source.truth == truth]
              for group, truth in gallery.GROUPS.items()}
    return {group: found for group, found in groups.items() if found}


def files(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_every_picture_of_the_list_has_its_place_its_licence_and_its_words(source):
    assert re.fullmatch(rf"https://raw\.githubusercontent\.com/{re.escape(source.repository)}"
                        r"/[0-9a-f]{40}/\S+\.(png|jpe?g|webp)", source.address)
    assert re.fullmatch("[0-9a-f]{64}", source.sha256)
    assert source.licence in LICENCES and source.author and source.subject
    assert min(source.width, source.height) >= 500
    assert source.made_by or source.truth == REAL
    assert source.clues
    for language in LANGUAGES:
        assert all(text(key, language) for key in (source.shows, *source.clues))


def test_the_list_has_as_many_of_either_truth_and_no_name_twice():
    truths = Counter(source.truth for source in SOURCES)
    assert set(truths) == {AI, REAL} and min(truths.values()) >= 10
    for each in (len({source.name for source in SOURCES}),
                 len({source.sha256 for source in SOURCES})):
        assert each == len(SOURCES)


def test_pictures_come_are_judged_and_kept_for_the_next_start(ensemble, web, public, cache):
    sources = serve(web, 3)
    assert fetched(ensemble, sources, cache) == names(sources)
    assert set(web.asked.values()) == {1} and len(web.asked) == 6
    kept = files(cache)
    assert len(kept) == 12  # the file as it came, and what the page shows of it
    for source in sources:
        assert (cache / f"{source.name}-{source.sha256[:16]}.png").read_bytes() \
            == web.contents[f"/{source.name}.png"]
    assert fetched(ensemble, sources, cache) == names(sources)
    assert set(web.asked.values()) == {1} and files(cache) == kept


def test_an_example_says_what_it_is_and_its_address_tells_players_nothing(ensemble, web, public,
                                                                         cache):
    pictures = Gallery(ensemble, serve(web, 1), cache)
    pictures.start().join(20)
    (real,), (ai,) = pictures.groups().values()
    assert (real.truth, ai.truth) == (REAL, AI) and real.slug == "today-squirrel"
    assert (ai.verdict.answer, ai.verdict.because) == (AI, "notes")
    assert real.verdict.because == "models"
    for example in (real, ai):
        assert example.full == example.path
        assert example.source.name not in example.address and example.shown.is_file()
        assert example.verdict.width == 96


@pytest.mark.parametrize("content", [
    pytest.param(picture(99), id="another picture"), pytest.param(b"", id="nothing"),
    pytest.param(None, id="not found")])
def test_a_file_that_is_not_the_one_listed_is_left_out(ensemble, web, public, cache, content):
    sources = serve(web, 2)
    web.contents[f"/{sources[0].name}.png"] = content
    assert fetched(ensemble, sources, cache) == names(sources[1:])
    assert not any(name.startswith(sources[0].name) for name in files(cache))


def test_what_is_listed_but_no_picture_is_left_out(ensemble, web, public, cache):
    sources = serve(web, 2)
    other = gallery.sha256(b"no picture").hexdigest()
    web.contents[f"/{sources[0].name}.png"] = b"no picture"
    sources[0] = gallery.Source(**vars(sources[0]) | {"sha256": other})
    assert fetched(ensemble, sources, cache) == names(sources[1:])


def test_a_slow_server_keeps_nobody_waiting(ensemble, web, public, cache, monkeypatch):
    monkeypatch.setattr(links, "DEADLINE", 0.5)
    sources = serve(web, 2)
    web.slow.add(f"/{sources[0].name}.png")
    assert fetched(ensemble, sources, cache) == names(sources[1:])


def test_a_damaged_file_in_the_cache_is_fetched_anew(ensemble, web, public, cache):
    sources = serve(web, 1)
    fetched(ensemble, sources, cache)
    damaged = cache / f"{sources[0].name}-{sources[0].sha256[:16]}.png"
    damaged.write_bytes(damaged.read_bytes()[:100])
    assert fetched(ensemble, sources, cache) == names(sources)
    assert sorted(web.asked.values()) == [1, 2]
    assert damaged.read_bytes() == web.contents[f"/{sources[0].name}.png"]


def test_without_a_network_there_are_none_and_nothing_is_said(ensemble, web, cache, capfd):
    """The guard of `page.links` stands: this machine's own network is never asked."""
    assert fetched(ensemble, serve(web, 2), cache) == {}
    assert not web.asked and files(cache) == []
    assert capfd.readouterr() == ("", "")


def test_a_folder_that_cannot_be_written_leaves_the_page_as_it_is(ensemble, web, public, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    assert fetched(ensemble, serve(web, 2), tmp_path / "file") == {}


def test_the_environment_names_another_list_or_none(ensemble, monkeypatch, tmp_path):
    monkeypatch.setenv("GALLERY", "")
    assert gallery.today(ensemble) == {}
    gallery.gallery.cache_clear()
    monkeypatch.setenv("GALLERY", str(tmp_path / "nowhere.json"))
    with pytest.raises(GalleryError, match=r"nowhere\.json is no list of pictures"):
        gallery.gallery(ensemble)


@pytest.mark.parametrize("content", [
    "[", '{"name": "fox"}', '[{"name": "fox"}]', "[1]",
    json.dumps([vars(SOURCES[0]) | {"colour": "red"}])])
def test_a_list_that_is_none_is_refused(tmp_path, content):
    (path := tmp_path / "list.json").write_text(content)
    with pytest.raises(GalleryError, match="is no list of pictures such as"):
        gallery.read(path)


def test_every_shipped_example_is_judged_once_for_all_tabs(ensemble, monkeypatch):
    judged, judge_many = Counter(), ensemble.judge_many

    def counting(paths):
        paths = list(paths)
        judged.update(paths)
        return judge_many(paths)

    monkeypatch.setattr(ensemble, "judge_many", counting)
    for_each_tab = [galleries(ensemble) | hard(ensemble) for _ in range(2)]
    paths = [example.path for group in for_each_tab[1].values() for example in group]
    assert judged == Counter(paths) and len(paths) > 20
    assert for_each_tab[0] == for_each_tab[1]


@pytest.fixture(scope="module")
def with_today(tmp_path_factory):
    """The app with eight pictures of today, and nothing but its cache to take them from."""
    folder = tmp_path_factory.mktemp("today")
    with serving() as server:
        sources = serve(server, 4)
        for source in sources:
            path = folder / f"cache/{source.name}-{source.sha256[:16]}.png"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(server.contents[f"/{source.name}.png"])
    write_list(folder / "list.json", sources)
    process, url = start(folder, GALLERY=str(folder / "list.json"),
                         GALLERY_CACHE=str(folder / "cache"))
    while len(list((folder / "cache").glob("shown/*.webp"))) < len(sources):
        time.sleep(0.05)
    yield Server(url, folder, process)
    stop(process)


def test_a_visitor_plays_pairs_with_the_keyboard(browser, with_today):
    with visit(browser, with_today, "learn") as page:
        page.get_by_text("4 pairs, each of a photograph").wait_for()
        page.get_by_role("button", name="Start").press("Enter")
        right = 0
        for number in range(1, 5):
            page.wait_for_selector(f".count:has-text('Pair {number} of 4')")
            page.wait_for_function("document.activeElement.matches('.ask')")
            pair = page.locator(".pair")
            assert pair.locator("img").count() == 2 and "Made by" not in pair.inner_text()
            page.wait_for_function(
                "[...document.querySelectorAll('.pair img')].every(i => i.naturalWidth === 96)")
            assert all(pair.locator("img").nth(at).get_attribute("alt") for at in (0, 1))
            for _ in range(2):  # the picture, larger; the button under it
                page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.innerText") == "A is AI-generated"
            page.keyboard.press("Enter")
            page.wait_for_function("document.activeElement.matches('.truth')")
            right += "Right: A" in page.locator(".truth").inner_text()
            ai, real = page.locator(".of-pair.ai"), page.locator(".of-pair.real")
            assert "What gives it away" in ai.inner_text()
            assert "Stable Diffusion" in ai.locator(".why").inner_text()  # by the file's note
            assert "What speaks for a camera" in real.inner_text()
            assert "Nothing of its origin." in real.inner_text()
            for card in (ai, real):
                assert card.locator(".credit a").count() == 2
            # The reasons come before the score.
            shown = page.locator(".game").inner_text()
            assert shown.index("What gives it away") < shown.index(f"You {right}, ")
            assert f"You {right}, program {number}" in shown  # files that tell it are no riddle
            page.locator(".onward button").press("Enter")
        page.wait_for_selector(".result")
        assert f"You chose rightly in {right} of 4 pairs, the program in 4." in page.locator(
            ".result").inner_text()
        assert page.locator(".after tbody tr").count() == 4
        assert page.locator(".after tbody img").count() == 8
        assert page.locator(".signs li").count() == 5
        assert violations(page) == []


def test_pairs_fit_a_phone_in_the_dark_and_speak_chinese(browser, with_today):
    with visit(browser, with_today, "learn", "narrow", "dark", "zh-TW") as page:
        page.get_by_role("button", name="開始", exact=True).click()
        page.get_by_role("button", name="B 是 AI 生成").click()
        page.wait_for_selector(".truth")
        assert "什麼露了餡" in page.locator(".game").inner_text()
        assert fits(page) and violations(page) == []


def test_judge_shows_them_above_the_small_ones_and_judges_one(browser, with_today):
    with visit(browser, with_today, "judge") as page:
        page.locator(".gallery [data-slug='today-library']").wait_for()
        assert page.locator(".gallery [data-slug^='today-']").count() == 8
        page.locator(".gallery [data-slug='today-library']").click()
        page.locator(".verdict.ai").wait_for()
        assert "AI-generated" in page.locator(".verdict h2").inner_text()


def test_only_what_is_shown_is_public(browser, with_today):
    """Not the files of the cache, nor where it lies."""
    cache = with_today.folder / "cache"
    shown = next((cache / "shown").iterdir())
    kept = next(path for path in cache.iterdir() if path.is_file())
    with browser.new_context() as context:
        got = {path: context.request.get(f"{with_today.url}/gradio_api/file={path}").status
               for path in (shown, kept, with_today.folder / "list.json")}
    assert got == {shown: 200, kept: 403, with_today.folder / "list.json": 403}

"""python -m tests.screenshots FOLDER: pictures of the page, light and dark, wide and narrow."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from app import TABS
from tests import chromium
from tests.servers import QUIET, ROOT, Server, start, stop
from tests.visits import SIZES, open_page, visit


def judge_example(page, group=0, index=0):
    """Click an example and wait for its verdict."""
    page.locator(".gallery:has(section)").nth(group).locator("li button").nth(index).click()
    page.wait_for_selector(".verdict[data-result]")


def main(folder):
    """Write `SIZE-THEME-STATE.png`, whole pages, and `page.png`, the README's picture."""
    folder.mkdir(parents=True, exist_ok=True)
    photo = sorted((ROOT / "examples/real/full").glob("*.jpg"))[0]
    with tempfile.TemporaryDirectory() as work, sync_playwright() as playwright:
        process, url = start(Path(work))
        server = Server(url, Path(work), process)
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=QUIET)
        for size in SIZES:
            for theme in ("light", "dark"):
                page = open_page(browser, url, size, theme)
                page.screenshot(path=folder / f"{size}-{theme}-empty.png", full_page=True)
                judge_example(page)
                page.screenshot(path=folder / f"{size}-{theme}-example.png", full_page=True)
                if (size, theme) == ("wide", "light"):
                    page.screenshot(path=folder / "page.png", full_page=True,
                                    clip={"x": 0, "y": 0, "width": 1280, "height": 1330})
                page.set_input_files("input[type=file]", photo)
                page.wait_for_selector(".verdict:is(.ai, .real):not([data-example])")
                page.screenshot(path=folder / f"{size}-{theme}-photo.png", full_page=True)
                for tab in list(TABS)[1:]:
                    with visit(browser, server, tab, size, theme) as page:
                        page.screenshot(path=folder / f"{size}-{theme}-{tab}.png", full_page=True)
        browser.close()
        stop(process)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))

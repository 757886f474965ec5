"""python -m tests.screenshots_web FOLDER: pictures of the page that needs no server."""

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from ensemble.evidence import trust
from tests import chromium, shown
from tests.servers import QUIET
from tests.visits import SIZES
from web.build import build
from web.parity import serving

LANGUAGES = {("wide", "light"): "en", ("wide", "dark"): "th", ("narrow", "light"): "es",
             ("narrow", "dark"): "zh-TW"}


def main(folder):
    """Write `twin-SIZE-THEME-STATE.png`, whole pages, each size and theme in another language."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, sync_playwright() as playwright:
        work = Path(work)
        os.environ[trust.SETTING] = str(shown.make(work))
        build(work / "twin", level=1)
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=QUIET)
        with serving(work / "twin") as url:
            for (size, theme), language in LANGUAGES.items():
                width, height = SIZES[size]
                page = browser.new_page(viewport={"width": width, "height": height},
                                        color_scheme=theme, reduced_motion="reduce")
                page.set_default_timeout(120_000)
                page.goto(f"{url}/?language={language}")
                page.wait_for_selector(".verdict.waiting")
                page.screenshot(path=folder / f"twin-{size}-{theme}-empty.png", full_page=True)
                for name in shown.NAMES:
                    page.set_input_files(".picker input[type=file] >> nth=0", work / name)
                    page.wait_for_selector(".verdict[data-result]")
                    page.screenshot(path=folder / f"twin-{size}-{theme}-{Path(name).stem}.png",
                                    full_page=True)
                page.close()
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))

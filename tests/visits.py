"""A visit of one tab of the page, in a real browser."""

from contextlib import contextmanager

from axe_playwright_python.sync_playwright import Axe

from app import TABS

SIZES = {"wide": (1280, 900), "narrow": (360, 740)}


@contextmanager
def visit(browser, server, tab, size="wide", theme="light", locale="en-GB"):
    """Open the page and one of its tabs; whatever the page complains of fails the test.

    Parameters
    ----------
    browser : playwright.sync_api.Browser
    server : tests.servers.Server
    tab : str
        Its name in `app.TABS`.
    size : {"wide", "narrow"}
    theme : {"light", "dark"}
    locale : str
        The visitor's language.

    Yields
    ------
    playwright.sync_api.Page
    """
    width, height = SIZES[size]
    with browser.new_context(viewport={"width": width, "height": height}, locale=locale,
                             color_scheme=theme, reduced_motion="reduce") as context:
        page = context.new_page()
        page.set_default_timeout(20_000)
        problems = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"{server.url}/?__theme={theme}")
        button = page.locator(f"#tab-{tab}-button")
        page.locator("#tabs [role=tab]").first.wait_for()
        page.wait_for_timeout(300)  # the tabs that don't fit move into a menu
        if button.count():
            button.click()
        else:
            names = page.locator("#tabs .tab-container[aria-hidden] button").all_inner_texts()
            page.locator("#tabs .overflow-menu > button").first.click()
            page.locator("#tabs .overflow-dropdown").first.get_by_text(
                names[list(TABS).index(tab)], exact=True).click()
        page.locator(f"#tab-{tab}").wait_for()
        yield page
        assert problems == []


def fits(page):
    """Whether nothing reaches beyond the window but what scrolls in itself."""
    return page.evaluate("""() => document.documentElement.scrollWidth <= innerWidth
        && [...document.querySelectorAll('.contain *')].every(element =>
            element.getBoundingClientRect().right <= innerWidth + 1
            || element.closest('.sideways, .unseen, .visually-hidden'))""")


def violations(page):
    """What axe-core finds on the page that keeps somebody out: serious and critical rules.

    Returns
    -------
    list of str
        Rule and the first elements that break it.
    """
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {[node['html'][:200] for node in rule['nodes'][:3]]}"
            for rule in found if rule["impact"] in ("serious", "critical")]

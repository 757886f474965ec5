"""Visits of the page, in a real browser."""

from contextlib import contextmanager
from functools import cache
from urllib.parse import quote

from axe_playwright_python.sync_playwright import Axe

AXE = Axe().axe_script
SIZES = {"wide": (1280, 900), "narrow": (360, 740)}


def open_page(browser, url, size="wide", theme="light", example=None, locale="en-GB"):
    """A fresh visit of the page, ready to be used; it ends the visit before.

    Parameters
    ----------
    browser : playwright.sync_api.Browser
    url : str
    size : {"wide", "narrow"}
    theme : {"light", "dark"}
    example : str, optional
        The example that the link names.
    locale : str
        The visitor's language.

    Returns
    -------
    playwright.sync_api.Page
    """
    page, devtools, agent = _window(browser)
    page.goto("about:blank")  # else the same address would count as a reload, with its answer
    devtools.send("Emulation.setUserAgentOverride",
                  {"userAgent": agent, "acceptLanguage": locale})
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.goto(f"{url}/?__theme={theme}" + (f"&example={quote(example)}" if example else ""))
    page.wait_for_selector(".verdict" if example else ".verdict.waiting")
    page.wait_for_selector("#image input[type=file]", state="attached")
    return page


@contextmanager
def visit(browser, server, tab, size="wide", theme="light", locale="en-GB"):
    """Open the page and one of its tabs; whatever the page complains of fails the test.

    Parameters
    ----------
    browser, size, theme, locale
        See `open_page`.
    server : tests.servers.Server
    tab : str
        Its name in `app.TABS`.

    Yields
    ------
    playwright.sync_api.Page
    """
    problems = []
    window, *_ = _window(browser)
    window.on("pageerror", complain := lambda error: problems.append(str(error)))
    try:
        page = open_page(browser, server.url, size, theme, locale=locale)
        choose(page, tab)
        yield page
    finally:
        window.remove_listener("pageerror", complain)
    assert problems == []


def choose(page, tab):
    """Open a tab of the page."""
    page.locator(f"#tab-{tab}-button").click()
    page.locator(f"#tab-{tab}").wait_for()


@cache
def _window(browser):
    """One for all visits.

    Where the page has been shown before it comes in half the time, as its scripts need not be
    fetched and compiled again.
    """
    page = browser.new_context().new_page()
    page.set_default_timeout(20_000)
    # Makes Chromium hand over file choosers from now on, not a moment after a key press.
    page.on("filechooser", lambda chooser: None)
    return page, page.context.new_cdp_session(page), page.evaluate("navigator.userAgent")


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
    # What is being worked out is dimmed until it is there, and so has little contrast.
    # Neither has a button its colours while it is becoming one that can be pressed.
    page.wait_for_function("""() => !document.querySelector('.pending')
        && !document.getAnimations().some(change => change instanceof CSSTransition)""")
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    return page.evaluate("""async () => (await axe.run({
        resultTypes: ['violations'], selectors: false, ancestry: false, xpath: false}))
        .violations.filter(rule => ['serious', 'critical'].includes(rule.impact))
        .map(rule => [rule.id, ...rule.nodes.slice(0, 3).map(node => node.html.slice(0, 200))]
            .join(' '))""")

"""Where a visitor gives one image: a file, a drop or a paste; a photo and a link, if a tab asks."""

from pathlib import Path

import gradio as gr

from ensemble.errors import ACCEPTED, FileTooLarge, NotAFile
from ensemble.images import MAX_BYTES, MAX_PIXELS
from page import KEEP_SECONDS
from page.html import render
from page.uploads import source
from page.words import everywhere, text

SCRIPT = Path(__file__).with_name("picker.js").read_text("utf-8")


def component(elem_id, main=False):
    """The picker of a tab.

    Parameters
    ----------
    elem_id : str
    main : bool
        With a camera and a link, and for all that is pasted or dropped while no other picker is
        on screen. One of the page's pickers is.

    Returns
    -------
    gradio.HTML
        Its event `upload` has for `uploaded` what was chosen; `submit` has `{"address", "serial"}`,
        and `clear` says that the image was removed.
    """
    return gr.HTML(everywhere(lambda language: choice(main, language)), apply_default_css=False,
                   elem_id=elem_id, js_on_load=SCRIPT)


def choice(main=False, language="en"):
    """Ways to give an image, and what happens to it."""
    formats = ACCEPTED if language == "en" else ACCEPTED.replace(" or ", ", ")
    limits = text("judge.limits", language, formats=formats, megabytes=MAX_BYTES // 2**20,
                  megapixels=MAX_PIXELS // 10**6, minutes=round(KEEP_SECONDS * 1.5 / 60))
    return str(render("picker.html", language, largest=MAX_BYTES, limits=limits, main=main))


def uploaded(given):
    """The path of the file that a visitor chose.

    Parameters
    ----------
    given : dict
        `name`, `size` and, if the file was sent, `path`, as the browser says.

    Raises
    ------
    FileTooLarge
        If it has more than `MAX_BYTES`, and so was not sent.
    NotAFile
        If it did not arrive.
    """
    given = given if isinstance(given, dict) else {}
    check_sent(given, name := str(given.get("name", "")))
    try:
        return source({"path": given["path"]})
    except gr.Error as error:  # whose words are English, for programs
        raise NotAFile("not_uploaded", name=name) from error


def check_sent(given, name):
    """Refuse a file that the browser did not send.

    Parameters
    ----------
    given : dict
        See `uploaded`.
    name : str
        What the refusal calls it.

    Raises
    ------
    FileTooLarge, NotAFile
        See `uploaded`.
    """
    if "path" in given:
        return
    size = given.get("size")
    if isinstance(size, int) and size > MAX_BYTES:
        raise FileTooLarge("file_too_large", megabytes=f"{size / 2**20:.1f}",
                           most=MAX_BYTES // 2**20)
    raise NotAFile("not_uploaded", name=name)

"""What the ensemble can open of what a request holds."""

import base64
import binascii

import gradio as gr
from gradio.utils import get_upload_folder, is_in_or_equal

from ensemble import ImageError
from ensemble.errors import FileTooLarge, NotAFile
from ensemble.images import MAX_BYTES
from page.links import fetch

MAX_TOGETHER = 250 * 2**20  # bytes that one request may have fetched and decoded


def source(file):
    """What the ensemble can open of what a request holds.

    Parameters
    ----------
    file : dict or str
        A file that was uploaded, as Gradio describes it, a `data:` URI or a web address.

    Returns
    -------
    str or bytes
        The path of the upload; the content of the URI or the address.

    Raises
    ------
    NotAFile
        If the URI is not base64, or the address can't be fetched.
    FileTooLarge
        If either has more than `MAX_BYTES`; a longer URI is not decoded.
    gradio.Error
        If it is none of the three, or a path outside the uploads.
    """
    if isinstance(file, str) and file.startswith("data:"):
        return _decoded(file)
    if isinstance(file, str) and file.startswith(("http://", "https://")):
        return fetch(file)
    if not isinstance(file, dict) or not isinstance(file.get("path"), str):
        raise gr.Error("Give an image: an uploaded file, a data: URI or a web address.",
                       print_exception=False)
    # Stricter than Gradio's own check, which lets the public files of the page pass.
    if not is_in_or_equal(file["path"], get_upload_folder()):
        raise gr.Error("The file is not one that was uploaded.", print_exception=False)
    return file["path"]


def sources(files):
    """`source` of each of the files of one request, one after the other as they are asked for.

    Parameters
    ----------
    files : iterable
        Of what `source` takes.

    Yields
    ------
    str, bytes or ImageError
        In the order given: an error stands in the place of a file that can't be had, and of every
        URI and address after `MAX_TOGETHER` bytes of them. Uploads don't count: they are here.

    Raises
    ------
    gradio.Error
        As `source` does.
    """
    taken = 0
    for file in files:
        try:
            if taken > MAX_TOGETHER and isinstance(file, str):
                raise FileTooLarge("too_large_together", most=MAX_TOGETHER // 2**20)
            content = source(file)
        except ImageError as error:
            yield error
            continue
        taken += len(content) if isinstance(content, bytes) else 0
        yield content


def _decoded(uri):
    start = uri.find(",") + 1
    least = (len(uri) - start) * 3 // 4 - 2  # bytes; the last two characters may be padding
    if least > MAX_BYTES:
        raise FileTooLarge("file_too_large", megabytes=f"{least / 2**20:.1f}",
                           most=MAX_BYTES // 2**20)
    try:
        return base64.b64decode(uri[start:], validate=True)
    except binascii.Error as error:
        raise NotAFile("not_base64") from error

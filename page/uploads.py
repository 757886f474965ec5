"""What the ensemble can open of what a request holds."""

import base64
import binascii

import gradio as gr
from gradio.utils import get_upload_folder, is_in_or_equal

from ensemble import ImageError
from ensemble.errors import NotAFile
from page.links import fetch


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
    gradio.Error
        If it is none of the three, or a path outside the uploads.
    """
    if isinstance(file, str) and file.startswith("data:"):
        try:
            return base64.b64decode(file.partition(",")[2], validate=True)
        except binascii.Error as error:
            raise NotAFile("not_base64") from error
    if isinstance(file, str) and file.startswith(("http://", "https://")):
        return fetch(file)
    if not isinstance(file, dict) or not isinstance(file.get("path"), str):
        raise gr.Error("Give an image: an uploaded file, a data: URI or a web address.",
                       print_exception=False)
    # Stricter than Gradio's own check, which lets the public files of the page pass.
    if not is_in_or_equal(file["path"], get_upload_folder()):
        raise gr.Error("The file is not one that was uploaded.", print_exception=False)
    return file["path"]


def source_or_error(file):
    """`source`, but an `ImageError` is given back in its place."""
    try:
        return source(file)
    except ImageError as error:
        return error

"""Where visitors find this app, and where they report its mistakes."""

import os
from urllib.parse import urlencode

from ensemble.vote import percent


def address():
    """For the examples of the API and for links: the Space's own host, else this machine."""
    if host := os.environ.get("SPACE_HOST"):
        return f"https://{host}"
    return f"http://127.0.0.1:{os.environ.get('GRADIO_SERVER_PORT', 7860)}"


def mistake_address(taken=None):
    """The form for a new issue, filled in with what was said; never with the image.

    Parameters
    ----------
    taken : dict, optional
        A result as the visitor takes it away; the file's name and hash, and what its notes hold,
        stay out.

    Returns
    -------
    str or None
        On GitHub if `ISSUES_REPO` names a repository (USER/NAME), else in the discussions of
        the Space; None where there is neither.
    """
    title, body = "A mistake", ""
    if taken:
        title = f"{taken['answer']} is wrong ({percent(taken['p_ai'])} AI)"
        votes = "\n".join(f"- {vote['member']}: {vote['p_ai']} {vote['label']}"
                          for vote in taken["votes"])
        evidence = ", ".join(f"{note['source']}: {note['key']}" for note in taken["evidence"])
        body = (f"Answer: {taken['answer']}, because of {taken['because']}\n"
                f"Evidence: {evidence or 'none'}\n"
                f"Models: {taken['pack']} of {', '.join(taken['packs'])}\n"
                f"Vote: {taken['label']}, {taken['certainty']}, {taken['agreement']}\n"
                f"p_ai: {taken['p_ai']}\n{votes}\n"
                f"Size: {taken['width']} × {taken['height']}\n\n"
                f"What the image really is, and how you know:\n\n")
    if repo := os.environ.get("ISSUES_REPO"):
        return f"https://github.com/{repo}/issues/new?{urlencode({'title': title, 'body': body})}"
    if space := os.environ.get("SPACE_ID"):
        filled = urlencode({"title": title, "description": body})
        return f"https://huggingface.co/spaces/{space}/discussions/new?{filled}"
    return None

"""Prepare a poor photo: less blur, less noise, more light; before and after, seen and judged."""

import io
from dataclasses import dataclass
from pathlib import Path

import gradio as gr
import numpy as np
from gradio.processing_utils import save_bytes_to_cache
from PIL import Image

from ensemble import ImageError, Verdict, enhance, open_picture
from page import JUDGES, KEEP_SECONDS, packs, picker
from page.html import render
from page.panel import data_uri
from page.words import LABELS, error_text, everywhere, label, language, member_text, text

PREVIEWED = 4_000_000  # pixels that are prepared at every change; of more, a reduced picture
SIDE = 720  # of the pictures on the page
# Noise goes first: raising the light and the edges would raise it, too.
STEPS = {"noise": enhance.denoise, "light": enhance.brighten, "blur": enhance.sharpen}

SCRIPT = Path(__file__).with_name("prepare.js").read_text("utf-8")
SAVE_JS = """(file) => {
  if (!file) return;
  const link = document.createElement('a');
  Object.assign(link, {href: file.url, download: 'prepared.png'});
  document.body.append(link);
  link.click();
  link.remove();
}"""


@dataclass(eq=False)
class Original:
    """A picture as it was given; kept for a visitor's next change, and judged once.

    Attributes
    ----------
    given : path or bytes
    rgb : ndarray of uint8, shape [H, W, 3]
        At most `PREVIEWED` pixels.
    verdict : Verdict
        Of the file as it is.
    """

    given: str | bytes
    rgb: np.ndarray
    verdict: Verdict

    @classmethod
    def read(cls, ensemble, given):
        """Open and judge a file.

        Raises
        ------
        ImageError
        """
        return cls(given, preview(given), ensemble.judge(given))


def tab(ensemble):
    """Give a picture, turn the three controls, look, and download the result."""
    gr.HTML(everywhere(lambda language: str(render("prepare_lead.html", language))),
            apply_default_css=False)
    given = gr.State()  # what the browser says of the file
    # The original is kept no longer than its upload.
    known = gr.State(time_to_live=KEEP_SECONDS)
    with gr.Row(elem_id="prepare", equal_height=False):
        with gr.Column(scale=2, min_width=300):
            image = picker.component("poor")
            strengths = [gr.Slider(0, 100, 0, step=5, label=label(f"prepare.{name}"),
                                   elem_id=f"prepare-{name}") for name in STEPS]
            save = gr.Button(label("prepare.download"), interactive=False, elem_id="prepared")
            file = gr.DownloadButton(visible="hidden")
        with gr.Column(scale=3, min_width=300):
            shown = gr.HTML(everywhere(lambda language: comparison(ensemble, None, None, language)),
                            apply_default_css=False, elem_id="compared", js_on_load=SCRIPT)

    def prepare(given, original, noise, light, blur, request: gr.Request):
        locale, waiting = language(request), gr.Button(interactive=False)
        if given is None:
            return None, comparison(ensemble, None, None, locale), waiting
        serial = _serial(given)
        try:
            path = picker.uploaded(given)
            if original is None or original.given != path:
                original = Original.read(ensemble, path)
            changed = prepared(original.rgb, (noise, light, blur))
            html = comparison(ensemble, original, changed, locale, serial)
        except ImageError as error:
            return None, problem(error_text(error, locale), locale, serial), waiting
        return original, html, gr.Button(interactive=changed is not original.rgb)

    def make(given, noise, light, blur, request: gr.Request):
        try:
            changed = prepared(open_picture(picker.uploaded(given)).rgb, (noise, light, blur))
        except ImageError as error:
            locale = language(request)
            return None, problem(error_text(error, locale), locale, _serial(given))
        return save_bytes_to_cache(_png(changed), "prepared.png", file.GRADIO_CACHE), gr.skip()

    def failed(request: gr.Request):
        locale = language(request)
        return problem(text("panel.failed_line", locale), locale, title="panel.failed_title")

    def keep(event: gr.EventData):
        return event._data

    alone = JUDGES | {"concurrency_id": "prepare", "concurrency_limit": 2}
    visibly = alone | {"show_progress": "minimal"}
    at_once = {"queue": False, "api_visibility": "private", "show_progress": "hidden"}
    latest = {"inputs": [given, known, *strengths], "outputs": [known, shown, save],
              "trigger_mode": "always_last"}
    # A choice is kept first, at once: "always_last" would not say which of two it was.
    asked = [image.upload(keep, None, given, trigger_mode="multiple", **at_once)
             .then(prepare, **latest, **alone),
             image.clear(lambda: None, None, given, **at_once)
             .then(prepare, **latest, **alone),
             gr.on([slider.change for slider in strengths], prepare, **latest, **visibly,
                   show_progress_on=shown),
             save.click(make, [given, *strengths], [file, shown], **visibly,
                        show_progress_on=save)]
    asked[-1].success(None, file, None, js=SAVE_JS)
    for event in asked:
        event.failure(failed, None, shown, **at_once)  # not in the queue, which may be full


def preview(given):
    """The picture as it is prepared at every change.

    Parameters
    ----------
    given : path or bytes

    Returns
    -------
    ndarray of uint8, shape [H, W, 3]
        Reduced if it has more than `PREVIEWED` pixels.

    Raises
    ------
    ImageError
    """
    rgb = open_picture(given, at_least=int(PREVIEWED ** 0.5)).rgb
    height, width = rgb.shape[:2]
    if height * width <= PREVIEWED:
        return rgb
    scale = (PREVIEWED / (height * width)) ** 0.5
    size = max(1, int(width * scale)), max(1, int(height * scale))
    return np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.LANCZOS, reducing_gap=2))


def prepared(rgb, strengths):
    """Reduce noise, raise the light and reduce blur, in this order.

    Parameters
    ----------
    rgb : ndarray of uint8, shape [H, W, 3]
    strengths : sequence of float
        One for each of `STEPS`, 0 to 100.

    Returns
    -------
    ndarray of uint8, shape [H, W, 3]
        The very array that was given if all strengths are 0.
    """
    for step, strength in zip(STEPS.values(), strengths, strict=True):
        if strength:
            rgb = step(rgb, strength / 100)
    return rgb


def problem(why, language, serial="", title="panel.problem_title"):
    """In place of the comparison, why there is none.

    Parameters
    ----------
    why : str
    language : str
    serial : str
        Of the choice that it answers; none, and it answers all.
    title : str
        Its key.
    """
    return str(render("prepare_problem.html", language, why=why, serial=serial, title=title))


def comparison(ensemble, original, changed, language, serial=""):
    """Both pictures under a movable edge, and what every member says of each.

    Parameters
    ----------
    ensemble : Ensemble
    original : Original or None
        None before there is a picture.
    changed : ndarray of uint8, shape [H, W, 3], or None
        What became of `original.rgb`; the same array if nothing was changed.
    language : str
    serial : str
        Of the choice that it answers.
    """
    models, before, after, pictures, line = packs.in_order(ensemble)[0], None, None, [], "waiting"
    if original:
        models = next(models for models in ensemble.packs if models.name == original.verdict.pack)
        before, line = original.verdict, "unchanged"
        pictures = [_uri(original.rgb), _uri(changed)]
        if changed is not original.rgb:
            after, line = ensemble.judge(changed), "changed"
    rows = [{"name": member_text(entry, language)[0], "before": before and before.votes[at].p_ai,
             "after": after and after.votes[at].p_ai}
            for at, entry in enumerate(models.manifest["members"])]
    rows.append({"name": text("prepare.ensemble", language), "before": before and before.p_ai,
                 "after": after and after.p_ai})
    answers = [verdict and text(LABELS[verdict.answer], language) for verdict in (before, after)]
    return str(render("prepare.html", language, pictures=pictures, rows=rows, answers=answers,
                      line=text(f"prepare.{line}", language), serial=serial))


def _serial(given):
    return str(given.get("serial", "")) if isinstance(given, dict) else ""


def _uri(rgb):
    image = Image.fromarray(rgb)
    image.thumbnail((SIDE, SIDE), reducing_gap=2)
    return data_uri(image, "PNG" if max(rgb.shape[:2]) <= SIDE / 4 else "JPEG")


def _png(rgb):
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG", compress_level=3)
    return file.getvalue()

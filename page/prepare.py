"""Prepare a poor photo: less blur, less noise, more light; before and after, seen and judged."""

import io
from dataclasses import dataclass

import gradio as gr
import numpy as np
from gradio.processing_utils import save_bytes_to_cache
from PIL import Image

from ensemble import ImageError, Verdict, enhance, open_picture
from page import JUDGES, KEEP_SECONDS, packs
from page.html import render
from page.panel import data_uri
from page.uploads import source
from page.words import LABELS, error_text, everywhere, label, language, member_text, text

PREVIEWED = 4_000_000  # pixels that are prepared at every change; of more, a reduced picture
SIDE = 720  # of the pictures on the page
# Noise goes before the light is raised and the edges are, or it would be raised with them.
STEPS = {"noise": enhance.denoise, "light": enhance.brighten, "blur": enhance.sharpen}

# Moves the edge between the two pictures, and keeps it where it was when a new one comes.
SLIDER_JS = """
let at = 50;
const move = () => element.querySelector('.frame')?.style.setProperty('--at', `${at}%`);
element.addEventListener('input', (event) => { at = event.target.value; move(); });
watch('value', () => {
  const input = element.querySelector('.frame input');
  if (input) input.value = at;
  move();
});
"""
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
    # No longer than the upload itself.
    known = gr.State(time_to_live=KEEP_SECONDS)
    with gr.Row(elem_id="prepare", equal_height=False):
        with gr.Column(scale=2, min_width=300):
            image = gr.Image(label=label("prepare.image"), type="filepath", image_mode=None,
                             height=300, sources=["upload", "clipboard"], buttons=[],
                             elem_id="poor", placeholder=label("prepare.placeholder"))
            strengths = [gr.Slider(0, 100, 0, step=5, label=label(f"prepare.{name}"),
                                   elem_id=f"prepare-{name}") for name in STEPS]
            save = gr.Button(label("prepare.download"), interactive=False, elem_id="prepared")
            file = gr.DownloadButton(visible="hidden")
        with gr.Column(scale=3, min_width=300):
            shown = gr.HTML(everywhere(lambda said: comparison(ensemble, None, None, said)),
                            apply_default_css=False, elem_id="compared", js_on_load=SLIDER_JS)

    def prepare(uploaded, original, noise, light, blur, request: gr.Request):
        said, waiting = language(request), gr.Button(interactive=False)
        if uploaded is None:
            return None, comparison(ensemble, None, None, said), waiting
        try:
            given = source(uploaded)
            if original is None or original.given != given:
                original = Original.read(ensemble, given)
            changed = prepared(original.rgb, (noise, light, blur))
            html = comparison(ensemble, original, changed, said)
        except ImageError as error:
            return None, problem(error, said), waiting
        return original, html, gr.Button(interactive=changed is not original.rgb)

    def make(uploaded, noise, light, blur):
        try:
            changed = prepared(open_picture(source(uploaded)).rgb, (noise, light, blur))
        except ImageError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return save_bytes_to_cache(_png(changed), "prepared.png", file.GRADIO_CACHE)

    alone = JUDGES | {"concurrency_id": "prepare", "concurrency_limit": 2,
                      "show_progress": "minimal"}
    gr.on([image.upload, image.clear, *(slider.change for slider in strengths)], prepare,
          [image, known, *strengths], [known, shown, save], preprocess=False,
          trigger_mode="always_last", **alone, show_progress_on=shown)
    save.click(make, [image, *strengths], file, preprocess=False, **alone,
               show_progress_on=save).success(None, file, None, js=SAVE_JS)


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


def problem(error, language):
    """In place of the comparison, why there is none.

    Parameters
    ----------
    error : ImageError
    language : str
    """
    return str(render("prepare_problem.html", language, error=error_text(error, language)))


def comparison(ensemble, original, changed, language):
    """Both pictures under a movable edge, and what every member says of each.

    Parameters
    ----------
    ensemble : Ensemble
    original : Original or None
        None before there is a picture.
    changed : ndarray of uint8, shape [H, W, 3], or None
        What became of `original.rgb`; the same array if nothing was changed.
    language : str
    """
    models, before, after, pictures, line = packs.in_order(ensemble)[0], None, None, [], "waiting"
    if original:
        models = next(one for one in ensemble.packs if one.name == original.verdict.pack)
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
                      line=text(f"prepare.{line}", language)))


def _uri(rgb):
    image = Image.fromarray(rgb)
    image.thumbnail((SIDE, SIDE), reducing_gap=2)
    return data_uri(image, "PNG" if max(rgb.shape[:2]) <= SIDE / 4 else "JPEG")


def _png(rgb):
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG", compress_level=3)
    return file.getvalue()

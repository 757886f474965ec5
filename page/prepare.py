"""Prepare a poor photo: less blur, less noise, more light; before and after, seen and judged."""

import io
from html import escape

import gradio as gr
import numpy as np
from gradio.processing_utils import save_bytes_to_cache
from PIL import Image

from ensemble import ImageError, enhance
from ensemble.images import open_picture
from ensemble.vote import percent
from page import JUDGES
from page.panel import WORDS, bar, data_uri
from page.uploads import source
from page.words import everywhere, label, language, text

LARGEST = 2048  # pixels of the longer side that are prepared; more take too long
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


def tab(ensemble):
    """Give a picture, turn the three controls, look, and download the result."""
    gr.HTML(everywhere(introduction), apply_default_css=False)
    with gr.Row(elem_id="prepare", equal_height=False):
        with gr.Column(scale=2, min_width=300):
            image = gr.Image(label=label("prepare.image"), type="filepath", image_mode=None,
                             height=300, sources=["upload", "clipboard"], buttons=[],
                             elem_id="poor", placeholder=label("prepare.placeholder"))
            strengths = [gr.Slider(0, 100, 0, step=5, label=label(f"prepare.{name}"),
                                   elem_id=f"prepare-{name}") for name in STEPS]
            download = gr.DownloadButton(label("prepare.download"), interactive=False,
                                         elem_id="prepared")
        with gr.Column(scale=3, min_width=300):
            shown = gr.HTML(everywhere(lambda said: comparison(ensemble, None, said)),
                            apply_default_css=False, elem_id="compared", js_on_load=SLIDER_JS)

    def prepare(file, noise, light, blur, request: gr.Request):
        said, nothing = language(request), gr.DownloadButton(value=None, interactive=False)
        if file is None:
            return comparison(ensemble, None, said), nothing
        try:
            given = source(file)
            before = opened(given)
            after = prepared(before, (noise, light, blur))
            html = comparison(ensemble, (given, before, after), said)
        except ImageError as error:
            return problem(str(error), said), nothing
        if after is before:
            return html, nothing
        path = save_bytes_to_cache(_png(after), "prepared.png", download.GRADIO_CACHE)
        return html, gr.DownloadButton(value=path, interactive=True)

    alone = JUDGES | {"concurrency_id": "prepare", "concurrency_limit": 2,
                      "show_progress": "minimal", "show_progress_on": shown}
    gr.on([image.upload, image.clear, *(slider.change for slider in strengths)], prepare,
          [image, *strengths], [shown, download], preprocess=False, trigger_mode="always_last",
          **alone)


def opened(given):
    """The picture as it is prepared: reduced where it is very large.

    Parameters
    ----------
    given : path or bytes

    Returns
    -------
    ndarray of uint8, shape [H, W, 3]
        Neither side longer than `LARGEST`.

    Raises
    ------
    ImageError
    """
    rgb = open_picture(given, at_least=LARGEST).rgb
    if max(rgb.shape[:2]) <= LARGEST:
        return rgb
    image = Image.fromarray(rgb)
    image.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    return np.asarray(image)


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


def introduction(language):
    """What this tab does."""
    return (f'<section class="lead"><h2>{text("prepare.title", language)}</h2>'
            f'<p>{text("prepare.lead", language)}</p>'
            f'<p class="limits">{text("prepare.limits", language, side=LARGEST)}</p></section>')


def problem(message, language):
    """In place of the comparison, why there is none."""
    return (f'<section class="comparison"><div class="frame blank"></div><p><b>'
            f'{text("panel.problem_title", language)}</b></p><p lang="en">{escape(message)}</p>'
            f'</section>')


def comparison(ensemble, compared, language):
    """Both pictures under a movable edge, and what every member says of each.

    Parameters
    ----------
    ensemble : Ensemble
    compared : tuple or None
        What was given (path or bytes), the picture before and the one after, both uint8
        [H, W, 3]; the same array twice if nothing was changed. None before there is a picture.
    language : str
    """
    if compared is None:
        pictures = '<div class="frame blank"></div>'
        before, after, line = None, None, text("prepare.waiting", language)
    else:
        given, old, new = compared
        pictures = _frame(old, new, language)
        # What the Judge tab says of the file, and would say of the one that can be downloaded.
        before, after = ensemble.judge(given), None if new is old else ensemble.judge(new)
        line = text("prepare.unchanged" if new is old else "prepare.caveat", language)
    names = ([vote.member for vote in before.votes] if before
             else [member.name for member in ensemble.packs[0].members])
    votes = [(escape(name), before and before.votes[at], after and after.votes[at])
             for at, name in enumerate(names)]
    rows = "".join(f'<tr><th scope="row">{name}</th>{_said(left, language)}'
                   f'{_said(right, language)}</tr>'
                   for name, left, right in
                   [*votes, (text("prepare.ensemble", language), before, after)])
    sure = "".join(f"<td>{text(f'common.{verdict.certainty}', language) if verdict else '–'}</td>"
                   for verdict in (before, after))
    heads = "".join(f'<th scope="col">{text(f"prepare.{name}", language)}</th>'
                    for name in ("before", "after"))
    return f"""<section class="comparison" aria-label="{text("prepare.compared", language)}">
<figure class="slider">{pictures}<figcaption class="ends"><span>{text("prepare.before", language)}
</span><span></span><span>{text("prepare.after", language)}</span></figcaption></figure>
<table class="scores versus"><caption>{text("prepare.votes", language)}</caption>
<thead><tr><td></td>{heads}</tr></thead><tbody>{rows}
<tr><th scope="row">{text("prepare.certainty", language)}</th>{sure}</tr></tbody></table>
<p class="limits" role="status">{line}</p></section>"""


def _frame(before, after, language):
    names = {name: escape(text(f"prepare.{name}", language))
             for name in ("before", "after", "slide")}
    return f"""<div class="frame">
<img src="{_uri(before)}" alt="{names["before"]}">
<img class="map" src="{_uri(after)}" alt="{names["after"]}">
<input type="range" min="0" max="100" value="50" aria-label="{names["slide"]}">
<i class="edge"></i></div>"""


def _said(said, language):
    if said is None:
        return "<td>–</td>"
    return (f'<td><span class="number">{percent(said.p_ai)}</span> {bar(said.p_ai)}'
            f'<small>{text(WORDS[said.label], language)}</small></td>')


def _uri(rgb):
    image = Image.fromarray(rgb)
    image.thumbnail((SIDE, SIDE))
    return data_uri(image, "PNG" if max(rgb.shape[:2]) <= SIDE / 4 else "JPEG")


def _png(rgb):
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "PNG", compress_level=3)
    return file.getvalue()

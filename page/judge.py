"""The tab Judge: one image, its verdict, what its file says, and examples to try."""

import json
from html import escape
from pathlib import Path

import gradio as gr

from ensemble import ImageError, Verdict
from ensemble.errors import ACCEPTED
from ensemble.images import MAX_BYTES, MAX_PIXELS
from page import JUDGES, KEEP_SECONDS, notes, panel
from page.examples import galleries, hard
from page.links import fetch
from page.uploads import source
from page.words import everywhere, label, language, text

GALLERY_SCRIPT = Path(__file__).with_name("gallery.js").read_text("utf-8")


def tab(ensemble):
    """Lay the tab out.

    Parameters
    ----------
    ensemble : Ensemble
    """
    examples = galleries(ensemble) | hard(ensemble)
    with gr.Row(elem_id="judge", equal_height=False):
        with gr.Column(scale=2, min_width=300):
            image = gr.Image(label=label("judge.image"), type="filepath", image_mode=None,
                             height=420, sources=["upload", "clipboard", "webcam"], buttons=[],
                             elem_id="image", placeholder=label("judge.placeholder"))
            with gr.Row(elem_id="link", equal_height=True):
                link = gr.Textbox(label=label("judge.link"), max_lines=1, scale=3, min_width=160,
                                  placeholder=label("judge.link_placeholder"),
                                  html_attributes=gr.InputHTMLAttributes(
                                      autocomplete="url", spellcheck=False))
                button = gr.Button(label("judge.link_button"), scale=1, min_width=110)
            gr.HTML(everywhere(limits), apply_default_css=False)
            said = gr.HTML(everywhere(notes.waiting), apply_default_css=False, elem_id="notes")
        with gr.Column(scale=3, min_width=300):
            waiting = everywhere(lambda language: panel.waiting(ensemble, language))
            verdict = gr.HTML(waiting, apply_default_css=False, elem_id="verdict",
                              js_on_load=panel.SCRIPT)
    results = [verdict, said]

    def judge_upload(file, request: gr.Request):
        return outcome(ensemble, source(file), file.get("orig_name") or "", language(request))

    def judge_link(address, request: gr.Request):
        # The picture that was uploaded makes room: the verdict isn't about it.
        return None, *link_outcome(ensemble, address, language(request))

    def judge_example(group):
        def judge(event: gr.EventData, request: gr.Request):
            return None, *example_outcome(ensemble, chosen(examples[group], event._data),
                                          language(request))
        return judge

    def judge_named(request: gr.Request):
        name = request.query_params.get("example")
        found = next((example for group in examples.values() for example in group
                      if example.slug == name), None)
        if not found:
            return gr.skip(), gr.skip()
        return example_outcome(ensemble, found, language(request))

    # `upload` comes once for a file, a paste and a snapshot alike; of two in a row the
    # last counts. preprocess=False: Gradio would open the file itself, and decode some.
    image.upload(judge_upload, image, results, preprocess=False, trigger_mode="always_last",
                 **JUDGES)
    # In the browser alone, so that it can't overtake a verdict.
    image.clear(None, None, results,
                js=f"() => {json.dumps([waiting, everywhere(notes.waiting)])}")
    gr.on([link.submit, button.click], judge_link, link, [image, *results],
          trigger_mode="once", **JUDGES)
    for group, found in examples.items():
        html = everywhere(lambda language, group=group, found=found:
                          gallery(group, found, language))
        shown = gr.HTML(html, apply_default_css=False, elem_classes="gallery",
                        js_on_load=GALLERY_SCRIPT)
        shown.click(judge_example(group), None, [image, *results], **JUDGES)
    gr.on(None, judge_named, None, results, **JUDGES)


def outcome(ensemble, given, name, language="en", example=None, whole=False):
    """The HTML of the verdict and of the notes, for an image as `Ensemble.judge` takes it."""
    try:
        picture = ensemble.open(given)
        found = notes.read(given)
    except ImageError as error:
        return panel.problem(ensemble, str(error), language), notes.waiting(language)
    return (panel.result(ensemble, picture, name, example, found, whole, language),
            notes.shown(found, language))


def link_outcome(ensemble, address, language="en"):
    """`outcome` for a web address that a visitor typed."""
    address = (address or "").strip()
    if not address.startswith(("https://", "http://")):
        malformed = text("judge.link_malformed", language)
        return panel.problem(ensemble, malformed, language), notes.waiting(language)
    try:
        return outcome(ensemble, fetch(address), address, language, whole=True)
    except ImageError as error:
        return panel.problem(ensemble, str(error), language), notes.waiting(language)


def example_outcome(ensemble, example, language="en"):
    """`outcome` for an example; None still waits for one."""
    if example is None:
        return panel.waiting(ensemble, language), notes.waiting(language)
    return outcome(ensemble, example.path, example.path.name, language, example)


def chosen(examples, data):
    """The example that a click names; None if it names none."""
    index = data.get("index") if isinstance(data, dict) else None
    if type(index) is not int or not 0 <= index < len(examples):
        return None
    return examples[index]


def limits(language="en"):
    """What is accepted, and what happens to it."""
    formats = ACCEPTED if language == "en" else ACCEPTED.replace(" or ", ", ")
    return f"""<p class="limits">{text(
        "judge.limits", language, formats=formats, megabytes=MAX_BYTES // 2**20,
        megapixels=MAX_PIXELS // 10**6, minutes=round(KEEP_SECONDS * 1.5 / 60))}</p>"""


def gallery(group, examples, language="en"):
    """One gallery: a button a picture, with what the ensemble says and the truth."""
    items = "".join(_thumbnail(index, example, language)
                    for index, example in enumerate(examples))
    right = sum(getattr(example.verdict, "label", None) == example.truth for example in examples)
    return f"""<section><h2>{text(f"judge.examples_{group}", language)}</h2>
<p>{text(f"judge.about_{group}", language)}
{text("judge.right_about", language, right=right, count=len(examples))}</p>
<ul>{items}</ul></section>"""


def _thumbnail(index, example, language):
    if isinstance(example.verdict, Verdict):
        right = example.verdict.label == example.truth
        label = text(panel.WORDS[example.verdict.label], language)
        said = f"{'✓' if right else '✗'} <b>{label}</b>"
        sure = f'<small>{text(f"common.{example.verdict.certainty}", language)}</small>'
    else:
        right, said, sure = False, text("judge.cannot", language), ""
    truth = text("judge.truth", language, label=text(panel.WORDS[example.truth], language))
    made = (f'<small>{text(f"judge.by_{example.generator}", language)}</small>'
            if example.generator else "")
    whole = ' class="whole" loading="lazy"' * (example.path == example.full)
    return f"""<li><button type="button" data-index="{index}" class="{'' if right else 'missed'}">
<img src="{example.address}" alt="{escape(example.name)}" width="32" height="32"{whole}>
<span>{said}</span>{sure}<small>{truth}</small>{made}</button></li>"""

"""The tab Judge: one image, the answer, and examples to try."""

from pathlib import Path

import gradio as gr

from ensemble import ImageError, Verdict
from ensemble.errors import NotAFile
from ensemble.images import read_bytes
from ensemble.vocabulary import CANT_TELL
from page import JUDGES, panel, picker
from page.examples import galleries, hard
from page.gallery import GROUPS as TODAY
from page.gallery import today
from page.html import render
from page.links import fetch
from page.words import LABELS, everywhere, language, text

GALLERY_JS = Path(__file__).with_name("gallery.js").read_text("utf-8")


def tab(ensemble):
    """Lay the tab out.

    Parameters
    ----------
    ensemble : Ensemble
    """
    with gr.Row(elem_id="judge", equal_height=False):
        with gr.Column(scale=2, min_width=300):
            image = picker.component("image", main=True)
        with gr.Column(scale=3, min_width=300):
            answer = gr.HTML(everywhere(panel.waiting), apply_default_css=False,
                             elem_id="verdict", js_on_load=panel.SCRIPT)

    def judge_upload(event: gr.EventData, request: gr.Request):
        return upload_outcome(ensemble, event._data, language(request))

    def judge_link(event: gr.EventData, request: gr.Request):
        return link_outcome(ensemble, event._data, language(request))

    def judge_example(event: gr.EventData, request: gr.Request):
        example, given = chosen(ensemble, event._data), event._data
        serial = given.get("serial") if isinstance(given, dict) else None
        return example_outcome(ensemble, example, language(request), serial)

    def judge_named(request: gr.Request):
        named = request.query_params
        if named.get("link"):
            return link_outcome(ensemble, {"address": named["link"]}, language(request))
        example = chosen(ensemble, {"slug": named.get("example")})
        return example_outcome(ensemble, example, language(request)) if example else gr.skip()

    def show_today(request: gr.Request):
        groups = today(ensemble)
        return [gallery(group, groups[group], language(request)) if group in groups else ""
                for group in TODAY]

    def failed(request: gr.Request):
        return panel.failed(language(request))

    # Of two choices in a row the last counts; the browser shows no answer to an earlier one. With
    # "always_last" Gradio would ask for the last one without saying which it is.
    asked = [image.upload(judge_upload, None, answer, trigger_mode="multiple", **JUDGES),
             image.submit(judge_link, None, answer, trigger_mode="multiple", **JUDGES)]
    # Pictures of today may come after the start, and not at all: they are shown as they are then.
    shown = [gr.HTML("", apply_default_css=False, elem_classes="gallery",
                     js_on_load=GALLERY_JS) for _ in TODAY]
    gr.on(None, show_today, None, [*shown], api_visibility="private", show_progress="hidden")
    for group, examples in (galleries(ensemble) | hard(ensemble)).items():
        html = everywhere(lambda language, group=group, examples=examples:
                          gallery(group, examples, language))
        shown.append(gr.HTML(html, apply_default_css=False, elem_classes="gallery",
                             js_on_load=GALLERY_JS))
    asked += [part.click(judge_example, None, answer, trigger_mode="multiple", **JUDGES)
              for part in shown]
    asked.append(gr.on(None, judge_named, None, answer, **JUDGES))
    for event in asked:
        # Not in the queue, which may be what is full.
        event.failure(failed, None, answer, queue=False, api_visibility="private",
                      show_progress="hidden")


def upload_outcome(ensemble, given, language="en"):
    """The panel for what the browser says of a file that was chosen.

    Parameters
    ----------
    ensemble : Ensemble
    given : dict
        `name`, `size`, `serial` and, if the file was sent, `path`.
    language : str
    """
    chosen_file = given if isinstance(given, dict) else {}
    name, serial = str(chosen_file.get("name", "")), chosen_file.get("serial")
    try:
        data = read_bytes(picker.uploaded(chosen_file))
    except ImageError as error:
        return panel.problem(error, language, serial)
    return outcome(ensemble, data, name, language, serial=serial)


def link_outcome(ensemble, given, language="en"):
    """The panel for a web address that a visitor typed, `{"address", "serial"}`."""
    given = given if isinstance(given, dict) else {}
    address, serial = str(given.get("address", "")).strip(), given.get("serial")
    try:
        if not address.startswith(("https://", "http://")):
            raise NotAFile("address_malformed")
        return outcome(ensemble, fetch(address), address, language, serial=serial, link=address)
    except ImageError as error:
        return panel.problem(error, language, serial)


def example_outcome(ensemble, example, language="en", serial=None):
    """The panel for an example; None still waits for one."""
    if example is None:
        return panel.waiting(language)
    return outcome(ensemble, read_bytes(example.path), example.path.name, language, example, serial)


def outcome(ensemble, data, name, language="en", example=None, serial=None, link=""):
    """The panel for an image's bytes."""
    try:
        picture = ensemble.open(data)
    except ImageError as error:
        return panel.problem(error, language, serial)
    return panel.result(ensemble, picture, panel.File.from_data(name, data), example, language,
                        serial, link)


def chosen(ensemble, data):
    """The example that a click or an address names, `{"slug"}`; None if it names none."""
    slug = data.get("slug") if isinstance(data, dict) else None
    groups = today(ensemble) | galleries(ensemble) | hard(ensemble)
    return next((example for examples in groups.values() for example in examples
                 if example.slug == slug), None)


def gallery(group, examples, language="en"):
    """One gallery: a button a picture, with what the ensemble says and the truth."""
    right = sum(getattr(example.verdict, "answer", None) == example.truth for example in examples)
    return str(render("gallery.html", language, group=group, right=right,
                      examples=[_thumbnail(example, language) for example in examples]))


def _thumbnail(example, language):
    verdict = example.verdict
    answer = verdict.answer if isinstance(verdict, Verdict) else None
    return {
        "address": example.address, "slug": example.slug,
        "name": text(example.source.shows, language) if example.source else example.name,
        "pixels": example.path != example.full, "missed": answer not in (example.truth, CANT_TELL),
        "mark": "" if answer == CANT_TELL else "✓ " if answer == example.truth else "✗ ",
        "answer": text(LABELS[answer] if answer else "judge.cannot", language),
        "truth": text("judge.truth", language, label=text(LABELS[example.truth], language)),
        "maker": example.source.made_by if example.source else (
            example.generator and text(f"judge.by_{example.generator}", language))}

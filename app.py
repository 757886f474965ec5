"""The Space: a page and an API for the ensemble. `python app.py` serves both.

No upload is decoded here: components hand over the path of the file as it came, and
`ensemble.images` checks it before anything else looks inside.
"""

import json
import os
import signal
import sys
from pathlib import Path

import gradio as gr
from starlette.middleware import Middleware

from ensemble import Ensemble, ImageError, memory
from ensemble.evidence import trust
from ensemble.evidence.trust import TrustError
from ensemble.images import MAX_BYTES
from ensemble.pack import PackError
from ensemble.shipped import shipped
from page import (
    CONCURRENT,
    KEEP_SECONDS,
    WAITING,
    about,
    judge,
    learn,
    many,
    prepare,
    quality,
    upkeep,
    zero_gpu,
)
from page.doors import MAX_BODY, Doors, waiting_bytes
from page.examples import EXAMPLES
from page.figures import ROUTE as FIGURES
from page.gallery import gallery
from page.html import render
from page.language import LanguageFirst
from page.theme import THEME
from page.uploads import source, sources
from page.words import LANGUAGES, everywhere, label, text, translations

BATCH = 100  # files in one request
TABS = {"judge": judge, "many": many, "learn": learn, "prepare": prepare, "quality": quality,
        "about": about}
PAGE = Path(about.__file__).parent
HEADER_JS = (PAGE / "header.js").read_text("utf-8")

zero_gpu.declare()


def build(ensemble):
    """The page and the endpoints of one ensemble.

    Parameters
    ----------
    ensemble : Ensemble

    Returns
    -------
    gradio.Blocks
    """
    def detect(image: gr.FileData) -> dict:
        """Say whether an image is real or AI-generated, by what its file proves or by a vote.

        The result has answer ("AI-generated", "Partly AI-generated", "Real" or "Can't tell"),
        because (what it rests on: "credentials", "mark", "notes" or "models") and evidence (a list
        of what file and pixels say, each with source, says, key, sentence and fields); then how the
        models voted: pack (which models), label ("AI-generated" or "Real"), p_ai (calibrated
        probability of AI, from 0 to 1), certainty ("confident", "likely" or "uncertain"), agreement
        ("3-0" or "2-1"), votes (a list of member, p_ai and label) and reasons (a list of sentences,
        why they are uncertain); and width and height in pixels.

        Parameters:
            image: JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF or HEIC, at most 25 MB and 50 megapixels.
        """
        try:
            return ensemble.judge(source(image)).as_dict()
        except ImageError as error:
            raise gr.Error(str(error), title=type(error).__name__,
                           print_exception=False) from error

    def detect_batch(images: list[gr.FileData]) -> list[dict]:
        """Say of each of many images whether it is real or AI-generated.

        The result is a list in the order given: of each image what detect gives, or error and
        message if it can't be judged.

        Parameters:
            images: List of at most 100 image files, each as for detect; 250 MB of addresses.
        """
        if not isinstance(images, list):
            raise gr.Error("Give a list of image files.", print_exception=False)
        if len(images) > BATCH:
            raise gr.Error(f"At most {BATCH} files at once; given {len(images)}.",
                           print_exception=False)
        return [outcome.as_dict() for outcome in ensemble.judge_many(sources(images))]

    upkeep.keep_no_statistics()
    gr.set_static_paths(EXAMPLES)
    with gr.Blocks(title=text("common.title"), analytics_enabled=False,
                   delete_cache=(KEEP_SECONDS // 2, KEEP_SECONDS)) as demo:
        gr.HTML(everywhere(lambda language: header(ensemble, language)), apply_default_css=False,
                js_on_load=HEADER_JS)
        with gr.Tabs(elem_id="tabs", overflow_behavior="wrap"):
            for name, module in TABS.items():
                with gr.Tab(label(f"common.tab_{name}"), id=name, elem_id=f"tab-{name}"):
                    module.tab(ensemble)
        for endpoint in (detect, detect_batch):
            gr.api(endpoint, concurrency_limit=CONCURRENT, concurrency_id="judge")
    # Gradio's other way in, `/gradio_api/run/detect`, goes past the queue.
    return demo.queue(max_size=WAITING, api_open=False)


def header(ensemble, language="en"):
    """Title, what this is, and the notice when another pack than the configured one judges."""
    return str(render("header.html", language, count=len(ensemble.packs[0].members),
                      notice=ensemble.notice, languages=LANGUAGES))


def launch(demo, **options):
    """Start the server; options are those of `gradio.Blocks.launch`.

    Returns
    -------
    str
        The server's own address.
    """
    middleware = [Middleware(Doors, waiting=lambda: waiting_bytes(demo._queue)),
                  Middleware(LanguageFirst)]
    _, url, _ = demo.launch(
        theme=THEME, app_kwargs={"middleware": middleware, "routes": [FIGURES],
                                 "lifespan": upkeep.removing_unfinished_uploads,
                                 "max_body_size": MAX_BODY},
        css_paths=[shipped("app.css", about.__file__), PAGE / "tabs.css"],
        i18n=gr.I18n(**translations()), mcp_server=True, max_file_size=MAX_BYTES,
        show_error=False, ssr_mode=False, run_history=False, enable_monitoring=False, pwa=False,
        state_session_capacity=upkeep.SESSIONS, footer_links=["api"], prevent_thread_lock=True,
        **options)
    upkeep.keep_little(demo)
    improve_mcp(demo.mcp_server_obj)
    return url


def improve_mcp(server):
    """Let the MCP tools answer in JSON, and `source` read their data: URIs and addresses.

    Gradio 6 answers with `str()` of a dict, keeps a file of every data: URI for ever, and
    does not find the URIs in a list.
    """
    content = server.postprocess_output_data
    server.convert_strings_to_filedata = lambda arguments, _: arguments
    server.postprocess_output_data = lambda data, url: content(
        [json.dumps(output, ensure_ascii=False) for output in data], url)


def main():
    """Serve on GRADIO_SERVER_NAME and GRADIO_SERVER_PORT, else as a Space or at home."""
    name = os.environ.get("GRADIO_SERVER_NAME")
    name = name or ("0.0.0.0" if "SPACE_ID" in os.environ else "127.0.0.1")
    memory.give_back()
    try:
        trust.refresh()
        ensemble = Ensemble.load()
    except (PackError, TrustError) as error:
        sys.exit(str(error))
    demo = build(ensemble)
    gallery(ensemble).start()
    launch(demo, server_name=name, server_port=int(os.environ.get("GRADIO_SERVER_PORT", 7860)))
    memory.keep_what_is_there()
    signal.signal(signal.SIGTERM, lambda *_: end(demo))
    demo.block_thread()


def end(demo):
    """End as from the keyboard, and in five seconds: what is being judged is answered before."""
    demo.server_app.stop_event.set()  # for connections that only tell that a page is open
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()

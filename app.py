"""The Space: a page and an API for the ensemble. `python app.py` serves both.

No upload is decoded here: components hand over the path of the file as it came, and
`ensemble.images` checks it before anything else looks inside.
"""

import asyncio
import base64
import binascii
import json
import os
from pathlib import Path

import gradio as gr
from gradio.processing_utils import async_ssrf_protected_get, check_all_files_in_cache

import page
from ensemble import Ensemble, ImageError
from ensemble.images import MAX_BYTES, NotAFile

CONCURRENT = 4  # images judged at the same time; the members use all cores for each
WAITING = 64  # requests in the queue before new ones are refused
BATCH = 100  # files in one request
KEEP_SECONDS = 600  # how long an upload stays, for the page to show it

THEME = gr.themes.Base(
    primary_hue=gr.themes.colors.slate, neutral_hue=gr.themes.colors.stone,
    radius_size=gr.themes.sizes.radius_lg,
    # Fonts of the visitor's own system: nothing is fetched from elsewhere.
    font=["ui-sans-serif", "system-ui", "sans-serif"],
    font_mono=["ui-monospace", "Consolas", "monospace"],
).set(
    body_background_fill="#f6f4ef", body_background_fill_dark="#171614",
    body_text_color="#26231f", body_text_color_dark="#ece8e1",
    body_text_color_subdued="#625c53", body_text_color_subdued_dark="#aca59a",
    background_fill_primary="#fffdf9", background_fill_primary_dark="#1f1d1a",
    block_background_fill="#fffdf9", block_background_fill_dark="#1f1d1a",
    block_border_color="#dfd9cd", block_border_color_dark="#3a362f",
    border_color_primary="#dfd9cd", border_color_primary_dark="#3a362f",
    block_shadow="none", block_shadow_dark="none",
)


def build(ensemble):
    """The page and the endpoints of one ensemble.

    Parameters
    ----------
    ensemble : Ensemble

    Returns
    -------
    gradio.Blocks
    """
    galleries = page.galleries(ensemble)

    def detect(image: gr.FileData) -> dict:
        """Say whether an image is real or AI-generated, by the vote of several models.

        Parameters:
            image: JPEG, PNG, WebP, AVIF, GIF, BMP, TIFF or HEIC, at most 25 MB and 50 megapixels.

        Returns:
            The verdict: label (Real or AI-generated), p_ai (calibrated probability of AI)
            certainty (confident or uncertain), agreement and votes of the models, and reasons.
        """
        try:
            return ensemble.judge(source(image)).as_dict()
        except ImageError as error:
            raise gr.Error(str(error), title=type(error).__name__,
                           print_exception=False) from error

    def detect_batch(images: list[gr.FileData]) -> list[dict]:
        """Say of each of many images whether it is real or AI-generated.

        Parameters:
            images: List of at most 100 image files, each as for detect.

        Returns:
            A list in the order given: of each image its verdict, as detect gives it
            or error and message if it can't be judged.
        """
        if not isinstance(images, list):
            raise gr.Error("Give a list of image files.", print_exception=False)
        if len(images) > BATCH:
            raise gr.Error(f"At most {BATCH} files at once; given {len(images)}.",
                           print_exception=False)
        sources = [source_or_error(image) for image in images]
        verdicts = ensemble.judge_many(s for s in sources if not isinstance(s, ImageError))
        outcomes = (s if isinstance(s, ImageError) else next(verdicts) for s in sources)
        return [{"error": type(outcome).__name__, "message": str(outcome)}
                if isinstance(outcome, ImageError) else outcome.as_dict()
                for outcome in outcomes]

    def judge_upload(image):
        return page.outcome(ensemble, source(image))

    def judge_example(group):
        def judge(event: gr.EventData):
            # The picture that the visitor had uploaded makes room: the verdict isn't about it.
            return None, page.example_outcome(ensemble, galleries[group], event._data)
        return judge

    with gr.Blocks(title=page.TITLE, analytics_enabled=False,
                   delete_cache=(KEEP_SECONDS // 2, KEEP_SECONDS)) as demo:
        gr.HTML(page.header(ensemble), apply_default_css=False)
        with gr.Row(elem_id="judge", equal_height=False):
            with gr.Column(scale=2, min_width=300):
                image = gr.Image(label="Your image", type="filepath", image_mode=None, height=560,
                                 sources=["upload", "clipboard", "webcam"], buttons=[],
                                 elem_id="image", alt_text="Your image",
                                 placeholder=page.PLACEHOLDER)
                gr.HTML(page.limits(KEEP_SECONDS), apply_default_css=False)
            with gr.Column(scale=3, min_width=300):
                verdict = gr.HTML(page.outcome(ensemble), apply_default_css=False,
                                  elem_id="verdict", js_on_load=page.VERDICT_JS)
        judged = {"outputs": verdict, "api_visibility": "private", "show_progress": "hidden",
                  "concurrency_limit": CONCURRENT, "concurrency_id": "judge"}
        # `upload` comes once for a file, a paste and a snapshot alike; of two in a row the
        # last counts. preprocess=False: Gradio would open the file itself, and decode some.
        image.upload(judge_upload, image, preprocess=False, trigger_mode="always_last", **judged)
        # In the browser alone, so that it can't overtake a verdict.
        image.clear(None, None, verdict, js=f"() => {json.dumps(page.outcome(ensemble))}")
        for group, examples in galleries.items():
            gallery = gr.HTML(page.gallery(group, examples), apply_default_css=False,
                              elem_classes="gallery", js_on_load=page.GALLERY_JS)
            gallery.click(judge_example(group), None, **judged | {"outputs": [image, verdict]})
        gr.HTML(page.explanation(ensemble), apply_default_css=False)
        gr.HTML(page.API, apply_default_css=False)
        with gr.Tabs():
            for name, snippet in page.snippets(address()).items():
                with gr.Tab(name):
                    gr.Markdown(snippet)
        for endpoint in (detect, detect_batch):
            gr.api(endpoint, concurrency_limit=CONCURRENT, concurrency_id="judge")
    return demo.queue(max_size=WAITING)


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
            raise NotAFile("The data: URI is not valid base64.") from error
    if isinstance(file, str) and file.startswith(("http://", "https://")):
        try:  # refuses addresses in the server's own network, through redirects too
            return asyncio.run(async_ssrf_protected_get(file)).raise_for_status().content
        except Exception as error:  # sockets, names, certificates, statuses: many libraries' types
            raise NotAFile(f"The address {file} can't be fetched.") from error
    if not isinstance(file, dict) or not isinstance(file.get("path"), str):
        raise gr.Error("Give an image: an uploaded file, a data: URI or a web address.",
                       print_exception=False)
    check_all_files_in_cache(file)
    return file["path"]


def source_or_error(file):
    """`source`, but an `ImageError` is given back in its place."""
    try:
        return source(file)
    except ImageError as error:
        return error


def address():
    """Where visitors find this app, for the examples of the API."""
    if host := os.environ.get("SPACE_HOST"):
        return f"https://{host}"
    return f"http://127.0.0.1:{os.environ.get('GRADIO_SERVER_PORT', 7860)}"


def launch(demo, **options):
    """Start the server; options are those of `gradio.Blocks.launch`.

    Returns
    -------
    str
        The server's own address.
    """
    _, url, _ = demo.launch(
        theme=THEME, css_paths=Path(__file__).with_name("app.css"), mcp_server=True,
        max_file_size=MAX_BYTES, show_error=False, ssr_mode=False, run_history=False,
        enable_monitoring=False, pwa=False, footer_links=["api"], prevent_thread_lock=True,
        **options)
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
    demo = build(Ensemble.load())
    launch(demo, server_name=name, server_port=int(os.environ.get("GRADIO_SERVER_PORT", 7860)))
    demo.block_thread()


if __name__ == "__main__":
    main()

"""python -m web.parity --small PARQUET --photos FOLDER: the twin beside the server, as JSON.

Both judge the same files: the server's own code here, and the twin in a real browser.
"""

import argparse
import base64
import json
import random
import shutil
import statistics
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from ensemble import Ensemble, ImageError
from web.build import DIST, HERE, build, first_load
from web.serve import Handler, server

# By which the two may differ in `p_ai`: 8-bit integers round a value to one side or the other where
# two runtimes differ in its last digits.
CLOSE = 0.02
FIELDS = ("answer", "because", "pack", "label", "certainty", "agreement", "width", "height")
JUDGE = """async (data) => {
  const {judge} = await import('./judge.js');
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const start = performance.now();
  try {
    const {maps, deciding, ...told} = await judge(new File([bytes], 'picture'));
    return {...told, milliseconds: performance.now() - start};
  } catch (error) {
    return {error: error.key ?? String(error.stack ?? error)};
  }
}"""


def by_twin(page, data):
    """What the twin says of a file.

    Parameters
    ----------
    page : playwright.sync_api.Page
        That shows the twin.
    data : bytes

    Returns
    -------
    dict
        As `Verdict.as_dict` gives it, but reasons with key and fields, and `milliseconds`; or the
        key of an `error`.
    """
    return page.evaluate(JUDGE, base64.b64encode(data).decode())


def by_server(ensemble, data):
    """What the server says of a file, in the same form."""
    try:
        verdict = ensemble.judge(data)
    except ImageError as error:
        return {"error": error.key}
    reasons = [{"key": reason.key, "fields": reason.fields} for reason in verdict.reasons]
    return verdict.as_dict() | {"reasons": reasons}


def differences(twin, own):
    """In what two answers differ.

    Parameters
    ----------
    twin, own : dict
        As `by_twin` and `by_server` give them.

    Returns
    -------
    list of str
        Names of fields; empty if both say the same.
    """
    if "error" in twin or "error" in own:
        return ["error"] if twin.get("error") != own.get("error") else []
    different = [name for name in FIELDS if twin[name] != own[name]]
    if abs(twin["p_ai"] - own["p_ai"]) > CLOSE:
        different.append("p_ai")
    # A probability on either side of a half, by as little as it may differ, gives another reason.
    one_side = (twin["p_ai"] >= 0.5) == (own["p_ai"] >= 0.5)
    if one_side and [reason["key"] for reason in twin["reasons"]] != [
            reason["key"] for reason in own["reasons"]]:
        different.append("reasons")
    if _notes(twin) != _notes(own):
        different.append("evidence")
    return different


def _notes(answer):
    """The notes without English sentences, which the twin takes from the words of the page.

    The score of a watermark is a sum of many rounded numbers: its last digit is left out.
    """
    return [{name: note[name] for name in ("source", "key", "says")} | {
        "fields": {name: round(value) if name == "score" else value
                   for name, value in note["fields"].items()}} for note in answer["evidence"]]


def compare(page, ensemble, pictures):
    """Let both judge, and count in how much they agree.

    Parameters
    ----------
    page : playwright.sync_api.Page
    ensemble : ensemble.Ensemble
    pictures : dict of str to bytes
        Files by name.

    Returns
    -------
    dict
        For JSON.
    """
    rows, served = {}, []
    for name, data in pictures.items():
        twin, start = by_twin(page, data), time.perf_counter()
        own = by_server(ensemble, data)
        served.append(1000 * (time.perf_counter() - start))
        rows[name] = twin, own, differences(twin, own)
    both = [(twin, own) for twin, own, _ in rows.values() if "p_ai" in twin and "p_ai" in own]
    far = sorted(abs(twin["p_ai"] - own["p_ai"]) for twin, own in both)
    took = sorted(twin["milliseconds"] for twin, _ in both)
    return {
        "files": len(rows), "judged": len(both),
        "same_label": sum(twin["label"] == own["label"] for twin, own in both),
        "same_answer": sum(twin["answer"] == own["answer"] for twin, own in both),
        "same_evidence": sum(_notes(twin) == _notes(own) for twin, own in both),
        f"p_ai_within_{CLOSE}": sum(difference <= CLOSE for difference in far),
        "p_ai_difference": {"median": statistics.median(far), "largest": far[-1]},
        "milliseconds": {"median": round(statistics.median(took)),
                         "of_20_the_slowest": round(took[len(took) * 19 // 20]),
                         "median_of_server": round(statistics.median(served))},
        "different": {name: different for name, (_, _, different) in rows.items() if different}}


@contextmanager
def serving(folder):
    """Serve a folder as the plainest host does, until the block ends.

    Yields
    ------
    str
        Its address.
    """
    running = server(folder, handler=Handler)
    thread = threading.Thread(target=running.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}"
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


@contextmanager
def showing(folder, browser):
    """Show the twin in a browser of its own.

    Parameters
    ----------
    folder : Path
        As `build` has written it.
    browser : str
        The program, Chromium or Chrome.

    Yields
    ------
    playwright.sync_api.Page
    """
    from playwright.sync_api import sync_playwright

    with serving(folder) as url, sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=shutil.which(browser),
                                             args=["--no-sandbox", "--disable-gpu"])
        page = running.new_page()
        page.goto(url)
        yield page
        running.close()


def small_pictures(path, count):
    """So many pictures of a parquet file of the Hub's kind, always the same ones."""
    from pyarrow import parquet

    images = parquet.read_table(path, columns=["image"])["image"]
    chosen = random.Random(0).sample(range(len(images)), count)
    return {f"row {row}": images[row].as_py()["bytes"] for row in sorted(chosen)}


def photographs(folder, count):
    """So many files of a folder, always the same ones."""
    paths = sorted(path for path in Path(folder).iterdir() if path.is_file())
    chosen = random.Random(0).sample(paths, count)
    return {path.name: path.read_bytes() for path in sorted(chosen)}


def main(arguments=None):
    """Build, compare and write the report."""
    parser = argparse.ArgumentParser(prog="python -m web.parity", description=__doc__)
    parser.add_argument("--small", required=True, metavar="PARQUET", help="CIFAKE's test split")
    parser.add_argument("--photos", required=True, metavar="FOLDER", help="of image files")
    parser.add_argument("--count", type=int, default=200, help="pictures of each kind")
    parser.add_argument("--browser", default="chromium", help="Chromium or Chrome")
    parser.add_argument("--out", type=Path, default=HERE / "parity.json")
    options = parser.parse_args(arguments)
    sizes = build(DIST)
    ensemble = Ensemble.load()
    pictures = {"small": small_pictures(options.small, options.count),
                "photos": photographs(options.photos, options.count)}
    with showing(DIST, options.browser) as page:
        report = {
            "command": "python -m web.parity --small PARQUET --photos FOLDER",
            "browser": page.evaluate("navigator.userAgent.match(/Chrome.[0-9]+/)[0]"),
            "packs": {models.name: models.manifest["version"] for models in ensemble.packs},
            "megabytes_before_the_first_answer": {
                name: round(size / 1e6, 1) for name, size in first_load(sizes).items()}}
        for kind, files in pictures.items():
            by_twin(page, next(iter(files.values())))  # loads the models
            report[kind] = compare(page, ensemble, files)
    options.out.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(options.out.read_text("utf-8"), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())

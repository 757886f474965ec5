"""`/detect` of the running server beside the same verdicts in process."""

import statistics
import time

from benchmarks.serving import ROOT, Client, from_clients, serving
from ensemble import Ensemble
from training.markdown import table

PICTURES = {"thumbnail": ROOT / "examples/real/astronaut.png",
            "photograph": ROOT / "examples/real/full/astronaut.jpg"}
CLIENTS, ROUNDS, REQUESTS = 8, 3, 80
PROFILE = "processor of a request"
NOTES = """\
What is left of Gradio runs in one thread: it reads and answers the HTTP requests, hands each
question from the queue to a thread, and its answer to the stream that waits for it. It was
more: each call of the API made a copy of the configuration of every component, and a table of
all requests (`page/upkeep.py`).

What was tried and brings little: judging the pictures of several requests as one batch (the
last row above), no thread for Gradio's check of a login that nobody needs, a shorter time
between switches of threads. Gradio's own `batch=True` can't be had at all: there, one bad image
fails the whole batch."""


def measure(rounds=ROUNDS, count=REQUESTS):
    """Both in turn, for each picture: see `compare`."""
    ensemble = Ensemble.load()
    with serving() as app:
        return {name: compare(ensemble, app, path.read_bytes(), rounds, count)
                for name, path in PICTURES.items()}


def compare(ensemble, app, data, rounds, count):
    """One file, judged in process and by the server in turn; medians of the rounds.

    Parameters
    ----------
    ensemble : Ensemble
    app : benchmarks.serving.App
    data : bytes
    rounds, count : int
        Of requests, in each round.

    Returns
    -------
    dict
        Rates in verdicts a second, times in milliseconds. `work queued` is what the other clients'
        verdicts take in process, and `bound` three times the median of one client, and that.
    """
    in_process(ensemble, data, 20)
    served(app, data, CLIENTS, count // 2)
    models = ensemble.pack_for(picture := ensemble.open(data))
    images = models.see(picture)
    turns = [{"in process": in_process(ensemble, data, count),
              "alone": together(models, [picture], [images], count),
              "batch": together(models, [picture] * CLIENTS, [images] * CLIENTS, count),
              "one client": served(app, data, 1, count),
              "clients": served(app, data, CLIENTS, count),
              "uploading clients": served(app, data, CLIENTS, count, upload=True),
              "idle": nothing(app, count)} for _ in range(rounds)]

    def median(part, figure):
        return statistics.median(turn[part][figure] for turn in turns)

    verdict, request = median("in process", "cpu"), median("clients", "cpu")
    http = 2 * median("idle", "cpu")
    queued = (CLIENTS - 1) * 1000 / median("in process", "rate")
    return {
        "in process, a second": round(median("in process", "rate"), 1),
        **{f"{part}, a second": round(median(part, "rate"), 1)
           for part in ("one client", "clients", "uploading clients")},
        "clients / in process": round(statistics.median(
            turn["clients"]["rate"] / turn["in process"]["rate"] for turn in turns), 2),
        "uploading clients / in process": round(statistics.median(
            turn["uploading clients"]["rate"] / turn["in process"]["rate"] for turn in turns), 2),
        "one client, p50": round(median("one client", "p50"), 1),
        "clients, p95": round(median("clients", "p95"), 1),
        "work queued": round(queued, 1),
        "bound": round(3 * median("one client", "p50") + queued, 1),
        PROFILE: {
            "all of it": round(request, 2), "the verdict": round(verdict, 2),
            "the verdict / all of it": round(verdict / request, 2),
            "two HTTP requests that do nothing": round(http, 2),
            "Gradio's queue and events": round(request - verdict - http, 2),
            "sending the file first": round(median("uploading clients", "cpu") - request, 2),
            "of the verdict, the members": round(median("alone", "cpu"), 2),
            f"the members, each of a batch of {CLIENTS}": round(median("batch", "cpu"), 2)}}


def in_words(report):
    """The report in Markdown, with what its figures mean: a list of paragraphs."""
    figures = next(iter(report.values()))
    return [
        "## One request",
        "`/detect` beside the same verdicts in process. Rates are verdicts a second, times "
        "milliseconds.",
        _table(report, [name for name in figures if name != PROFILE]),
        f"`clients` are {CLIENTS} at once that send the file inside the request; `uploading "
        "clients` send it first, as browsers do. `work queued` is what the other clients' verdicts "
        "take in process, `bound` that and three times the median of one client.",
        "Where a request spends the processor's time, in milliseconds:",
        _table({name: figures[PROFILE] for name, figures in report.items()}, figures[PROFILE]),
        NOTES]


def _table(report, rows):
    return table(["", *report],
                 [[row, *(str(figures[row]) for figures in report.values())] for row in rows])


def in_process(ensemble, data, count):
    """The rate of verdicts one after the other in this process, and what one takes."""
    start, cpu = time.perf_counter(), time.process_time()
    for _ in range(count):
        ensemble.judge(data)
    return {"rate": count / (time.perf_counter() - start),
            "cpu": (time.process_time() - cpu) / count * 1000}


def together(models, pictures, images, count):
    """What one picture takes of the processor for the members, in batches of these pictures."""
    start = time.process_time()
    for _ in range(count // len(pictures)):
        models.judge(pictures, images)
    return {"cpu": (time.process_time() - start) / count * 1000}


def served(app, data, clients, count, upload=False):
    """The rate of the server's verdicts, their times, and what one takes of the processor."""
    start, cpu = time.perf_counter(), app.processor_seconds()
    _, seconds = from_clients(app.host, clients, [data] * count,
                              lambda client, data: _verdict(client, data, upload))
    wall = time.perf_counter() - start
    cuts = statistics.quantiles(seconds, n=20)
    return {"rate": count / wall, "p50": cuts[9] * 1000, "p95": cuts[18] * 1000,
            "cpu": (app.processor_seconds() - cpu) / count * 1000}


def nothing(app, count):
    """What an HTTP request takes of the server's processor that asks for next to nothing."""
    cpu = app.processor_seconds()
    with Client(app.host) as client:
        for _ in range(count):
            client.request("GET", "/gradio_api/queue/status")
    return {"cpu": (app.processor_seconds() - cpu) / count * 1000}


def _verdict(client, data, upload):
    status, answer = client.detect(data, upload)
    if status != 200 or "label" not in answer:
        raise RuntimeError(f"{status}: {answer}")

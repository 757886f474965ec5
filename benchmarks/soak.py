"""python -m benchmarks.soak: the server under load. Nothing lost, nothing wrong, no memory kept."""

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np

from benchmarks.pictures import photographs as photographs_of
from benchmarks.pictures import small_files
from benchmarks.serving import Client, from_clients, serving, uri, waiting
from ensemble import Ensemble, ImageError
from page import CONCURRENT, WAITING

REPORT = Path(__file__).with_suffix(".json")
LONG = 20  # files in one request that takes its time
FIRST = 10  # photographs, after which the memory is counted


def main():
    """Run all parts, print the report and write it down; exit with 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--photographs", type=int, default=500)
    parser.add_argument("--megapixels", type=float, default=24, help="of the largest photograph")
    parser.add_argument("--out", type=Path, default=REPORT)
    options = parser.parse_args()
    with serving() as app:
        report = {"memory": memory(app, options.photographs, options.megapixels),
                  "load": load(app.host, options.requests, options.clients),
                  "full queue": crowd(app.host, WAITING)}
    text = json.dumps(report, indent=1) + "\n"
    options.out.write_text(text)
    print(text)
    broken = [part for part, figures in report.items() if not figures["holds"]]
    if broken:
        raise SystemExit(f"Does not hold: {', '.join(broken)}")


def load(host, requests, clients):
    """Many requests of many clients, a tenth of them bad; each compared with its verdict here.

    Parameters
    ----------
    host : str
        Of the server, with its port.
    requests, clients : int

    Returns
    -------
    dict
    """
    files = small_files()
    expected = [outcome.as_dict() if not isinstance(outcome, ImageError) else str(outcome)
                for outcome in Ensemble.load().judge_many(files)]
    rng = np.random.default_rng(0)
    good = [at for at, verdict in enumerate(expected) if isinstance(verdict, dict)]
    bad = [at for at in range(len(files)) if at not in good]
    chosen = [int(rng.choice(bad if task % 10 == 0 else good)) for task in range(requests)]
    tasks = [(files[at], task % 2 == 0) for task, at in enumerate(chosen)]
    start = time.perf_counter()
    results, seconds = from_clients(host, clients, tasks,
                                    lambda client, task: client.detect(*task))
    wall = time.perf_counter() - start
    lost = sum(isinstance(result, Exception) for result in results)
    busy = sum(result[0] == 503 for result in results if not isinstance(result, Exception))
    right = sum(equal(result[1], verdict if isinstance(verdict, dict) else
                      {**result[1], "error": verdict})
                for result, verdict in zip(results, map(expected.__getitem__, chosen))
                if not isinstance(result, Exception))
    return {"requests": requests, "clients": clients,
            "bad": sum(at in bad for at in chosen), "lost": lost, "busy": busy,
            "equal to the verdict in process": right,
            "requests a second": round(requests / wall, 1), **percentiles(seconds),
            "holds": right == requests}


def crowd(host, places, more=6):
    """More clients than the queue has places: the last are told so; then all others hang up.

    Parameters
    ----------
    host : str
    places : int
        In the queue.
    more : int
        Clients that find no place.

    Returns
    -------
    dict
    """
    data, larger = map(uri, small_files()[:10:9])
    # As many long requests as are judged at once, so that whoever comes after them has to wait.
    with Client(host) as client:
        long = [client.ask("detect_batch", [larger] * LONG)[1] for _ in range(CONCURRENT)]
    while waiting(host):
        time.sleep(0.01)
    clients = [Client(host) for _ in range(places + more)]
    answers = [client.ask("detect", data) for client in clients]
    refused = [answer["detail"] for status, answer in answers if status == 503]
    for client, (status, event) in zip(clients, answers):
        if status == 200:
            client.connection.request("GET", f"/gradio_api/call/detect/{event}")
    before = waiting(host)
    for client in clients:
        client.connection.close()
    deadline = time.monotonic() + 20
    while (after := waiting(host)) and time.monotonic() < deadline:
        time.sleep(0.01)
    with Client(host) as client:
        judged = [len(client.wait("detect_batch", event)) for event in long]
    return {"clients": len(clients), "waiting": before, "refused": len(refused),
            "in words": next(iter(refused), None), "waiting after they left": after,
            "holds": before == places and len(refused) == more and after == 0
            and judged == [LONG] * len(long)}


def memory(app, photographs, megapixels, clients=8):
    """What the server holds after many photographs, beside what it held after the first ten.

    Parameters
    ----------
    app : benchmarks.serving.App
    photographs : int
    megapixels : float
        Of the largest.
    clients : int

    Returns
    -------
    dict
        In megabytes.
    """
    files = photographs_of(megapixels)

    def send(count):
        tasks = [files[at % len(files)] for at in range(count)]
        return from_clients(app.host, clients, tasks,
                            lambda client, data: client.detect(data, upload=True))

    send(FIRST)
    first, most = app.megabytes(), 0.0
    judged, seconds = 0, []
    while len(seconds) < photographs:
        results, took = send(min(50, photographs - len(seconds)))
        judged += sum("label" in result[1] for result in results
                      if not isinstance(result, Exception))
        seconds += took
        most = max(most, app.megabytes())
    last = app.megabytes()
    return {"photographs": photographs, "judged": judged, "clients": clients,
            "largest, megapixels": megapixels, f"after {FIRST}": round(first),
            "after all": round(last), "most in between": round(most),
            "more": round(last - first), **percentiles(seconds),
            "holds": last - first <= 150 and judged == photographs}


def percentiles(seconds):
    """Median and 95th percentile in milliseconds."""
    cuts = statistics.quantiles(seconds, n=20)
    return {"p50, ms": round(cuts[9] * 1000), "p95, ms": round(cuts[18] * 1000)}


def equal(given, expected):
    """Whether two answers are equal, numbers to 1e-6."""
    if isinstance(expected, dict):
        return given.keys() == expected.keys() and all(
            equal(given[key], expected[key]) for key in expected)
    if isinstance(expected, list):
        return len(given) == len(expected) and all(map(equal, given, expected))
    if isinstance(expected, float):
        return abs(given - expected) <= 1e-6
    return given == expected


if __name__ == "__main__":
    main()

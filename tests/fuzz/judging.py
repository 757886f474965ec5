"""What becomes of one file after the other, and what it costs: a process of `python -m tests.fuzz`.

It prints a line of JSON a case. The file that is being judged lies in a folder meanwhile, so it is
still there if the process dies.
"""

import faulthandler
import io
import json
import resource
import sys
import traceback
from contextlib import suppress
from functools import partial
from pathlib import Path

from PIL import Image

from ensemble import Ensemble, ImageError
from ensemble.__main__ import as_json, as_text
from tests.fuzz.cases import Cases

SECONDS = 2  # of the processor, with those of the process that reads Content Credentials
EXTRA = 200 * 2**20  # bytes of memory
PER_PIXEL = 10  # bytes of memory for each pixel of a picture, where that is more
HANGING = 120  # seconds after which a process that has not judged fifty files ends itself
MOST = 4 * 2**30  # bytes that it may take in all
TRIES = 3  # of a file that costs too much
SAMPLE, BATCH = 8, 32  # of so many pictures the models judge one, so many at once
NAMES = ("picture.jpg", "new\nline\r.png", "-rf", "--json", "'; DROP TABLE x; --.gif", "wrong.txt",
         "<img src=x onerror=alert(1)>.webp", "\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe", "a" * 250,
         "{name}{reason}", "not UTF-8 \udcff.bmp", "%00%2e%2e.tiff", " ", "\N{GRINNING FACE}.heic")


def main(seeds, folder, seed, first, stop, step):
    """Judge the cases `range(first, stop, step)`."""
    resource.setrlimit(resource.RLIMIT_DATA, (MOST, MOST))
    cases, ensemble, sample = Cases(seeds, int(seed)), Ensemble.load(), []
    judge_by_models(ensemble, [ensemble.open(cases.seeds["JPEG"])])  # so that all is loaded
    arenas = 0  # bytes that ONNX Runtime keeps, more for each size of a batch that it has met
    for number in range(int(first), int(stop), int(step)):
        name, data = cases[number]
        path = Path(folder) / NAMES[number % len(NAMES)]
        path.write_bytes(data)
        if number // int(step) % 50 == 0:
            faulthandler.dump_traceback_later(HANGING, exit=True)
        line = {"number": number, "name": name,
                **least_costs(partial(judge, ensemble, path, sample), data)}
        line["resident"] -= arenas
        if len(sample) == BATCH:
            arenas -= memory("VmRSS")
            line |= judge_by_models(ensemble, sample)
            arenas += memory("VmRSS")
            sample.clear()
        print(json.dumps(line), flush=True)
        if "failing" not in line:
            path.unlink()
    faulthandler.cancel_dump_traceback_later()


def judge_alone(path):
    """What becomes of one file."""
    ensemble, sample = Ensemble.load(), []
    line = least_costs(partial(judge, ensemble, Path(path), sample), Path(path).read_bytes())
    return line | judge_by_models(ensemble, sample)


def least_costs(work, data):
    """What the work gives, with `failing` if it costs too much each time.

    On a busy machine the same work counts as several times the seconds now and then.
    """
    for _ in range(TRIES):
        line = checked(costs(work), data)
        if "failing" not in line or line["outcome"] == "crash":
            break
    return line


def checked(line, data):
    """With `failing` if the costs are too high."""
    if line["extra"] > EXTRA and line["extra"] > PER_PIXEL * pixels(data):
        return {"failing": "It took {:.0f} MB of memory.".format(line["extra"] / 2**20), **line}
    if line["seconds"] > SECONDS:
        return {"failing": f"It took {line['seconds']} seconds.", **line}
    return line


def costs(work):
    """What the work gives, and its seconds of the processor and bytes of memory."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here on
    before, start = memory("VmRSS"), processor()
    outcome = work()
    return outcome | {"seconds": round(processor() - start, 3),
                      "extra": memory("VmHWM") - before, "resident": memory("VmRSS")}


def judge(ensemble, path, sample):
    """What becomes of a file: `outcome`, and `failing` if that is a crash."""
    try:
        picture = ensemble.open(path)
        json.dumps([note.as_dict() for note in picture.evidence], allow_nan=False).encode()
        if picture.rgb[0, 0].sum() % SAMPLE == 0 and len(sample) < BATCH:
            sample.append(picture)
        return {"outcome": "judged"}
    except ImageError as error:
        printed(path, error)
        return {"outcome": type(error).__name__}
    except Exception:
        return {"outcome": "crash", "failing": traceback.format_exc()}


def judge_by_models(ensemble, pictures):
    """How many were judged `by_models`, and `failing` if one wasn't."""
    try:
        for verdict in ensemble.judge_many(pictures):
            printed("picture", verdict)
        return {"by_models": len(pictures)}
    except Exception:
        return {"failing": traceback.format_exc()}


def printed(path, outcome):
    """A verdict or an error, as the command line prints it."""
    for text in (as_json(str(path), outcome), as_text(str(path), outcome)):
        text.encode(errors="surrogateescape")


def pixels(data):
    """How many pixels a picture claims to have; 0 if it claims nothing."""
    with suppress(Exception), Image.open(io.BytesIO(data)) as image:
        return image.width * image.height
    return 0


def processor():
    """Seconds of the processor that this process and those that it waited for have taken."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def memory(name):
    """Bytes in a row of Linux's `/proc/self/status`; 0 elsewhere."""
    with suppress(OSError), open("/proc/self/status") as status:
        return next(int(row.split()[1]) * 1024 for row in status if row.startswith(name))
    return 0


if __name__ == "__main__":
    main(*sys.argv[1:])

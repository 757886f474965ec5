"""From the start of a process to its first verdict, beside the import of TensorFlow alone."""

import json
import statistics
import subprocess
import sys

from benchmarks.serving import ROOT
from benchmarks.timing import ratio

# A process of its own starts each command: the kernel counts a starter's memory as the command's.
STARTER = """
import json, os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(json.dumps([status, time.perf_counter() - start, usage.ru_maxrss / 1024]))
"""
COMMANDS = {"verdict": ["-m", "ensemble", "examples/real/astronaut.png", "--json"],
            "import": ["-c", "import tensorflow"]}


def measure(rounds=5):
    """Seconds and peak memory of both, started in turn.

    Parameters
    ----------
    rounds : int
        After one that warms up.

    Returns
    -------
    dict
    """
    turns = [{name: started([sys.executable, *command]) for name, command in COMMANDS.items()}
             for _ in range(rounds + 1)][1:]
    seconds, megabytes = ({name: [turn[name][at] for turn in turns] for name in COMMANDS}
                          for at in range(2))
    return {"first verdict, s": round(statistics.median(seconds["verdict"]), 2),
            "import tensorflow, s": round(statistics.median(seconds["import"]), 2),
            "ratio": ratio(seconds["verdict"], seconds["import"]),
            "first verdict, MB": round(statistics.median(megabytes["verdict"])),
            "import tensorflow, MB": round(statistics.median(megabytes["import"])),
            "ratio of memory": ratio(megabytes["verdict"], megabytes["import"])}


def started(command):
    """Seconds from a command's start to its end, and the most megabytes it held.

    Raises
    ------
    RuntimeError
        If the command fails.
    """
    output = subprocess.run([sys.executable, "-c", STARTER, *command], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout
    status, seconds, megabytes = json.loads(output)
    if status:
        raise RuntimeError(f"{' '.join(command)} ended with status {status}.")
    return seconds, megabytes

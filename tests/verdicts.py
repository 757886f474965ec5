"""python -m tests.verdicts: write down the verdicts on the example pictures, to be compared with.

After a pack has changed, its verdicts are new ones; while none has, they stay what they are.
"""

import json
import platform
from pathlib import Path

import onnxruntime

from ensemble import Ensemble
from tests.servers import ROOT

STORED = Path(__file__).with_name("verdicts.json")
FIELDS = ("pack", "answer", "because", "label", "p_ai", "certainty", "agreement", "votes", "width",
          "height")
# Instructions by which processors add up products, each in an order of its own: that moves a
# probability by some 1e-6.
INSTRUCTIONS = {"avx2", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "asimd", "asimddp",
                "i8mm", "sve"}


def pictures():
    """The example pictures, small and whole."""
    return sorted(path for path in (ROOT / "examples").rglob("*")
                  if path.suffix in (".png", ".jpg"))


def verdicts():
    """What the shipped packs say of each example picture.

    Returns
    -------
    dict of str to dict
        Path of the picture, from `examples/` on → `FIELDS` as the command line and the API give
        them.
    """
    paths = pictures()
    outcomes = Ensemble.load().judge_many(paths)
    return {path.relative_to(ROOT / "examples").as_posix():
            {field: outcome.as_dict()[field] for field in FIELDS}
            for path, outcome in zip(paths, outcomes, strict=True)}


def packs():
    """Name of each shipped pack → its version, and the SHA-256 of each member by name."""
    manifests = [models.manifest for models in Ensemble.load().packs]
    return {manifest["name"]: {"version": manifest["version"],
                               **{member["name"]: member["sha256"]
                                  for member in manifest["members"]}}
            for manifest in manifests}


def runtime():
    """What computes here: ONNX Runtime, the architecture, and those `INSTRUCTIONS` that it has."""
    try:
        words = set(Path("/proc/cpuinfo").read_text().split())
    except OSError:  # not Linux
        words = set()
    return [f"onnxruntime {onnxruntime.__version__}", platform.machine(),
            *sorted(words & INSTRUCTIONS)]


def main():
    """Write `verdicts.json`."""
    content = {"runtime": runtime(), "packs": packs(), "verdicts": verdicts()}
    STORED.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()

"""python -m tests.shown: five files made here, and what the command line says of them, in README.

They stand between README's two marks; `python -m tests.shown FOLDER` also keeps the files there.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from ensemble.vocabulary import MODELS
from tests.marked import watermarked
from tests.servers import ROOT
from tests.signed import action, authority, sign
from training.markdown import write_between

PHOTO = ROOT / "examples" / "real" / "full" / "astronaut.jpg"
README = ROOT / "README.md"
BEGIN, END = "<!-- shown: begin -->", "<!-- shown: end -->"
NAMES = ("signed.jpg", "marked.png", "noted.png", "camera.jpg", "plain.jpg")
WIDTH = 110  # letters of a line
NOTES = "a lighthouse\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Model: v1-5-pruned"


def make(folder):
    """Write the five files, and the certificate of the authority that vouches for their signer.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    Path
        Of the certificate.
    """
    photo = Image.open(PHOTO).convert("RGB")
    square = photo.resize((512, 512))
    photo.save(folder / "plain.jpg", quality=90)
    made = action("c2pa.created", "trainedAlgorithmicMedia", "Test model")
    (folder / "signed.jpg").write_bytes(
        sign((folder / "plain.jpg").read_bytes(), "image/jpeg", [made], generator="Test studio"))
    marked = watermarked(np.asarray(square), "Stable Diffusion 1")
    Image.fromarray(marked).save(folder / "marked.png")
    notes = PngInfo()
    notes.add_text("parameters", NOTES)
    square.save(folder / "noted.png", pnginfo=notes)
    exif = Image.Exif()
    exif.update({ExifTags.Base.Make: "NIKON CORPORATION", ExifTags.Base.Model: "NIKON D750"})
    photo.save(folder / "camera.jpg", exif=exif, quality=90)
    taken = action("c2pa.created", "digitalCapture")
    (folder / "camera.jpg").write_bytes(sign(
        (folder / "camera.jpg").read_bytes(), "image/jpeg", [taken], generator="Test camera"))
    certificate = folder / "authority.pem"
    certificate.write_bytes(authority("Test authority").chain[0])
    return certificate


def shown(folder):
    """What the command line says of the five files, without what decides nothing.

    Parameters
    ----------
    folder : Path
        Where the files are written to.

    Returns
    -------
    str
        Of each file the first line, what its notes say of its origin, and the vote if it decides.
    """
    certificate = make(folder)

    def ensemble(*options):
        return subprocess.run(
            [sys.executable, "-m", "ensemble", *NAMES, *options], cwd=folder, check=True,
            capture_output=True, text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT), "C2PA_TRUST": str(certificate)}).stdout

    outcomes = map(json.loads, ensemble("--json").splitlines())
    told = {outcome["file"]: outcome for outcome in outcomes}
    lines = [f"$ python -m ensemble {' '.join(NAMES)}"]
    for line in ensemble().splitlines():
        if line.startswith(NAMES):
            outcome = told[line.partition(":")[0]]
            telling = [note["sentence"] for note in outcome["evidence"] if note["says"]]
            lines.append(line)
        elif line.strip() in telling or (
                outcome["because"] == MODELS and line.strip().startswith("The models vote")):
            lines.append(line if len(line) <= WIDTH else f"{line[:WIDTH].rpartition(' ')[0]} …")
    return "\n".join(lines)


def main(arguments):
    """Write what was said into README."""
    with tempfile.TemporaryDirectory() as work:
        folder = Path(arguments[0]) if arguments else Path(work)
        folder.mkdir(parents=True, exist_ok=True)
        block = shown(folder)
    write_between(README, BEGIN, END, f"```\n{block}\n```")


if __name__ == "__main__":
    main(sys.argv[1:])

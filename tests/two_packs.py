"""Two packs, for small pictures and for photographs, and files for either."""

import json

import numpy as np
from PIL import Image

from tests.tiny import bounds, build_tiny_pack, read_manifest, write_manifest


def row(**changes):
    """What was measured of some pictures, in the shape of `benchmark.report`."""
    return {"real": 40, "ai": 0, "roc_auc": 0.7654, "real_called_ai": 0.321, "ai_caught": None,
            "confident": {"coverage": 0.3129, "accuracy": 0.937, "real_called_ai": 0.0123,
                          "ai_caught": 0.2},
            "likely": {"coverage": 0.4, "accuracy": 0.88, "real_called_ai": 0.02,
                       "ai_caught": 0.25},
            "flips": {name: {"all": share, "confident": 0.01, "likely": 0.02} for name, share in (
                ("resaved", 0.034), ("halved", 0.046), ("screenshot", 0.057))}} | changes


def report():
    """What `python -m training make_photos` writes as `reports/photos.json`.

    Of three generators, one of them met too seldom to be named, and two sources of photographs.
    """
    made = {name: row(real=0, ai=count, ai_caught=caught, real_called_ai=None)
            for name, count, caught in (("Old one", 99, 0.9), ("New & shy", 60, 0.211),
                                        ("Rare", 5, 0.0))}
    return {"n": 1234, "folds": [row()] * 5, "mean": row(), "generators": made,
            "sources": {"news": row(real_called_ai=0.11), "<web>": row(real_called_ai=0.45)}
            | made}


def promises():
    """What `python -m training make_photos` writes as `reports/promises.json`.

    No confident votes, and few likely ones for one label.
    """
    none = {"verdicts": 0, "right": None}
    return {"n": 2000, "real": 1200, "ai": 800, "groups": 77, "roc_auc": 0.8123,
            "label_against_number": 0.0123,
            "steps": {"confident": {"coverage": 0.0, "right": None, "accused": 0.0,
                                    "accused_worst": 0.0, "caught": 0.0},
                      "likely": {"coverage": 0.1206, "right": 0.8799, "accused": 0.0043,
                                 "accused_worst": 0.0217, "caught": 0.0308}},
            "labels": {"AI-generated": {"confident": none,
                                        "likely": {"verdicts": 20, "right": 0.75}},
                       "Real": {"confident": none, "likely": {"verdicts": 221, "right": 0.8899}}},
            "promises": {"confident": {"right": 0.97, "accused": 0.005},
                         "likely": {"right": 0.85, "accused": 0.03}}}


def build_packs(folder):
    """`small` without reports and `photos` with two; both are sure of the strongest only."""
    for name, domain in (("small", {"max_side": 64}), ("photos", {"min_side": 65})):
        made = build_tiny_pack(folder / name, name=name, domain=domain)
        manifest = read_manifest(made)
        manifest["bounds"] = bounds(0.99, 0.98)
        manifest["training"]["added_fakes"] = 0
        write_manifest(made, manifest)
    (folder / "photos" / "reports").mkdir()
    for name, content in (("photos", report()), ("promises", promises())):
        (folder / "photos" / "reports" / f"{name}.json").write_text(json.dumps(content), "utf-8")
    return folder


def write_files(folder):
    """Write files for two packs.

    A photograph that the models can't tell, taken by a camera; one that they are sure of; one
    of 64 pixels and one of 65; a broken one.

    Returns
    -------
    dict of str to Path
        By the file's name.
    """
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Acme", "Box <9>"
    grainy(300, 200, (128, 140, 128)).save(folder / "camera.jpg", exif=exif)
    grainy(300, 200, (255, 0, 0)).save(folder / "sure.png")
    for side in (64, 65):
        grainy(side, 20, (128, 140, 128)).save(folder / f"{side}.png")
    (folder / "broken.jpg").write_bytes((folder / "camera.jpg").read_bytes()[:700])
    return {path.name: path for path in folder.iterdir()}


def grainy(width, height, colour):
    """A colour under a little noise: of one colour alone nothing is said."""
    noise = np.random.default_rng(0).integers(-5, 6, (height, width, 1))
    return Image.fromarray((noise + colour).clip(0, 255).astype(np.uint8))

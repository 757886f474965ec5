"""The pack for photographs: measured on sources held out, then trained on all of them."""

from pathlib import Path

import numpy as np

from ensemble import pack
from training.export.pack import MAX_SIDE, described, keep_digests
from training.images.data import fingerprint
from training.photos import collections as pictures_of
from training.photos.benchmark import SIZE, calibrated, held_out, write_recipe
from training.photos.calibrate import measure
from training.photos.members import KINDS
from training.records import commit, write_json


def make(members, data, out, size=SIZE, seed=0, version="1.1.0"):
    """Make the pack and its report.

    The report and the calibration are of the same recipe while whole sources were held out; what is
    served is trained on all of them.

    Parameters
    ----------
    members : dict of str to Member
        An odd number of them.
    data : path
        Parquet as `photos.load` reads it.
    out : path
        Folder of the pack, whose name is the pack's.
    size : int
        Side of what the members see, in pixels.
    seed : int
        Of re-encoding and training.
    version : str

    Returns
    -------
    dict
        The manifest.
    """
    out, begun = Path(out), commit()
    out.mkdir(parents=True, exist_ok=True)
    photos = pictures_of.load(data)
    folds = pictures_of.fold(photos)
    p_ai, models = held_out(members, photos, folds, size, seed)
    for name, member in members.items():
        member.write(models[name], size, out / f"{name}.onnx")
    about = {"pack": out.name, "version": version, "seed": seed, "input_size": size}
    write_recipe(members, photos, folds, p_ai, out / "reports" / "photos.json", about)
    fitted = calibrated(p_ai["found"], photos.labels, photos.sources, folds)
    write_json(out / "reports" / "promises.json", {
        **about, "collections": len(np.unique(photos.sources)),
        "groups": len(np.unique(photos.groups)),
        **measure(p_ai["found"], photos, folds, fitted)})
    manifest = {
        "format": pack.FORMAT, "name": out.name, "version": version,
        "input_size": size, "resize": pictures_of.RESAMPLE,
        # Whatever is too large for the other pack.
        "domain": {"min_side": MAX_SIDE + 1},
        "members": described(out, {name: member.description for name, member in members.items()},
                             KINDS),
        **fitted,
        "training": {"data": Path(data).name, "images": len(photos),
                     "real_images": int((photos.labels == 0).sum()),
                     "sources": len(np.unique(photos.sources)),
                     "fingerprint": fingerprint(photos), "seed": seed, "commit": begun,
                     "digests": keep_digests(out, photos.digests)},
    }
    write_json(out / "manifest.json", manifest)
    pack.read(out)
    return manifest

"""python -m web.build [--out FOLDER]: the static twin, every file that a visitor gets.

The npm packages have to be there: `npm ci --prefix web`.
"""

import argparse
import gzip
import hashlib
import json
import shutil
import sys
from pathlib import Path

from ensemble import pack as packs
from ensemble.evidence import trust
from page import words
from page.packs import purpose
from web.rule import rule

HERE = Path(__file__).parent
ROOT = HERE.parent
DIST = HERE / "dist"
MODULES = HERE / "node_modules"
PACKS = (packs.SHIPPED, packs.SHIPPED.with_name("photos"))
# What the twin takes from npm packages: as it lies there, or packed for the way.
VENDORED = ("onnxruntime-web/dist/ort.wasm.bundle.min.mjs", "@cwasm/jpeg-turbo/jpeg-turbo.wasm",
            "@contentauth/c2pa-wasm/pkg/c2pa.js")
RUNTIME = "onnxruntime-web/dist/ort-wasm-simd-threaded.wasm"
PACKED = (RUNTIME, "@contentauth/c2pa-wasm/pkg/c2pa_bg.wasm")
# The words that the twin says; `page/words/TAB.json` for each.
TABS = ("common", "errors", "judge", "members", "packs", "panel", "provenance", "reasons", "twin")
# What a visitor gets only where it is needed: one language, one pack, and with credentials more.
LATER = ("packs/", "words/", "vendor/c2pa")
# What the twin reads of a manifest.
KEPT = ("name", "version", "input_size", "resize", "grid", "domain", "members", "calibration",
        "bounds")


def build(out=DIST, folders=PACKS, modules=MODULES, level=9):
    """Write the twin.

    Parameters
    ----------
    out : Path
        The folder to write; what was in it is gone.
    folders : sequence of Path
        Of the packs that judge.
    modules : Path
        Where npm has put its packages.
    level : int
        Of gzip's packing, from 1, the quickest, to 9, the smallest.

    Returns
    -------
    dict of str to int
        Bytes of each file, by its path in the folder.

    Raises
    ------
    FileNotFoundError
        If an npm package is missing.
    """
    missing = [name for name in VENDORED + PACKED if not (modules / name).is_file()]
    if missing:
        raise FileNotFoundError(f"{modules} lacks {', '.join(missing)}: npm ci --prefix web")
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(HERE / "static", out)
    shutil.copy(ROOT / "app.css", out / "app.css")
    (out / "vendor").mkdir()
    for name in VENDORED:
        shutil.copy(modules / name, out / "vendor")
    for name in PACKED:
        pack_file(modules / name, out / "vendor" / f"{Path(name).name}.gz", level)
    runtime = (out / "vendor" / f"{Path(RUNTIME).name}.gz").stat().st_size
    write_module(out / "rule.js", rule())
    write_module(out / "anchors.js", trust.anchors()._asdict())
    write_module(out / "packs.js", [pack_files(out, folder, runtime, level) for folder in folders])
    for language in words.LANGUAGES:
        texts = {key: text for key, text in words.translations()[language].items()
                 if key.split(".")[0] in TABS}
        write_module(out / "words" / f"{language}.js", texts)
    name_version(out)
    return {path.relative_to(out).as_posix(): path.stat().st_size
            for path in sorted(out.rglob("*")) if path.is_file()}


def pack_files(out, folder, runtime, level):
    """Put a pack's files into the twin; what its modules have to know of it."""
    manifest = packs.read(folder).manifest
    name = manifest["name"]
    files = []
    for entry in packs.files(manifest):
        path = out / "packs" / name / f"{entry['file']}.gz"
        pack_file(folder / entry["file"], path, level)
        files.append({"name": path.relative_to(out).as_posix(), "bytes": path.stat().st_size})
    promises = folder / "reports" / "promises.json"
    return {"manifest": {key: manifest[key] for key in KEPT if key in manifest}, "files": files,
            "runtimeBytes": runtime, "purpose": purpose(manifest),
            "promises": json.loads(promises.read_text("utf-8")) if promises.is_file() else None}


def pack_file(path, packed, level):
    """Pack a file as gzip does, the same bytes each time."""
    packed.parent.mkdir(parents=True, exist_ok=True)
    packed.write_bytes(gzip.compress(path.read_bytes(), level, mtime=0))


def write_module(path, value):
    """Write a value as a JavaScript module."""
    path.parent.mkdir(exist_ok=True)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    path.write_text(f"export default {text};\n", "utf-8")


def name_version(out):
    """Tell the service worker what to keep, and a version that changes with any of it."""
    path = out / "service-worker.js"
    names = sorted(file.relative_to(out).as_posix() for file in out.rglob("*") if file.is_file())
    digest = hashlib.sha256()
    for name in names:
        digest.update(name.encode() + (out / name).read_bytes())
    shell = [name for name in names if not name.endswith(".gz") and name != path.name]
    path.write_text(f"const VERSION = '{digest.hexdigest()[:12]}';\n"
                    f"const SHELL = {json.dumps(['./', *shell])};\n"
                    + path.read_text("utf-8"), "utf-8")


def main(arguments=None):
    """Build, and print what a visitor loads before the first answer."""
    parser = argparse.ArgumentParser(prog="python -m web.build", description=__doc__)
    parser.add_argument("--out", type=Path, default=DIST)
    options = parser.parse_args(arguments)
    trust.refresh().join()  # the trust lists, if there is a network and they aren't here
    try:
        sizes = build(options.out)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{options.out}: {len(sizes)} files, {sum(sizes.values()) / 1e6:.1f} MB")
    for name, size in first_load(sizes).items():
        print(f"before the first answer of {name}: {size / 1e6:.1f} MB")
    return 0


def first_load(sizes):
    """Bytes that a new visitor loads before the first answer, by the pack that gives it.

    Parameters
    ----------
    sizes : dict of str to int
        As `build` gives them.

    Returns
    -------
    dict of str to int
    """
    shell = sum(size for name, size in sizes.items() if not name.startswith(LATER))
    words_of_one = max(size for name, size in sizes.items() if name.startswith("words/"))
    by_pack = {}
    for name, size in sizes.items():
        if name.startswith("packs/"):
            pack = name.split("/")[1]
            by_pack[pack] = by_pack.get(pack, shell + words_of_one) + size
    return by_pack


if __name__ == "__main__":
    sys.exit(main())

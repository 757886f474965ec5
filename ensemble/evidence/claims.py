"""What a file's metadata claims, as the source, the key and the fields of each note.

Every one of these claims can be written by anybody, into any file.
"""

import re

from ensemble.evidence.generators import china_label, recognise
from ensemble.evidence.history import SOURCE_TYPES

# Values of China's label: 1 for generated, 2 for possibly generated, 3 for suspected.
LABELS = {"1": "label", "2": "label_possible", "3": "label_suspected"}
LINE, LONG = 200, 2000  # characters that are kept of a value, and of a generator's notes


def claims(metadata):
    """All that a file's metadata claims.

    Parameters
    ----------
    metadata : ensemble.evidence.metadata.Metadata

    Yields
    ------
    source, key : str
    fields : dict
    """
    yield from _png(metadata.text)
    yield from _exif(metadata.exif)
    yield from _xmp(metadata.xmp)
    if metadata.samsung:
        yield ("Samsung Gallery", "generator_part",
               {"tool": "Samsung Galaxy AI", "genAIType": metadata.samsung})
    if metadata.jpeg:
        yield "JPEG", f"jpeg_{metadata.jpeg['tables']}", metadata.jpeg


def generator(source, text, part=False):
    """What texts by keyword claim of a generator.

    Parameters
    ----------
    source : str
        Where in the file they stand.
    text : dict of str to str
    part : bool
        Whether something else says that only a part was generated.

    Returns
    -------
    (source, key, fields) or None
    """
    tool, model, changed = recognise(text)
    if not tool:
        return None
    fields = {keyword: clean(value, LONG) for keyword, value in text.items()} | {"tool": tool}
    if model := clean(model):
        fields["model"] = model
    return source, _generator_key(fields, part or changed), fields


def clean(text, length=LINE):
    """One line without control characters, cut to `length`."""
    text = "".join(c if c.isprintable() else " " for c in text[:4 * length])
    return " ".join(text.split())[:length]


def _png(text):
    yield from _label("PNG text", text)
    if claim := generator("PNG text", text):
        yield claim
    else:
        yield from _software("PNG text", text.get("Software", ""))


def _exif(text):
    place = "GPSLatitude" in text
    text = {tag: value for tag, value in text.items() if tag != "GPSLatitude"}
    yield from _label("EXIF", text)
    if claim := generator("EXIF", text):
        yield claim
    else:
        yield from _camera(text)
    if place:
        yield "EXIF", "place", {}


def _camera(text):
    make, model = clean(text.get("Make", "")), clean(text.get("Model", ""))
    repeated = make and model.lower().startswith(make.lower().split()[0])
    fields = {"camera": model if repeated else f"{make} {model}".strip(),
              "date": _date(text.get("DateTimeOriginal", ""))}
    fields = {name: value for name, value in fields.items() if value}
    if fields:
        yield "EXIF", "_".join(fields), fields
    yield from _software("EXIF", text.get("Software", ""))


def _xmp(xmp):
    """IPTC's source type, China's label, and the generator or the writing program."""
    source, origin = "XMP/IPTC", ""
    if source_type := clean(xmp.get("DigitalSourceType", "").rstrip("/").rpartition("/")[2]):
        origin = SOURCE_TYPES.get(source_type, "other")
        yield source, f"source_{origin}", {"type": source_type}
    yield from _label(source, xmp)
    text = {"Software": xmp.get("CreatorTool", "")} | {
        name: xmp[name] for name in ("Credit", "Description", "Creator", "UserComment")
        if name in xmp}
    part = origin == "part_ai"
    claim = generator(source, {name: value for name, value in text.items() if value}, part)
    if system := clean(xmp.get("AISystemUsed", "")):
        fields = {"tool": system, "model": clean(xmp.get("AISystemVersionUsed", ""))}
        fields = {name: value for name, value in fields.items() if value}
        claim = claim or (source, _generator_key(fields, part), fields)
    if claim:
        yield claim
    else:
        yield from _software(source, text["Software"])


def _label(source, text):
    """China's label, with the name of the producer if it gives one."""
    if fields := {name: clean(value) for name, value in china_label(text).items()}:
        key = LABELS.get(fields.get("Label", "1"), "label")
        producer = fields.get("ContentProducer") or fields.get("ServiceProvider")
        yield ((source, f"{key}_producer", fields | {"producer": producer}) if producer
               else (source, key, fields))


def _generator_key(fields, part):
    return "generator_part" if part else "generator_model" if "model" in fields else "generator"


def _software(source, name):
    if name := clean(name):
        yield source, "software", {"software": name}


def _date(text):
    """EXIF's 2024:05:31 12:00:00 → 2024-05-31 12:00; empty if it is no date."""
    match = re.match(r"([12]\d{3}):(\d\d):(\d\d) (\d\d:\d\d)", text)
    return "{}-{}-{} {}".format(*match.groups()) if match else ""

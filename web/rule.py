"""What the server decides by, as one table for JavaScript: its tables, bounds and patterns.

Nothing of this is written again in the twin's modules; they hold only the arithmetic.
"""

import dataclasses
import re

from PIL import Image

from ensemble import OVERSAMPLING, answer, explain, images, tiles, vocabulary, vote
from ensemble.evidence import (
    claims,
    credentials,
    exif,
    generators,
    history,
    marks,
    metadata,
    provenance,
    stealth,
    watermark,
)
from page import icons, notes, packs, panel, words


def rule():
    """All that the modules of the twin read.

    Returns
    -------
    dict
        As JSON takes it: one entry for each module that reads it.
    """
    return {
        "words": {name: value for name, value in vars(vocabulary).items() if name.isupper()},
        "answer": [[because, says, result] for (because, says), result in answer.TABLE],
        "says": provenance.SAYS,
        "images": {"maxBytes": images.MAX_BYTES, "maxPixels": images.MAX_PIXELS,
                   "farPixels": 2 * (Image.MAX_IMAGE_PIXELS or 0),  # where Pillow itself refuses
                   "minSide": images.MIN_SIDE, "flat": images.FLAT, "oversampling": OVERSAMPLING,
                   "ownSide": tiles.OWN_SIDE,
                   "otherFiles": [[list(start), key] for start, key in images.OTHER_FILES.items()]},
        "vote": {"epsilon": vote.EPSILON},
        "metadata": _metadata(),
        "generators": _generators(),
        "claims": {"labels": claims.LABELS, "sourceTypes": history.SOURCE_TYPES,
                   "line": claims.LINE, "long": claims.LONG},
        "credentials": _credentials(),
        "watermark": _watermark(),
        "marks": {"squares": marks.SQUARES.tolist(), "square": marks.SQUARE,
                  "smallest": marks.SMALLEST, "largest": marks.LARGEST,
                  "tolerance": marks.TOLERANCE, "small": marks.SMALL_SPARKLE,
                  "large": marks.LARGE_SPARKLE, "largeFrom": marks.LARGE,
                  "outline": marks.OUTLINE, "likeness": marks.LIKENESS,
                  "brighter": marks.BRIGHTER,
                  "tools": {name: tool for name, (tool, _) in marks.VISIBLE.items()}},
        "stealth": {"words": {word.decode(): packed for word, packed in stealth.WORDS.items()},
                    "maxBits": stealth.MAX_BITS, "maxText": stealth.MAX_TEXT},
        "page": {"labels": words.LABELS, "languages": words.LANGUAGES, "aliases": words.ALIASES,
                 "tones": panel.TONES, "steps": panel.NEXT, "verify": panel.VERIFY,
                 "signs": notes.SIGNS, "many": packs.MANY, "side": panel.SIDE,
                 "overlay": {"ai": explain.AI_COLOUR.tolist(), "real": explain.REAL_COLOUR.tolist(),
                             "opaque": explain.OPAQUE, "fullLogit": explain.FULL_LOGIT},
                 "icons": {str(name): path for name, path in icons.ICONS.items()}},
    }


def _metadata():
    luma, chroma = metadata._standard()[50]  # the standard's own; the others are scaled from them
    return {
        "tags": exif.TAGS, "shown": sorted(exif.SHOWN), "sizes": exif.SIZES,
        "maxValue": exif.MAX_VALUE, "maxEntries": exif.MAX_ENTRIES,
        "keywords": sorted(word.decode() for word in metadata.KEYWORDS),
        "xmp": metadata.XMP, "resource": metadata.RESOURCE,
        "samplings": {f"{across},{down}": name
                      for (across, down), name in metadata.SAMPLINGS.items()},
        "standard": [luma, chroma], "maxText": metadata.MAX_TEXT, "maxParts": metadata.MAX_PARTS,
        "maxNotes": metadata.MAX_NOTES, "maxSegments": metadata.MAX_SEGMENTS,
        "maxScans": images.guards.MAX_SCANS}


def _generators():
    return {
        "tools": [[pattern(regex), tool] for regex, tool in generators.GENERATORS],
        "model": pattern(generators.MODEL), "names": pattern(generators.NAMES),
        "makers": pattern(generators.MAKERS),
        "editors": pattern(generators.EDITORS), "label": pattern(generators.LABEL),
        "grokSignature": pattern(generators.GROK_SIGNATURE, whole="^(?:{})"),
        "grokNumber": pattern(generators.GROK_NUMBER, whole="^(?:{})$"),
        "grokFields": generators.GROK_FIELDS, "signed": generators.SIGNED,
        "labelFields": sorted(generators.LABEL_FIELDS), "searched": generators.SEARCHED}


def _credentials():
    return {
        "mark": list(credentials.MARK), "manifest": credentials.MANIFEST,
        "certificate": list(credentials.CERTIFICATE), "offline": credentials.OFFLINE,
        "own": history.OWN, "earlier": history.EARLIER, "hold": history.HOLD,
        "harmless": history.HARMLESS, "reasons": history.REASONS, "most": history.MOST,
        "generated": pattern(history.GENERATED), "generative": history.GENERATIVE,
        "picture": credentials.PICTURE, "maxCertificates": credentials.MAX_CERTIFICATES}


def _watermark():
    constants = ("STEP", "BLOCK", "MIN_PIXELS", "MAX_PIXELS", "BOUND", "HIGHEST", "BLUE", "GREEN",
                 "RED", "CHROMA", "INVERSE")
    return {**{name: getattr(watermark, name) for name in constants},
            "patterns": [dataclasses.asdict(entry) for entry in watermark.PATTERNS]}


def pattern(regex, whole="{}"):
    """A regular expression as JavaScript's `RegExp` takes it: source and flags.

    Parameters
    ----------
    regex : re.Pattern
        Of what both languages read alike.
    whole : str
        Where it has to fit: anywhere, or from the start, or from the start to the end.

    Returns
    -------
    list of str
    """
    flags = "".join(letter for flag, letter in
                    ((re.IGNORECASE, "i"), (re.MULTILINE, "m"), (re.DOTALL, "s"))
                    if regex.flags & flag)
    return [whole.format(regex.pattern), flags + "u"]

"""What a file says of its origin: content credentials, generators' notes, camera data, labels.

What it is worth is decided in `answer.py`: notes can be edited, copied or removed, and their
absence proves nothing.
"""

import re
from dataclasses import dataclass, field

from ensemble import trust
from ensemble.credentials import CredentialsError, read_store
from ensemble.generators import recognise
from ensemble.history import OWN, SOURCE_TYPES, statements
from ensemble.images import read_bytes
from ensemble.metadata import read_metadata
from ensemble.sentences import fill
from ensemble.vocabulary import AI, CAMERA, PARTLY

# All that a note can say, by key; in braces, names of its fields. A translation has the same keys.
SENTENCES = {
    "generator": "The file says that it was made with {tool}: such notes can be edited or missing.",
    "generator_model": "The file says that it was made with {tool}, model {model}: such notes can "
                       "be edited or missing.",
    "camera": "The file says that it was taken with a camera, {camera}: such notes can be edited "
              "or missing.",
    "camera_date": "The file says that it was taken with a camera, {camera}, on {date}: such notes "
                   "can be edited or missing.",
    "date": "The file says that the picture was taken on {date}: such notes can be edited or "
            "missing.",
    "software": "The file says that it was written by {software}.",
    "place": "The file holds the place where the picture was taken; whoever gets it can read that.",
    "source_ai": "The file is marked as made by a generative model: such marks can be edited or "
                 "missing.",
    "source_part_ai": "The file is marked as made in part by a generative model: such marks can be "
                      "edited or missing.",
    "source_camera": "The file is marked as taken by a camera: such marks can be edited or "
                     "missing.",
    "source_other": "The file is marked as of the kind “{type}”: such marks can be edited or "
                    "missing.",
    "credentials_trusted": "The file has Content Credentials: nothing was changed since {signer} "
                           "signed it, and who that is was vouched for by an authority on the "
                           "trust list.",
    "credentials_untrusted": "The file has Content Credentials: nothing was changed since it was "
                             "signed in the name of {signer}, but no authority on the trust list "
                             "vouches for that name: anybody can sign so.",
    "credentials_changed": "The file has Content Credentials that count for nothing: it was "
                           "changed after it was signed in the name of {signer}.",
    "credentials_forged": "The file has Content Credentials that count for nothing: they "
                          "themselves were changed after they were signed in the name of "
                          "{signer}, or never were.",
    "credentials_expired": "The file has Content Credentials signed in the name of {signer}, but "
                           "the certificate has expired since, and no time stamp proves that it "
                           "was signed before. That is no forgery, but it proves nothing any "
                           "more.",
    "credentials_revoked": "The file has Content Credentials that count for nothing: the "
                           "certificate of {signer} was revoked.",
    "credentials_certificate": "The file has Content Credentials that count for nothing: they were "
                               "signed in the name of {signer} with a certificate that isn’t made "
                               "for them.",
    "credentials_invalid": "The file has Content Credentials, signed in the name of {signer}, that "
                           "break the rules for them, so they count for nothing.",
    "credentials_damaged": "The file has Content Credentials that can’t be read.",
    "credentials_elsewhere": "The file says that its Content Credentials lie at {address}; nothing "
                             "is fetched from there.",
    "credentials_ai": "Signed as {signer}: a generative model made it ({tool}).",
    "credentials_part_ai": "Signed as {signer}: a generative model made a part of it ({tool}).",
    "credentials_camera": "Signed as {signer}: a camera took it, and nothing generated was added "
                          "({tool}).",
    "credentials_earlier_ai": "Earlier credentials, that nobody on the trust list vouches for, "
                              "signed as {signer}: a generative model made it ({tool}).",
    "credentials_earlier_part_ai": "Earlier credentials, that nobody on the trust list vouches "
                                   "for, signed as {signer}: a generative model made a part of it "
                                   "({tool}).",
    "credentials_earlier_camera": "Earlier credentials, that nobody on the trust list vouches "
                                  "for, signed as {signer}: a camera took it ({tool}).",
    "credentials_actions": "Its credentials list what was done: {actions}.",
    "jpeg_standard": "It was saved as a JPEG of quality {quality} with the standard tables "
                     "({subsampling}).",
    "jpeg_own": "It was saved as a JPEG with tables of the program's or the camera's own, about "
                "as coarse as quality {quality} ({subsampling}).",
}
SAYS = {"generator": AI, "generator_model": AI, "source_ai": AI, "source_part_ai": AI,
        "camera": CAMERA, "camera_date": CAMERA, "source_camera": CAMERA,
        **{f"credentials_{when}{origin}": says for when in ("", "earlier_") for origin, says in
           (("ai", AI), ("part_ai", PARTLY), ("camera", CAMERA))}}
LINE, LONG = 200, 2000  # characters that are kept of a value, and of a generator's notes


@dataclass(frozen=True)
class Note:
    """One thing that a file says of itself.

    Attributes
    ----------
    source : {"Content Credentials", "Earlier credentials", "PNG text", "EXIF", "XMP/IPTC", "JPEG"}
        Where in the file it stands.
    key : str
        Of its sentence in `SENTENCES`.
    fields : dict
        The raw values, as JSON takes them; with them the sentence is filled in.
    """

    source: str
    key: str
    fields: dict = field(default_factory=dict)

    @property
    def says(self):
        """"AI-generated", "Partly AI-generated", "camera" or None: what it says of the origin."""
        return SAYS.get(self.key)

    def sentence(self, sentences=SENTENCES):
        """The note in words: English ones, or a translation with the keys of `SENTENCES`."""
        return fill(sentences[self.key], self.fields)

    def as_dict(self):
        """The note as JSON takes it."""
        return {"source": self.source, "says": self.says, "key": self.key,
                "sentence": self.sentence(), "fields": self.fields}


def read(source, anchors=None):
    """Collect what a file says of itself. No pixel is decoded and nothing is fetched.

    Parameters
    ----------
    source : path or bytes
        The image file, untrusted.
    anchors : ensemble.trust.Anchors, optional
        The authorities that vouch for the signers of Content Credentials; without any, those that
        `ensemble.trust.anchors` gives.

    Returns
    -------
    tuple of Note
        Empty if the file says nothing, which proves nothing. What is damaged is left out.

    Raises
    ------
    ensemble.images.NotAFile, EmptyFile, FileTooLarge, UnsupportedFormat
        All of them `ImageError`, with a message for people.
    TypeError
        If `source` is of neither type.
    """
    data = read_bytes(source)
    metadata = read_metadata(data)
    xmp, jpeg = metadata.xmp, metadata.jpeg
    return (*_credentials(data, anchors, xmp.get("provenance", "")), *_png(metadata.text),
            *_exif(metadata.exif), *_marks(xmp),
            *([Note("JPEG", f"jpeg_{jpeg['tables']}", jpeg)] if jpeg else ()))


def _png(text):
    if note := _generator("PNG text", text):
        return [note]
    return _software("PNG text", text.get("Software", ""))


def _exif(text):
    place = [Note("EXIF", "place")] if "GPSLatitude" in text else []
    text = {tag: value for tag, value in text.items() if tag != "GPSLatitude"}
    if note := _generator("EXIF", text):
        return [note, *place]
    make, model = _clean(text.get("Make", "")), _clean(text.get("Model", ""))
    repeated = make and model.lower().startswith(make.lower().split()[0])
    fields = {"camera": model if repeated else f"{make} {model}".strip(),
              "date": _date(text.get("DateTimeOriginal", ""))}
    fields = {name: value for name, value in fields.items() if value}
    notes = [Note("EXIF", "_".join(fields), fields)] if fields else []
    return notes + _software("EXIF", text.get("Software", "")) + place


def _marks(xmp):
    """Notes on IPTC's source type and the writing program, both in XMP."""
    notes = []
    if kind := _clean(xmp.get("DigitalSourceType", "").rstrip("/").rpartition("/")[2]):
        key = f"source_{SOURCE_TYPES.get(kind, 'other')}"
        notes.append(Note("XMP/IPTC", key, {"type": kind}))
    names = {"Software": xmp.get("CreatorTool", ""), "Credit": xmp.get("Credit", "")}
    note = _generator("XMP/IPTC", {name: text for name, text in names.items() if text})
    return notes + ([note] if note else _software("XMP/IPTC", names["Software"]))


def _generator(source, text):
    """The note of a known generator in texts by keyword, or None."""
    tool, model = recognise(text)
    if not tool:
        return None
    fields = {keyword: _clean(value, LONG) for keyword, value in text.items()} | {"tool": tool}
    if model := _clean(model):
        fields["model"] = model
    return Note(source, "generator_model" if model else "generator", fields)


def _software(source, name):
    name = _clean(name)
    return [Note(source, "software", {"software": name})] if name else []


def _credentials(data, anchors, address):
    try:
        store = read_store(data, trust.anchors() if anchors is None else anchors)
    except CredentialsError as error:
        return [Note(OWN, "credentials_damaged", {"reason": _clean(str(error))})]
    if store:
        return [Note(source, key, _cleaned(fields)) for source, key, fields in statements(store)]
    address = _clean(address)
    return [Note(OWN, "credentials_elsewhere", {"address": address})] if address else []


def _cleaned(fields):
    """Texts and lists of them, as they may be shown."""
    return {name: [_clean(str(item)) for item in value] if isinstance(value, list)
            else _clean(str(value)) for name, value in fields.items()}


def _date(text):
    """EXIF's 2024:05:31 12:00:00 → 2024-05-31 12:00; empty if it is no date."""
    match = re.match(r"([12]\d{3}):(\d\d):(\d\d) (\d\d:\d\d)", text)
    return "{}-{}-{} {}".format(*match.groups()) if match else ""


def _clean(text, length=LINE):
    """One line without control characters, cut to `length`."""
    text = "".join(c if c.isprintable() else " " for c in text[:4 * length])
    return " ".join(text.split())[:length]

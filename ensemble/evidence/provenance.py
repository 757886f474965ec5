"""What a file says of its origin: content credentials, generators' notes, camera data, labels.

What it is worth is decided in `answer.py`: notes can be edited, copied or removed, and their
absence proves nothing.
"""

from dataclasses import dataclass, field

from ensemble.evidence import trust
from ensemble.evidence.claims import claims, clean
from ensemble.evidence.credentials import MARK, CredentialsError, read_store
from ensemble.evidence.history import OWN, statements
from ensemble.evidence.metadata import read_metadata
from ensemble.images import read_bytes
from ensemble.sentences import fill
from ensemble.vocabulary import AI, CAMERA, PARTLY

# All that a note can say, by key; in braces, names of its fields. A translation has the same keys.
SENTENCES = {
    "generator": "The file’s notes say that it was made with {tool}. Anybody can write such notes, "
                 "also to discredit a photograph.",
    "generator_model": "The file’s notes say that it was made with {tool}, model {model}. Anybody "
                       "can write such notes, also to discredit a photograph.",
    "generator_part": "The file’s notes say that {tool} changed a part of it. Anybody can write "
                      "such notes, also to discredit a photograph.",
    "label": "A label of the kind that China prescribes says that it was generated. Anybody can "
             "write such a label, also to discredit a photograph.",
    "label_producer": "A label of the kind that China prescribes says that it was generated, by "
                      "{producer}. Anybody can write such a label, also to discredit a "
                      "photograph.",
    "label_possible": "A label of the kind that China prescribes says that it may have been "
                      "generated. Anybody can write such a label.",
    "label_possible_producer": "A label of the kind that China prescribes says that it may have "
                               "been generated, by {producer}. Anybody can write such a label.",
    "label_suspected": "A label of the kind that China prescribes says that it is suspected to be "
                       "generated. Anybody can write such a label.",
    "label_suspected_producer": "A label of the kind that China prescribes says that it is "
                                "suspected to be generated, by {producer}. Anybody can write such "
                                "a label.",
    "mark_watermark": "It carries the invisible mark of {tool}.",
    "mark_squares": "It carries the five coloured squares of {tool} in its lower right corner.",
    "mark_sparkle": "It carries the sparkle of {tool} in its lower right corner.",
    "camera": "The file’s notes say that it was taken with a camera, {camera}. Anybody can write "
              "or copy such notes.",
    "camera_date": "The file’s notes say that it was taken with a camera, {camera}, on {date}. "
                   "Anybody can write or copy such notes.",
    "date": "The file’s notes say that it was taken on {date}. Anybody can write or copy such "
            "notes.",
    "software": "The file says that it was written by {software}.",
    "place": "The file holds the place where the picture was taken; whoever gets it can read that.",
    "source_ai": "The file’s notes (IPTC) say that a generative model made it. Anybody can write "
                 "such notes, also to discredit a photograph.",
    "source_part_ai": "The file’s notes (IPTC) say that a generative model made a part of it. "
                      "Anybody can write such notes, also to discredit a photograph.",
    "source_camera": "The file’s notes (IPTC) say that a camera took it. Anybody can write such "
                     "notes.",
    "source_other": "The file’s notes (IPTC) call it “{type}”. Anybody can write such notes.",
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
    "jpeg_own": "It was saved as a JPEG with tables of the program’s or the camera’s own, about "
                "as coarse as quality {quality} ({subsampling}).",
}
SAYS = {
    **dict.fromkeys(("generator", "generator_model", "label", "label_producer", "source_ai",
                     "mark_watermark", "mark_squares", "mark_sparkle"), AI),
    **dict.fromkeys(("generator_part", "source_part_ai"), PARTLY),
    **dict.fromkeys(("camera", "camera_date", "source_camera"), CAMERA),
    **{f"credentials_{when}{origin}": says for when in ("", "earlier_") for origin, says in
       (("ai", AI), ("part_ai", PARTLY), ("camera", CAMERA))}}


@dataclass(frozen=True)
class Note:
    """One thing that a file says of itself.

    Attributes
    ----------
    source : {"Content Credentials", "Earlier credentials", "PNG text", "EXIF", "XMP/IPTC", \
"Samsung Gallery", "JPEG", "Pixels", "Alpha channel"}
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

    @property
    def is_mark(self):
        """Whether it is a mark in the pixels, which no editor of notes adds or removes."""
        return self.key.startswith("mark_")

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
    anchors : ensemble.evidence.trust.Anchors, optional
        The authorities that vouch for the signers of Content Credentials; without any, those that
        `ensemble.evidence.trust.anchors` gives.

    Returns
    -------
    tuple of Note
        Empty if the file says nothing, which proves nothing. What is damaged is left out.

    Raises
    ------
    ensemble.errors.NotAFile, EmptyFile, FileTooLarge, UnsupportedFormat
        All of them `ImageError`, with a message for people.
    TypeError
        If `source` is of neither type.
    """
    data = read_bytes(source)
    metadata = read_metadata(data)
    return (*_credentials(data, anchors, metadata.xmp.get("provenance", "")),
            *(Note(*claim) for claim in claims(metadata)))


def _credentials(data, anchors, address):
    if anchors is None and MARK in data:  # only then, since most files have none to be checked
        anchors = trust.anchors()
    try:
        store = read_store(data, anchors)
    except CredentialsError as error:
        return [Note(OWN, "credentials_damaged", {"reason": clean(str(error))})]
    if store:
        return [Note(source, key, _cleaned(fields)) for source, key, fields in statements(store)]
    address = clean(address)
    return [Note(OWN, "credentials_elsewhere", {"address": address})] if address else []


def _cleaned(fields):
    """Texts and lists of them, as they may be shown."""
    return {name: [clean(str(item)) for item in value] if isinstance(value, list)
            else clean(str(value)) for name, value in fields.items()}


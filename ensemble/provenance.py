"""What a file says of itself: content credentials, generators' notes, camera data, marks.

Shown beside the verdict and never part of it: such notes can be edited, copied or removed, and
their absence proves nothing.
"""

from dataclasses import dataclass, field

from ensemble.claims import SOURCE_TYPES, claims
from ensemble.claims import clean as _clean
from ensemble.credentials import CredentialsError, read_store
from ensemble.images import read_bytes
from ensemble.metadata import read_metadata
from ensemble.vote import AI

CAMERA, PARTLY = "camera", "Partly AI-generated"
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
                           "signed it, and the signer is on the list of trusted ones.",
    "credentials_untrusted": "The file has Content Credentials: nothing was changed since it was "
                             "signed in the name of {signer}, but that signer is not on the list "
                             "of trusted ones.",
    "credentials_unchecked": "The file has Content Credentials: nothing was changed since it was "
                             "signed in the name of {signer}; who that is was not checked.",
    "credentials_changed": "The file has Content Credentials, but they are not valid: it was "
                           "changed after it was signed in the name of {signer}.",
    "credentials_forged": "The file has Content Credentials, but they are not valid: they were "
                          "changed after they were signed in the name of {signer}.",
    "credentials_certificate": "The file has Content Credentials, but they are not valid: the "
                               "certificate of {signer} had expired or can't be used for them.",
    "credentials_invalid": "The file has Content Credentials, signed in the name of {signer}, but "
                           "they are not valid.",
    "credentials_damaged": "The file has Content Credentials that can't be read.",
    "credentials_elsewhere": "The file says that its Content Credentials lie at {address}; nothing "
                             "is fetched from there.",
    "credentials_ai": "Its credentials say that a generative model made it ({tool}).",
    "credentials_part_ai": "Its credentials say that a generative model made a part of it "
                           "({tool}).",
    "credentials_camera": "Its credentials say that a camera took it ({tool}).",
    "credentials_actions": "Its credentials list what was done: {actions}.",
    "jpeg_standard": "It was saved as a JPEG of quality {quality} with the standard tables "
                     "({subsampling}).",
    "jpeg_own": "It was saved as a JPEG with tables of the program's or the camera's own, about "
                "as coarse as quality {quality} ({subsampling}).",
}
SAYS = {
    **dict.fromkeys(("generator", "generator_model", "label", "label_producer", "source_ai",
                     "credentials_ai", "mark_watermark", "mark_squares", "mark_sparkle"), AI),
    **dict.fromkeys(("generator_part", "source_part_ai", "credentials_part_ai"), PARTLY),
    **dict.fromkeys(("camera", "camera_date", "source_camera", "credentials_camera"), CAMERA)}
# Why credentials do not hold: parts of the C2PA status codes, the gravest first.
REASONS = {"forged": ("claimSignature.mismatch", "claimSignature.missing", "hashedURI.mismatch"),
           "changed": ("Hash.mismatch",), "certificate": ("signingCredential.", "outsideValidity")}


@dataclass(frozen=True)
class Note:
    """One thing that a file says of itself.

    Attributes
    ----------
    source : {"Content Credentials", "PNG text", "EXIF", "XMP/IPTC", "Samsung Gallery", "JPEG", \
"Pixels", "Alpha channel"}
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
        return sentences[self.key].format_map(self.fields)

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
    anchors : str, optional
        Certificates in PEM that vouch for the signers of Content Credentials; without any it is
        told who signed, but not checked who that is.

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
    return (*_credentials(data, anchors, metadata.xmp.get("provenance", "")),
            *(Note(*claim) for claim in claims(metadata)))


def _credentials(data, anchors, address):
    source = "Content Credentials"
    try:
        store = read_store(data, anchors)
    except CredentialsError as error:
        return [Note(source, "credentials_damaged", {"reason": _clean(str(error))})]
    if not store:
        address = _clean(address)
        return [Note(source, "credentials_elsewhere", {"address": address})] if address else []
    manifests, label = store.get("manifests") or {}, store.get("active_manifest")
    if label not in manifests:
        return [Note(source, "credentials_damaged", {"reason": "no active manifest"})]
    return [Note(source, *_signed(store, manifests[label], anchors)),
            *(Note(source, *said) for said in _history(manifests, label))]


def _signed(store, manifest, anchors):
    """Key and fields of the note on the signature: whose it is, and whether it holds."""
    signature = manifest.get("signature_info") or {}
    codes = [str(failure.get("code")) for failure in store.get("validation_status") or []]
    problems = [code for code in dict.fromkeys(codes) if code != "signingCredential.untrusted"]
    fields = {"signer": signature.get("issuer") or signature.get("common_name") or "?",
              "certificate": signature.get("common_name"), "algorithm": signature.get("alg"),
              "time": signature.get("time"), "generator": _maker(manifest)}
    fields = {name: _clean(str(value)) for name, value in fields.items() if value}
    if problems:
        fields["problems"] = [_clean(problem) for problem in problems[:20]]
    state = store.get("validation_state")
    if state == "Trusted":
        return "credentials_trusted", fields
    if state == "Valid":
        return "credentials_untrusted" if anchors else "credentials_unchecked", fields
    reason = next((key for key, codes in REASONS.items()
                   if any(code in problem for problem in problems for code in codes)), "invalid")
    return f"credentials_{reason}", fields


def _history(manifests, label):
    """Key and fields of the notes on what was done, by the file's own line of manifests and by
    those of its ingredients."""
    line = []
    while label in manifests and label not in line:
        line.append(label)
        label = next((ingredient.get("active_manifest")
                      for ingredient in manifests[label].get("ingredients") or []
                      if ingredient.get("relationship") == "parentOf"), None)
    origins, done = {}, []
    for label in (*reversed(line), *sorted(manifests.keys() - set(line))):  # the oldest first
        manifest = manifests[label]
        for action in _actions(manifest):
            name = _clean(str(action.get("action"))).removeprefix("c2pa.")
            kind = str(action.get("digitalSourceType")).rstrip("/").rpartition("/")[2]
            origin, first = SOURCE_TYPES.get(kind), name in ("created", "opened")
            if origin == "ai" and not (first and label in line):
                origin = "part_ai"
            if origin and (label in line or origin != "camera"):
                origins.setdefault(origin, {"tool": _maker(manifest, action), "type": kind})
            if label in line and name not in done:
                done.append(name)
    if "ai" in origins:
        origins.pop("part_ai", None)
    yield from ((f"credentials_{origin}", fields) for origin, fields in origins.items())
    if done:
        yield "credentials_actions", {"actions": ", ".join(done[:20])}


def _actions(manifest):
    for assertion in manifest.get("assertions") or []:
        if str(assertion.get("label")).startswith("c2pa.actions"):
            data = assertion.get("data")
            actions = data.get("actions") if isinstance(data, dict) else None
            if isinstance(actions, list):
                yield from (action for action in actions if isinstance(action, dict))


def _maker(manifest, action=None):
    """The program that did an action, else the one that wrote the manifest."""
    agent = (action or {}).get("softwareAgent")
    infos = manifest.get("claim_generator_info") or [{}]
    name = (agent.get("name") if isinstance(agent, dict) else agent) or infos[0].get("name")
    return _clean(str(name or manifest.get("claim_generator") or "?"))

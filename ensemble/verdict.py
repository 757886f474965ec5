"""What the models say of one image: their votes, the verdict, and the reasons for its doubts."""

from dataclasses import dataclass, field

from ensemble.answer import answer
from ensemble.sentences import fill

# Why the models can't tell, and what else the reader should know; by key, with fields in braces.
# `page/words/reasons.json` has the same keys.
REASONS = {
    "reduced": "The models know pictures of {size} × {size} pixels; this one has {width} × "
               "{height} and was reduced, which removes most of the traces they look for.",
    "too_small": "The models know pictures from {min_side} pixels on; this one has {width} × "
                 "{height}, too few for the traces they look for.",
    "contradiction": "Most models vote {label}, but weighed by how well each one judges they lean "
                     "the other way: the probability of {label} is {p_label}.",
    "unsure": "The models give {label} a probability of {p_label}. On pictures that they had never "
              "met, they were right often enough to rely on only at {bound} or more.",
    "silent": "The models give {label} a probability of {p_label}; on pictures that they had never "
              "met, no probability was right often enough for them to say so.",
    "trained_on": "This very file was in the training data, so the vote says nothing about how "
                  "well the models judge new images.",
}


@dataclass(frozen=True)
class Vote:
    """What one member says.

    Attributes
    ----------
    member : str
    p_ai : float
        Its probability that the image is AI-generated.
    label : {"AI-generated", "Real"}
    """

    member: str
    p_ai: float
    label: str


@dataclass(frozen=True)
class Reason:
    """Why the models can't tell, or what else the reader of a vote should know.

    Attributes
    ----------
    key : str
        Of its sentence in `REASONS`.
    fields : dict
        What its braces stand for.
    """

    key: str
    fields: dict = field(default_factory=dict)

    def __str__(self):
        """The reason in English."""
        return fill(REASONS[self.key], self.fields)


@dataclass(frozen=True)
class Verdict:
    """What the ensemble says of one image.

    Attributes
    ----------
    pack : str
        Name of the pack that judged.
    label : {"AI-generated", "Real"}
        The majority of the votes.
    p_ai : float
        Calibrated probability that the image is AI-generated.
    certainty : {"confident", "likely", "uncertain"}
        Of the label, by the pack's promises.
    agreement : {"3-0", "2-1"}
        Votes for and against the label.
    votes : tuple of Vote
    width, height : int
        Of the image, in pixels.
    reasons : tuple of Reason
        Why the models are uncertain, and what else the reader should know.
    evidence : tuple of ensemble.evidence.provenance.Note
        What the file and its pixels say of their origin; it has no part in label and `p_ai`.
    maps : dict of str to ndarray of float32, shape [h, w]
        Class-activation map of each network: logits, positive where it sees AI.
    """

    pack: str
    label: str
    p_ai: float
    certainty: str
    agreement: str
    votes: tuple
    width: int
    height: int
    reasons: tuple
    evidence: tuple = ()
    maps: dict = field(default_factory=dict, repr=False, compare=False)

    @property
    def answer(self):
        """"AI-generated", "Partly AI-generated", "Real" or "Can't tell": what a visitor is told."""
        return answer(self.evidence, self.label, self.certainty)[0]

    @property
    def because(self):
        """"credentials", "mark", "notes" or "models": what the answer rests on."""
        return answer(self.evidence, self.label, self.certainty)[1]

    def as_dict(self):
        """The verdict as the command line and the API give it."""
        return {
            "answer": self.answer, "because": self.because,
            "evidence": [note.as_dict() for note in self.evidence],
            "pack": self.pack, "label": self.label, "p_ai": round(self.p_ai, 7),
            "certainty": self.certainty, "agreement": self.agreement,
            "votes": [{"member": v.member, "p_ai": round(v.p_ai, 7), "label": v.label}
                      for v in self.votes],
            "width": self.width, "height": self.height,
            "reasons": [str(reason) for reason in self.reasons],
        }

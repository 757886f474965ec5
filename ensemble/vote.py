"""The members' probabilities → one verdict."""

import math
from dataclasses import dataclass, field

import numpy as np

from ensemble.answer import answer
from ensemble.sentences import fill
from ensemble.vocabulary import AI, CONFIDENT, LIKELY, REAL, UNCERTAIN

# A member's probability is kept this far from 0 and 1 before its logit is taken.
EPSILON = 1e-6
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


def label_of(p_ai):
    """The label of a probability: AI-generated from 0.5 on."""
    return AI if p_ai >= 0.5 else REAL


def majority(p_ai):
    """Whether most members say AI-generated.

    Parameters
    ----------
    p_ai : ndarray, shape [..., members]
        An odd number of members.

    Returns
    -------
    ndarray of bool, shape [...]
    """
    p_ai = np.asarray(p_ai)
    return (p_ai >= 0.5).sum(axis=-1) * 2 > p_ai.shape[-1]


def correct(p_ai, calibration):
    """The members' probabilities, each corrected by what was learned of it on held-out pictures.

    Parameters
    ----------
    p_ai : ndarray, shape [..., members]
        As the members give them.
    calibration : dict
        With `scales` and `shifts` of each member's logit; without, nothing is corrected.

    Returns
    -------
    ndarray, shape [..., members]
    """
    if "scales" not in calibration:
        return p_ai
    return sigmoid(logits(p_ai) * calibration["scales"] + calibration["shifts"])


def calibrate(p_ai, calibration):
    """One calibrated probability from the members'.

    Parameters
    ----------
    p_ai : ndarray, shape [..., members]
        Corrected.
    calibration : dict
        `weights` (one a member) and `bias` of a logistic regression on the members' logits, and
        `median`, the weight of their median (0 if absent); fitted on held-out pictures.

    Returns
    -------
    ndarray of float64, shape [...]

    Notes
    -----
    Platt 1999, "Probabilistic outputs for support vector machines", with several inputs.
    """
    score = logits(p_ai) @ np.asarray(calibration["weights"]) + calibration["bias"]
    if median := calibration.get("median", 0):
        score = score + median * np.median(logits(p_ai), axis=-1)
    return sigmoid(score)


def sigmoid(score):
    """The probability of a logit."""
    return 1 / (1 + np.exp(-np.asarray(score)))


def logits(p_ai):
    """Logits of probabilities, which are kept `EPSILON` from 0 and 1 so that none is infinite."""
    p_ai = np.clip(np.asarray(p_ai, np.float64), EPSILON, 1 - EPSILON)
    return np.log(p_ai / (1 - p_ai))


def beyond(domain, picture):
    """How far a picture is outside the sizes that a pack knows.

    Parameters
    ----------
    domain : dict
        Of the manifest: `min_side`, `max_side` or both, the shortest and the longest that the
        longer side of a picture may be, in pixels.
    picture : Picture

    Returns
    -------
    int or float
        Pixels above `max_side`; minus the pixels that are missing to `min_side`; 0 inside.
    """
    side = max(picture.width, picture.height)
    above, below = side - domain.get("max_side", side), side - domain.get("min_side", side)
    return max(above, 0) + min(below, 0)


def starts(bounds, step, called_ai):
    """Where a step of certainty starts, for many verdicts at once.

    Parameters
    ----------
    bounds : dict
        Of the manifest: label → step → `from`.
    step : {"confident", "likely"}
    called_ai : ndarray of bool, shape [N]
        Whether each label is AI-generated.

    Returns
    -------
    ndarray of float64, shape [N]
        Infinite where the step is not given for the label.
    """
    ai, real = (bounds[label].get(step, {}).get("from", np.inf) for label in (AI, REAL))
    return np.where(called_ai, ai, real)


def certainty_of(bounds, p_label):
    """The surest step whose bound the probability of a label reaches.

    Parameters
    ----------
    bounds : dict
        Of this label, in the manifest: step → `from`, the probability that it starts at; a step
        that could not be promised is left out.
    p_label : float
        Calibrated.

    Returns
    -------
    {"confident", "likely", "uncertain"}
    """
    return next((step for step in (CONFIDENT, LIKELY)
                 if step in bounds and p_label >= bounds[step]["from"]), UNCERTAIN)


def decide(manifest, picture, p_ai, maps, known=False):
    """Votes, majority, calibrated probability and certainty of one image.

    Parameters
    ----------
    manifest : dict
        Of the pack that judged.
    picture : Picture
    p_ai : sequence of float
        One a member, in the manifest's order.
    maps : dict
        Class-activation maps by member.
    known : bool
        Whether this very file was in the training data.

    Returns
    -------
    Verdict
    """
    votes = tuple(Vote(member["name"], float(p), label_of(p))
                  for member, p in zip(manifest["members"], p_ai, strict=True))
    label = AI if majority(p_ai) else REAL
    ayes = sum(vote.label == label for vote in votes)
    overall = float(calibrate(p_ai, manifest["calibration"]))
    p_label = overall if label == AI else 1 - overall
    bounds = manifest["bounds"][label]
    doubts = [*_size_doubts(manifest, picture), *_vote_doubts(label, p_label, bounds)]
    notes = [Reason("trained_on")] if known else []
    return Verdict(manifest["name"], label, overall,
                   UNCERTAIN if doubts else certainty_of(bounds, p_label),
                   f"{ayes}-{len(votes) - ayes}", votes, picture.width, picture.height,
                   (*doubts, *notes), picture.evidence, maps)


def _size_doubts(manifest, picture):
    outside = beyond(manifest["domain"], picture)
    size = {"width": picture.width, "height": picture.height}
    if outside > 0:
        yield Reason("reduced", {"size": manifest["input_size"], **size})
    elif outside < 0:
        yield Reason("too_small", {"min_side": manifest["domain"]["min_side"], **size})


def _vote_doubts(label, p_label, bounds):
    fields = {"label": label, "p_label": percent(p_label)}
    if p_label < 0.5:
        yield Reason("contradiction", fields)
    elif not bounds:
        yield Reason("silent", fields)
    elif certainty_of(bounds, p_label) == UNCERTAIN:
        lowest = min(bound["from"] for bound in bounds.values())
        yield Reason("unsure", {**fields, "bound": f"{math.ceil(lowest * 1000) / 10:.1f}%"})


def percent(p):
    """A probability for people, never rounded up to certainty: 99.98% stays below 100%."""
    return f"{math.floor(p * 1000) / 10 if p > 0.5 else math.ceil(p * 1000) / 10:.1f}%"

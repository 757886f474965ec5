"""The members' probabilities → one verdict."""

import math
from dataclasses import dataclass, field

import numpy as np

AI, REAL = "AI-generated", "Real"
CONFIDENT, UNCERTAIN = "confident", "uncertain"
# A member's probability is kept this far from 0 and 1 before its logit is taken.
EPSILON = 1e-6


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
    certainty : {"confident", "uncertain"}
    agreement : {"3-0", "2-1"}
        Votes for and against the label.
    votes : tuple of Vote
    width, height : int
        Of the image, in pixels.
    reasons : tuple of str
        Why the verdict is uncertain, and what else the reader should know.
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
    maps: dict = field(default_factory=dict, repr=False, compare=False)

    def as_dict(self):
        """The verdict as the command line and the API give it."""
        return {
            "pack": self.pack, "label": self.label, "p_ai": round(self.p_ai, 7),
            "certainty": self.certainty, "agreement": self.agreement,
            "votes": [{"member": v.member, "p_ai": round(v.p_ai, 7), "label": v.label}
                      for v in self.votes],
            "width": self.width, "height": self.height, "reasons": list(self.reasons),
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


def calibrate(p_ai, calibration):
    """One calibrated probability from the members': logistic regression on their logits.

    Parameters
    ----------
    p_ai : ndarray, shape [..., members]
    calibration : dict
        `weights` (one a member) and `bias`, fitted on the validation split.

    Returns
    -------
    ndarray of float64, shape [...]

    Notes
    -----
    Platt 1999, "Probabilistic outputs for support vector machines", with several inputs.
    """
    score = logits(p_ai) @ np.asarray(calibration["weights"]) + calibration["bias"]
    return 1 / (1 + np.exp(-score))


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
    doubts, notes = [], []
    outside = beyond(manifest["domain"], picture)
    if outside > 0:
        size = manifest["input_size"]
        doubts.append(f"The models know pictures of {size} × {size} pixels; this one has "
                      f"{picture.width} × {picture.height} and was reduced, which removes most "
                      f"of the traces they look for.")
    elif outside < 0:
        doubts.append(f"The models know pictures from {manifest['domain']['min_side']} pixels on; "
                      f"this one has {picture.width} × {picture.height}, too few for the traces "
                      f"they look for.")
    for_label = overall if label == AI else 1 - overall
    if for_label < 0.5:
        doubts.append(f"Most models say {label}, but weighed by how well each one judges they lean "
                      f"the other way: the calibrated probability of {label} is "
                      f"{percent(for_label)}.")
    elif for_label < (bound := manifest["calibration"]["confident_from"]):
        doubts.append(f"The calibrated probability of {label}, {percent(for_label)}, is below the "
                      f"{math.ceil(bound * 1000) / 10:.1f}% from which on a verdict is confident.")
    if known:
        notes.append("This very file was in the training data, so the verdict says nothing about "
                     "how well the models judge new images.")
    return Verdict(manifest["name"], label, overall, UNCERTAIN if doubts else CONFIDENT,
                   f"{ayes}-{len(votes) - ayes}", votes, picture.width, picture.height,
                   (*doubts, *notes), maps)


def percent(p):
    """A probability for people, never rounded up to certainty: 99.98% stays below 100%."""
    return f"{math.floor(p * 1000) / 10 if p > 0.5 else math.ceil(p * 1000) / 10:.1f}%"

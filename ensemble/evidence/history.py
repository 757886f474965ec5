"""What a file's Content Credentials say of its origin, and whether they hold."""

import re

OWN = "Content Credentials"
# Signed before the file's own, by somebody who isn't on the trust list or handed on by such a one:
# whoever signs the file now says that it was so, not that it is true.
EARLIER = "Earlier credentials"
HOLD = ("credentials_trusted", "credentials_untrusted")

# The vocabulary of IPTC and C2PA for where a picture comes from; its other words say neither.
# https://cv.iptc.org/newscodes/digitalsourcetype/
SOURCE_TYPES = {"trainedAlgorithmicMedia": "ai", "compositeWithTrainedAlgorithmicMedia": "part_ai",
                "compositeSynthetic": "part_ai", "digitalCapture": "camera",
                "computationalCapture": "camera", "negativeFilm": "camera",
                "positiveFilm": "camera"}
# What can be done to a photograph without adding anything that was generated.
HARMLESS = ("humanEdits", "minorHumanEdits", "algorithmicallyEnhanced")
# Why credentials do not hold: parts of the C2PA status codes, the gravest first.
REASONS = {"forged": ("claimSignature.mismatch", "claimSignature.missing", "hashedURI.mismatch",
                      "ingredient.manifest.mismatch"),
           "changed": ("Hash.mismatch",), "revoked": ("ocsp.revoked",),
           "expired": ("signingCredential.expired", "outsideValidity"),
           "certificate": ("signingCredential.",)}
# Programs of 2023 wrote no such word, but how they described what they did.
GENERATED = re.compile(r"\bAI[- ]generated\b|\bgenerated (?:by|with) AI\b", re.IGNORECASE)
GENERATIVE = "com.adobe.generative-ai"  # an assertion of that time
MOST = 20  # entries of a list


def statements(store):
    """Source, key and fields of each note on the credentials of a file.

    Parameters
    ----------
    store : dict
        As `credentials.read_store` gives it.

    Yields
    ------
    source : {"Content Credentials", "Earlier credentials"}
    key : str
        Of a sentence in `provenance.SENTENCES`.
    fields : dict
        Raw: nothing of it can be relied on to be short or of one line.
    """
    if store.get("active_manifest") not in (store.get("manifests") or {}):
        yield OWN, "credentials_damaged", {"reason": "no active manifest"}
        return
    key, fields = _signature(store)
    said = list(_history(store))
    if key in HOLD:
        yield OWN, key, fields
        yield from said
    else:  # it counts for nothing, so it is no note of its own
        claims = [f"{claim['type']} ({claim['tool']})" for _, _, claim in said if "type" in claim]
        yield OWN, key, fields | ({"claims": claims} if claims else {})


def _signature(store):
    """Key and fields of the note on the signature: whose it is, and whether it holds."""
    label = store["active_manifest"]
    manifest = store["manifests"][label]
    signature = manifest.get("signature_info") or {}
    fields = {"signer": _signer(manifest), "certificate": signature.get("common_name"),
              "algorithm": signature.get("alg"), "time": signature.get("time"),
              "generator": _maker(manifest)}
    fields = {name: value for name, value in fields.items() if value}
    failures = store.get("validation_status") or []
    problems = list(dict.fromkeys(str(failure.get("code")) for failure in failures
                                  if not _borne(failure, label)))
    if problems:
        fields["problems"] = problems[:MOST]
    elif failures or store.get("validation_state") in ("Valid", "Trusted"):
        trusted = label in store["trusted"]
        return "credentials_trusted" if trusted else "credentials_untrusted", fields
    reason = next((key for key, codes in REASONS.items()
                   if any(code in problem for problem in problems for code in codes)), "invalid")
    return f"credentials_{reason}", fields


def _borne(failure, label):
    """Whether credentials hold in spite of a failure.

    That a signer isn't on the list is said otherwise, and an earlier signer's certificate only
    takes its weight from what he says.
    """
    code, url = str(failure.get("code")), str(failure.get("url"))
    earlier = "/c2pa/" in url and f"/c2pa/{label}/" not in url
    return code == "signingCredential.untrusted" or (
        code.startswith("signingCredential.") and earlier)


def _history(store):
    """Source, key and fields of the notes on what was done.

    By the file's own line of manifests and by those of its ingredients.
    """
    manifests, own = store["manifests"], store["active_manifest"]
    line, vouched = _line(manifests, own), _vouched(manifests, own, store["trusted"])
    origins, done, camera = {}, [], True
    for label in (*reversed(line), *sorted(manifests.keys() - set(line))):  # the oldest first
        manifest = manifests[label]
        # Beside an own signer who isn't trusted, an earlier one can't be worth more than he is.
        source = OWN if label in vouched or not vouched else EARLIER
        for action in _actions(manifest):
            name = str(action.get("action")).removeprefix("c2pa.")
            kind, first = _source_type(action), name in ("created", "opened")
            origin = SOURCE_TYPES.get(kind)
            if origin == "ai" and not (first and label in line):
                origin = "part_ai"
            if origin and (label in line or origin != "camera"):
                origins.setdefault((source, origin), {
                    "signer": _signer(manifest), "tool": _maker(manifest, action), "type": kind})
            if label in line:
                camera &= origin == "camera" or kind in ("", *HARMLESS)
                if name not in done:
                    done.append(name)
    camera &= not any(_components(manifests[label]) for label in line)
    for source, origin in list(origins):
        if (origin == "part_ai" and (source, "ai") in origins) or (
                origin == "camera" and not camera):
            del origins[source, origin]
    for (source, origin), fields in origins.items():
        key = "credentials_" if source == OWN else "credentials_earlier_"
        yield source, key + origin, fields
    if done:
        yield OWN, "credentials_actions", {"actions": ", ".join(done[:MOST])}


def _line(manifests, label):
    """The labels from the file's own manifest to that of the first picture it was made from."""
    line = []
    while label in manifests and label not in line:
        line.append(label)
        label = next((ingredient.get("active_manifest")
                      for ingredient in manifests[label].get("ingredients") or []
                      if ingredient.get("relationship") == "parentOf"), None)
    return line


def _vouched(manifests, label, trusted):
    """The labels of the manifests that trusted signers alone lead to.

    Between others, anybody could have put another picture under an earlier one's credentials.
    """
    vouched, open_ends = set(), [label]
    while open_ends:
        label = open_ends.pop()
        if label in trusted and label not in vouched:
            vouched.add(label)
            open_ends += [ingredient.get("active_manifest")
                          for ingredient in manifests[label].get("ingredients") or []]
    return vouched


def _components(manifest):
    """What was put into the picture: nobody knows what of it was generated."""
    return [ingredient for ingredient in manifest.get("ingredients") or []
            if ingredient.get("relationship") == "componentOf"]


def _actions(manifest):
    for assertion in manifest.get("assertions") or []:
        label, data = str(assertion.get("label")), assertion.get("data")
        if label == GENERATIVE:
            agent = data.get("description") if isinstance(data, dict) else None
            yield {"action": "edited" if manifest.get("ingredients") else "created",
                   "softwareAgent": agent, "digitalSourceType": "trainedAlgorithmicMedia"}
        elif label == "actions" or label.startswith("c2pa.actions"):
            actions = data.get("actions") if isinstance(data, dict) else data
            if isinstance(actions, list):
                yield from (action for action in actions if isinstance(action, dict))


def _source_type(action):
    """IPTC's word for where what an action brought in comes from; empty if it isn't said."""
    if kind := action.get("digitalSourceType"):
        return str(kind).rstrip("/").rpartition("/")[2]
    generated = GENERATED.search(str(action.get("description") or ""))
    return "trainedAlgorithmicMedia" if generated else ""


def _signer(manifest):
    """The organization of the signer's certificate, else its name."""
    signature = manifest.get("signature_info") or {}
    return str(signature.get("issuer") or signature.get("common_name") or "?")


def _maker(manifest, action=None):
    """The program that did an action or how it is described, else what wrote the manifest."""
    agent = (action or {}).get("softwareAgent")
    if isinstance(agent, dict):
        agent = " ".join(str(agent[key]) for key in ("name", "version") if agent.get(key))
    infos = manifest.get("claim_generator_info") or [{}]
    return str(agent or str((action or {}).get("description") or "").rstrip(".")
               or infos[0].get("name") or manifest.get("claim_generator") or "?")

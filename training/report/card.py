"""A pack's model card; every number in it is read from the manifest and the reports."""

from huggingface_hub import EvalResult, ModelCardData

from training.markdown import count, table
from training.report import comparisons, figures, photo_card, slices
from training.report.comparisons import parameters
from training.report.figures import confident_from

DATASET = "dragonintelligence/CIFAKE-image-dataset"
TAGS = ["image-classification", "ai-generated-image-detection", "cifake", "ensemble", "svm", "cnn",
        "resnet", "onnx"]
METRICS = {"accuracy": "Accuracy", "precision": "Precision", "recall": "Recall", "f1": "F1",
           "roc_auc": "ROC-AUC", "average_precision": "Average precision", "ece": "ECE"}
WAYS = {"ensemble": "majority", "calibrated": "calibrated probability"}
# The Hub's names of those metrics that it knows.
INDEXED = {"accuracy": "accuracy", "precision": "precision", "recall": "recall", "f1": "f1",
           "roc_auc": "roc_auc"}
PROVENANCE = {"data": "data", "images": "training images", "real_images": "of these, real",
              "sources": "collections",
              "added_fakes": "of these, fakes added from the DCGAN",
              "validation_images": "validation images", "fingerprint": "fingerprint of the data",
              "seed": "seed", "commit": "code at commit"}
CONDITIONS = 10  # that are named as weak spots


def card(manifest, reports, drawn=()):
    """The model card of a pack.

    Parameters
    ----------
    manifest : dict
        Content of `manifest.json`.
    reports : dict of str to dict
        Content of `reports/*.json` by file name without its ending; `evaluate` gives the
        results, without it the card says that there are none.
    drawn : sequence of str
        Names of the figures that lie in `reports/figures`.

    Returns
    -------
    str
        Markdown with the front matter that the Hub reads, `model-index` included.
    """
    evaluation, photos = reports.get("evaluate"), reports.get("photos")
    for_photos = setting(manifest) == "PHOTOS"
    front = ModelCardData(
        license="apache-2.0", library_name="onnx", pipeline_tag="image-classification",
        tags=[tag for tag in TAGS if not (for_photos and tag == "cifake")],
        datasets=None if for_photos else [DATASET], model_name=manifest["name"],
        metrics=list(INDEXED.values()) if evaluation else None,
        eval_results=_index(evaluation) if evaluation else None)
    shown = {name: figures.embed(name, caption, "reports/figures")
             for name, caption in figures.captions(manifest, reports).items() if name in drawn}
    measured = [*([photo_card.results(photos)] if photos else []), *_show(shown, "photos")]
    if for_photos:
        parts = [photo_card.introduction(manifest),
                 *([photo_card.weak_spots(photos)] if photos else []), *measured,
                 _members(manifest), photo_card.calibration(manifest, reports.get("promises")),
                 *([photo_card.marks(reports["marks"])] if "marks" in reports else []),
                 photo_card.limits(manifest),
                 _use(manifest), _training(manifest), photo_card.source()]
    else:
        parts = [_introduction(manifest), _members(manifest), _results(evaluation, manifest),
                 *_published(manifest, evaluation),
                 *_show(shown, "confusion", "roc"), *_weak_spots(manifest, reports),
                 *_robustness(manifest, reports.get("robustness")), *_show(shown, "robustness"),
                 *_generators(manifest, reports.get("generators")), *_show(shown, "generators"),
                 *_filters(reports.get("resize")), *measured, _calibration(manifest, evaluation),
                 *_show(shown, "reliability", "risk"), _limits(manifest), _use(manifest),
                 *([comparisons.integers(reports["int8"])] if "int8" in reports else []),
                 *_runtimes(manifest, reports.get("litert")),
                 _training(manifest), *_show(shown, "training"), _source()]
    return f"---\n{front.to_yaml()}\n---\n\n" + "\n\n".join(parts) + "\n"


def setting(manifest):
    """What the variables begin with that make the app judge with such a pack."""
    return "PHOTOS" if "min_side" in manifest["domain"] else "PACK"


def _show(shown, *names):
    return [shown[name] for name in names if name in shown]


def _introduction(manifest):
    size = manifest["input_size"]
    return f"""# Real or AI? Pack `{manifest["name"]}` {manifest["version"]}

{len(manifest["members"])} models of different kinds vote on whether an image of {size} × {size} \
pixels is real (a photograph) or AI-generated. Each is one ONNX file, \
`uint8 [N, {size}, {size}, 3] → float32 [N]`, the probability that the image is AI-generated; \
everything after the resize is inside its graph. The networks also return the class-activation map \
whose mean is the logit. Loading an ONNX file runs no code."""


def _members(manifest):
    counts = parameters(manifest)
    rows = [[m["name"], m.get("description", ""), count(counts[m["name"]]),
             count(m.get("bytes")), f"`{m['sha256'][:12]}…`"] for m in manifest["members"]]
    return "## Members\n\n" + table(["member", "what", "parameters", "bytes", "SHA-256"], rows)


def _results(evaluation, manifest):
    if not evaluation:
        return "## Results\n\nThis pack comes without a report of its evaluation."
    names = [m["name"] for m in manifest["members"]]
    parts = ["## Results"]
    for title, report in _readings(evaluation):
        rows = [[label, *(_score(scores.get(key), scores.get(f"{key}_interval"))
                          for key in METRICS)] for label, scores in _scores(report, names)]
        parts.append(f"{title}:\n\n" + table(["", *METRICS.values()], rows))
    parts.append("Positive is AI-generated. Nothing was chosen on these images. ECE is the "
                 "expected calibration error: how far a probability is from the share of images "
                 "for which it holds."
                 + (" In brackets: the 95% bootstrap interval."
                    if "accuracy_interval" in evaluation["ensemble"] else ""))
    return "\n\n".join(parts)


def _published(manifest, evaluation):
    if not evaluation or "deduplicated" not in evaluation:
        return []
    return [f"## Beside published systems\n\n{comparisons.published(manifest, evaluation)}"]


def _weak_spots(manifest, reports):
    worst = slices.worst_first(manifest, reports)[:CONDITIONS]
    if not worst:
        return []
    return [f"""## Weak spots

The {len(worst)} conditions with the most errors of the majority, worst first, all at the one \
threshold of a half. Where all images have one label, as with fakes, `right` is the share that is \
given it. `Reduced` are pictures of other sizes, through the pack's filter.

{slices.weak_spots(worst)}"""]


def _robustness(manifest, report):
    if not report:
        return []
    return [f"""## Robustness

{slices.worst(report)} Numbers are the quality of JPEG and WebP, the blur's σ in pixels, the \
noise's σ in steps of 255, and the side in pixels that an image is rescaled to or cropped to.

{slices.robustness(manifest, report)}"""]


def _generators(manifest, report):
    return [f"## Other generators\n\n{slices.generators(manifest, report)}"] if report else []


def _filters(report):
    return [f"## Larger pictures\n\n{comparisons.filters(report)}"] if report else []


def _runtimes(manifest, report):
    """On small machines; not of a pack that has other networks by now."""
    if not report or report["version"] != manifest["version"]:
        return []
    return [f"## Small machines\n\n{comparisons.runtimes(report)}"]


def _calibration(manifest, evaluation):
    calibration = manifest["calibration"]
    weights = ", ".join(f"{m['name']} {w:.3f}"
                        for m, w in zip(manifest["members"], calibration["weights"], strict=True))
    return f"""## Calibration

The label is the majority's. Its probability comes from the members' logits by logistic \
regression, fitted on the validation split: weights {weights}, bias {calibration["bias"]:.3f}. A \
verdict is `confident` from a probability of {confident_from(manifest)} of its label on, and only \
inside the domain below.{_measured(evaluation)}"""


def _measured(evaluation):
    """How the calibration did on the test split, and again without its duplicates."""
    text = ""
    for title, report in _readings(evaluation) if evaluation else ():
        if report["calibrated"].get("ece") is None or "confident" not in report:
            continue
        sure = report["confident"]
        right = "" if sure["accuracy"] is None else f", of which {sure['accuracy']:.2%} are right"
        text += (f"\n\n{title}: ECE {report['calibrated']['ece']:.2%}; {sure['coverage']:.1%} of "
                 f"the verdicts are `confident`{right}.")
    return text


def _limits(manifest):
    size, largest = manifest["input_size"], manifest["domain"]["max_side"]
    added = manifest["training"].get("added_fakes")
    generators = "Stable Diffusion 1.4" + (" and of a small DCGAN" if added else "")
    return f"""## Limits

- It knows pictures of {size} × {size} pixels only. Larger ones are reduced ({manifest["resize"]} \
filter), which removes most of the traces it looks for: above {largest} pixels a side every \
verdict is `uncertain`.
- It knows the fakes of {generators} only, and says nothing of use about other generators.
- A real photograph can be called AI-generated. Don't accuse anybody on its word."""


def _use(manifest):
    variable = setting(manifest)
    return f"""## Use

From the code of Real or AI?, with this repository pinned at a commit:

```
{variable}_REPO=USER/NAME {variable}_REVISION=COMMIT python -m ensemble photo.jpg --json
```

The same two variables make the Space judge with this pack. `{variable}_REVISION` is a full commit \
hash; every file is checked against the SHA-256 in `manifest.json`. The native models under \
`sources/`, where there are any, are for training and study and are never loaded by the app: a \
`.joblib` file runs code when it is loaded."""


def _training(manifest):
    facts = manifest["training"]
    lines = [f"- {label}: {count(facts[key]) if key.endswith(('images', 'fakes')) else facts[key]}"
             for key, label in PROVENANCE.items() if facts.get(key) is not None]
    lines += [f"- {name}: " + ", ".join(f"{key} {value}" for key, value in run.items())
              for name, run in facts.get("runs", {}).items()]
    return "\n".join(["## Training", "", *lines])


def _source():
    return """CIFAKE: J. J. Bird and A. Lotfi, "CIFAKE: Image Classification and Explainable \
Identification of AI-Generated Synthetic Images", arXiv 2303.14126."""


def _readings(evaluation):
    """The two readings of a report: of all test images, and of those not in training."""
    yield f"All {count(evaluation['n'])} images of the test split", evaluation
    if "deduplicated" in evaluation:
        kept = evaluation["deduplicated"]
        yield (f"The {count(kept['n'])} of them that are not byte-identical to a training image",
               kept)


def _scores(report, names):
    yield from ((name, report["members"][name]) for name in names if name in report["members"])
    yield from ((f"**{label}**", report[key]) for key, label in WAYS.items() if key in report)


def _index(evaluation):
    results = []
    for suffix, report in (("", evaluation), (", not in training", evaluation.get("deduplicated"))):
        for key, label in WAYS.items():
            for metric, name in INDEXED.items():
                value = ((report or {}).get(key) or {}).get(metric)
                if value is not None:
                    results.append(EvalResult(
                        task_type="image-classification", dataset_type=DATASET,
                        dataset_name="CIFAKE", dataset_split="test", metric_type=name,
                        metric_name=f"{METRICS[metric]} ({label}{suffix})", metric_value=value))
    return results


def _score(value, interval=None):
    return ("–" if value is None else f"{value:.4f}") + (
        f" ({interval[0]:.4f}–{interval[1]:.4f})" if interval else "")

"""What the model card and README say of a pack for photographs; every number is of its report."""

from training.markdown import count, percent, table

WEAKEST = 5  # generators, and sources of real pictures, that are named first
SHARES = "1%", "5%"
COPIES = (("resaved", "JPEG 80"), ("halved", "half size"), ("screenshot", "screenshot"))
FEWEST = 30  # pictures that say something of a generator


def introduction(manifest):
    """What the pack is."""
    size, least = manifest["input_size"], manifest["domain"]["min_side"]
    tiles = manifest.get("grid", 0) ** 2
    cut = f""", and {tiles} tiles of that size cut from it as it is (a picture whose shorter side \
has 2,048 pixels or more is halved first, as often as 1,024 are left)""" if tiles else ""
    shape = f"N, {tiles + 1}" if tiles else "N"
    return f"""# Real or AI? Pack `{manifest["name"]}` {manifest["version"]}

{len(manifest["members"])} models of different kinds vote on whether a picture whose longer side \
has {least} pixels or more is real or AI-generated. They see its middle square, reduced to \
{size} × {size} pixels{cut}. Each is one ONNX file, \
`uint8 [{shape}, {size}, {size}, 3] → float32 [N]`, the probability that the picture is \
AI-generated. The networks also return the class-activation map whose mean is the \
logit. Loading an ONNX file runs no code."""


def weak_spots(report):
    """The generators that are caught least, and the real pictures that are accused most."""
    missed = [f"{name} ({row['ai_caught']:.0%} caught)"
              for name, row in _least_caught(report).items() if row["ai"] >= FEWEST]
    accused = [f"`{name}` ({row['real_called_ai']:.0%})"
               for name, row in _most_accused(report).items()]
    told, flips = report["mean"]["likely"], report["mean"]["flips"]
    changes = ", ".join(f"{percent(flips[name]['all'])} ({words})" for name, words in COPIES)
    surer = ", ".join(percent(flips[name]["likely"]) for name, _ in COPIES)
    return f"""## Weak spots

- {percent(1 - told["coverage"])} of the verdicts are `uncertain`. The others call \
{told["real_called_ai"]:.2%} of the real pictures AI-generated and catch {told["ai_caught"]:.1%} \
of the AI-generated ones; of all labels, certain or not, \
{percent(report["mean"]["real_called_ai"])} and {percent(report["mean"]["ai_caught"])}. A label \
that is `uncertain` accuses nobody.
- Missed most, of generators with {FEWEST} pictures or more: {", ".join(missed[:WEAKEST])}.
- Real pictures called AI-generated most, by source: {", ".join(accused[:WEAKEST])}.
- The label changes between a picture and its copy in {changes} of the cases; where the picture's \
was `likely` or `confident`, in {surer}."""


def results(report):
    """How it did on folds of sources held out: by fold, by generator, by source."""
    rows = [*((f"fold {number}", row) for number, row in enumerate(report["folds"])),
            ("**mean**", report["mean"])]
    folds = table(
        ["held out", "real", "AI", "ROC-AUC", "real called AI", "AI caught", "told", "right",
         "real called AI", "AI caught", *(f"label changes: {words}" for _, words in COPIES)],
        [[name, count(row.get("real"), ""), count(row.get("ai"), ""), f"{row['roc_auc']:.3f}",
          percent(row["real_called_ai"]), percent(row["ai_caught"]),
          *(percent(row["likely"][key])
            for key in ("coverage", "accuracy", "real_called_ai", "ai_caught")),
          *(percent(row["flips"][name]["all"]) for name, _ in COPIES)]
         for name, row in rows])
    simpler = table(
        ["recipe, same folds", "ROC-AUC", "AI caught where 1% of the real are accused", "5%"],
        [[name, f"{row['roc_auc']:.3f}", *(percent(row["caught"][share]) for share in SHARES)]
         for name, row in {**report["baselines"], "**this pack**": report["ranking"]}.items()])
    pairs = table(
        ["matched pair", "ROC-AUC", "AI caught where 1% of the real are accused", "5%"],
        [[f"`{name}`", f"{row['roc_auc']:.3f}", *(percent(row["caught"][share])
                                                 for share in SHARES)]
         for name, row in sorted(report["pairs"].items(), key=lambda item: item[1]["roc_auc"])])
    by_generator = table(
        ["generator", "pictures", "caught", "caught, `likely` or surer", "ROC-AUC"],
        [[name, count(row["ai"]), percent(row["ai_caught"]), percent(row["likely"]["ai_caught"]),
          f"{row['roc_auc']:.3f}"]
         for name, row in _least_caught(report).items()])
    by_source = table(
        ["source of real pictures", "pictures", "called AI", "called AI, `likely` or surer"],
        [[name, count(row["real"]), percent(row["real_called_ai"]),
          percent(row["likely"]["real_called_ai"])]
         for name, row in _most_accused(report).items()])
    return f"""## Photographs and other pictures

{summary(report)}

{simpler}

{folds}

Pictures of one origin, some real and some not; the mean of these pairs' ROC-AUC is \
{"–" if report["pairs_mean"] is None else f"{report['pairs_mean']:.3f}"}:

{pairs}

By generator, the least caught first; its ROC-AUC is against the real pictures of its folds:

{by_generator}

By source of real pictures, the most often accused first:

{by_source}"""


def summary(report):
    """How the numbers were measured, and the most important of them."""
    mean, told = report["mean"], report["mean"]["likely"]
    right = ("no verdict is `likely` or surer" if told["accuracy"] is None else
             f"{percent(told['coverage'])} of the verdicts are `likely` or surer and "
             f"{percent(told['accuracy'])} of these are right")
    return (f"{report['n']:,} original pictures of {len(report['sources'])} collections in "
            f"{len(report['folds'])} folds of whole groups of collections, a family of generators "
            f"in one of them; `python -m training collect` brings the same files to anybody. Each "
            f"fold was judged by models that were trained without it. Their calibration was fitted "
            f"on the answers to the other folds, which came from models that had this fold in "
            f"their training. Every picture, real or not, was first reduced to a shorter side of "
            f"320 to 1,280 pixels and saved as JPEG (60–95), WebP or PNG at random. Mean of the "
            f"folds: ROC-AUC {mean['roc_auc']:.3f}; {right}; {told['real_called_ai']:.2%} of the "
            f"real pictures are called AI-generated by these, and {told['ai_caught']:.1%} of the "
            f"AI-generated ones are caught.")


def in_short(promised):
    """README's sentences: how seldom the models can tell, and what it is worth when they do.

    Parameters
    ----------
    promised : dict
        Content of `reports/promises.json`.
    """
    told = {step: row for step, row in promised["steps"].items() if row["coverage"]}
    steps = [f"{row['coverage']:.1%} of the verdicts are `{step}`, {row['right']:.1%} of these "
             f"right" for step, row in told.items()] or ["no verdict is any surer"]
    widest = list(promised["steps"].values())[-1]
    uncertain = 1 - sum(row["coverage"] for row in told.values())
    return (f"Of {promised['n']:,} pictures from {promised['collections']} collections that they "
            f"were not trained on, the models can't tell {uncertain:.1%}; {'; '.join(steps)}. They "
            f"accuse {widest['accused']:.2%} of the real pictures, and catch "
            f"{widest['caught']:.1%} of the AI-generated ones.")


def marks_in_short(report):
    """README's sentence on the watermarks; `report` is the content of `reports/marks.json`."""
    marked, unmarked = report["marked"].values(), report["unmarked"]["watermark"]
    genuine, caught = (sum(row[key] for row in marked) for key in ("pictures", "above_bound"))
    return (f"The invisible watermark is read in {caught} of {genuine} pictures whose generators "
            f"write it ({caught / genuine:.1%}), and in {unmarked['above_bound']} of "
            f"{unmarked['pictures']:,} unmarked ones.")


def marks(report):
    """How well marks in pixels are told from unmarked pictures."""
    unmarked = report["unmarked"]
    largest = ", ".join(f"{tool} {score}" for tool, score in
                        unmarked["watermark"]["largest"].items())
    rows = [[name, count(row["pictures"]), count(row["above_bound"]),
             *("–" if row[key] is None else str(row[key])
               for key in ("lowest", "middle", "highest"))]
            for name, row in report["marked"].items()]
    return f"""## Marks in pixels

They have nothing to do with the models, and go before them. {marks_in_short(report)} A watermark \
is found from a standard score of {report["bound"]:g} on. The largest of the unmarked pictures: \
{largest}. DALL·E 2's squares were seen in {unmarked["squares"]} of all \
{unmarked["pictures"]:,} unmarked pictures, Gemini's sparkle in {unmarked["sparkle"]}.

{table(["collection of marked pictures", "pictures", "found", "lowest score", "middle", "highest"],
       rows)}"""


def calibration(manifest, promised=None):
    """Where the probability and its steps of certainty come from, and what they are worth."""
    fitted, members = manifest["calibration"], manifest["members"]
    corrections = ", ".join(
        f"{member['name']} × {scale:.2f} {shift:+.2f}" for member, scale, shift in zip(
            members, fitted.get("scales", [1] * len(members)),
            fitted.get("shifts", [0] * len(members)), strict=True))
    promises = "\n".join(
        f"- `{step}`: at least {promise['right']:.0%} of these verdicts right, at most "
        f"{promise['accused']:.1%} of the real pictures of any part called AI-generated."
        for step, promise in manifest["promises"].items())
    starts = table(["", *manifest["promises"]], [
        [label, *(f"from {steps[step]['from']:.4f}" if step in steps else "never"
                  for step in manifest["promises"])]
        for label, steps in manifest["bounds"].items()])
    return f"""## Calibration and promises

Each member's logit is corrected first ({corrections}), fitted on collections that it was not \
trained on. The label is the majority's; its probability is that of the member in the middle, with \
a little of the mean of all, so that label and probability tell one story. From which probability \
of its label on a verdict is called what:

{starts}

Promised are, measured on whole groups of collections that were held out:

{promises}{_kept(promised)}"""


def _kept(promised):
    """How the promises were kept on the groups that the bounds were not fitted on."""
    if not promised:
        return ""
    rows = []
    for step, row in promised["steps"].items():
        right = "none given" if row["right"] is None else f"{row['right']:.1%} right"
        rows.append(f"`{step}` {row['coverage']:.1%} of the verdicts, {right}, "
                    f"{row['accused']:.2%} of the real pictures accused")
    return (f"\n\nKept on {promised['n']:,} pictures of {promised['groups']} groups, a fifth of "
            f"them left out in turn: {'; '.join(rows)}. ROC-AUC there {promised['roc_auc']:.3f}; "
            f"label and probability take two sides in "
            f"{promised['label_against_number']:.1%} of the cases.")


def limits(manifest):
    """What it can't do."""
    size = manifest["input_size"]
    return f"""## Limits

- It sees the middle square, reduced to {size} × {size} pixels, and tiles of it: what is beside \
it, and most of a large picture's finest pixels, are lost to it.
- AI-generated pictures of its training lean to art, posters and portraits, real ones to \
photographs. It was measured on sources that it never met for that reason, but not on yours.
- Photographs that were edited or are AI-generated in part were not measured.
- A real photograph can be called AI-generated. Don't accuse anybody on its word."""


def source():
    """What it was made of."""
    return """Each member judges the values of the reduced picture beside the means of its tiles' \
values: the networks by a linear unit, the SVM by an RBF kernel. The networks see the means of the \
channels of EfficientNet-Lite's inverted residual blocks (the one called `resnet` is \
EfficientNet-Lite2, whose blocks have residual connections); the SVM sees those of the earlier \
ones, and statistics of block spectra, neighbouring differences, chroma and layout. The blocks \
have their ImageNet weights: M. Tan and Q. V. Le, "EfficientNet: Rethinking Model Scaling for \
Convolutional Neural Networks", arXiv 1905.11946, Apache 2.0. Some of the collections state no \
licence: they were trained on, and none of their pictures is shown or handed on."""


def _least_caught(report):
    """Rows of the generators, the least caught first."""
    rows = {name: row for name, row in report["generators"].items() if row["ai"]}
    return dict(sorted(rows.items(), key=lambda item: item[1]["ai_caught"]))


def _most_accused(report):
    """Rows of the sources of real pictures, the most often accused first."""
    rows = {name: row for name, row in report["sources"].items() if row["real"]}
    return dict(sorted(rows.items(), key=lambda item: -item[1]["real_called_ai"]))

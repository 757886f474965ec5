"""The words and the HTML of the page; everything that comes from outside is escaped."""

import base64
import io
import json
from dataclasses import dataclass
from html import escape
from pathlib import Path

from PIL import Image

from ensemble import ImageError, Verdict, explain
from ensemble.images import ACCEPTED, MAX_BYTES, MAX_PIXELS, fit_square, open_picture
from ensemble.vote import AI, CONFIDENT, REAL, percent

EXAMPLES = Path(__file__).parent / "examples"
TITLE = "Real or AI?"
PLACEHOLDER = "# Drop an image here\nor click to choose one"
GROUPS = {  # folder → label, heading, what they are
    "real": (REAL, "Real", "Photographs, cut out and reduced to the models’ size."),
    "ai": (AI, "AI-generated", "Pictures by two small generators of this project: from others of "
           "the “known” one the models have learned, the “unseen” one they have never met."),
}
SIDE = 320  # pixels of the pictures in a verdict
BLANKS = ("What the models see", "Where a model looked")

# Tells a screen reader the headline of a new verdict, and brings it into view on a small screen.
VERDICT_JS = """
const status = document.createElement('p');
status.setAttribute('role', 'status');
status.className = 'unseen';
element.parentElement.append(status);
watch('value', () => {
  const result = element.querySelector('.verdict[data-result]');
  status.textContent = result ? result.querySelector('.headline').innerText : '';
  if (!result) return;
  const top = result.getBoundingClientRect().top;
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  if (top < 0 || top > innerHeight * 0.6)
    result.scrollIntoView({behavior: calm ? 'auto' : 'smooth', block: 'start'});
});
"""
GALLERY_JS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (button) trigger('click', {index: Number(button.dataset.index)});
});
"""
ICONS = {
    REAL: '<path d="M4 8h3l2-3h6l2 3h3v11H4z"/><circle cx="12" cy="13" r="3.5"/>',
    AI: '<path d="M11 3l2 6 6 2-6 2-2 6-2-6-6-2 6-2z"/>'
        '<path d="M18.5 15l1 2.5 2.5 1-2.5 1-1 2.5-1-2.5-2.5-1 2.5-1z"/>',
    None: '<rect x="4" y="4" width="16" height="16" rx="3"/><path d="M4 16l5-5 4 4 3-3 4 4"/>',
}


@dataclass(frozen=True)
class Example:
    """A picture of a gallery.

    Attributes
    ----------
    path : Path
    name, truth : str
    full : Path or None
        The photograph that it was cut from.
    verdict : Verdict or ImageError
        What the ensemble says of it.
    """

    path: Path
    name: str
    truth: str
    full: Path | None
    verdict: Verdict | ImageError


def galleries(ensemble):
    """The examples that lie in `examples/`, judged, by folder."""
    found = {}
    for group, (truth, _, _) in GROUPS.items():
        paths = sorted((EXAMPLES / group).glob("*.png"))
        fulls = [EXAMPLES / group / "full" / f"{path.stem}.jpg" for path in paths]
        if paths:
            found[group] = [
                Example(path, path.stem.replace("-", " "), truth,
                        full if full.exists() else None, verdict)
                for path, full, verdict in zip(paths, fulls, ensemble.judge_many(paths))]
    return found


def header(ensemble):
    """Title, what this is, and the notice when another pack than the configured one judges."""
    notice = f'<p class="notice" role="note">{escape(ensemble.notice)}</p>' \
        if ensemble.notice else ""
    count = len(ensemble.members)
    return f"""<header class="top"><h1>{TITLE}</h1>
<p>Was this image taken by a camera or made by a generator? {count} models of different kinds look
at it and vote.</p>{notice}</header>"""


def limits(keep_seconds):
    """What is accepted, and what happens to it."""
    return f"""<p class="limits">{ACCEPTED}; at most {MAX_BYTES // 2**20} MB and
{MAX_PIXELS // 10**6} megapixels. No login. Uploads are used for nothing else and are deleted
within {round(keep_seconds * 1.5 / 60)} minutes.</p>"""


def outcome(ensemble, source=None, example=None):
    """The panel with the verdict: of an upload, of an example, or still waiting for one."""
    if source is None:
        return _panel(ensemble, "waiting", None, "No image yet",
                      "Give an image or click an example: the verdict appears here.")
    try:
        picture = ensemble.open(source)
        return _result(ensemble, picture, ensemble.judge(picture), example)
    except ImageError as error:
        return _panel(ensemble, "problem", None, "This file can’t be judged",
                      "Nothing is broken: try another file.", problem=str(error), result=True)


def example_outcome(ensemble, examples, data):
    """The panel for a click in a gallery; waits on when the click names no example."""
    index = data.get("index") if isinstance(data, dict) else None
    if type(index) is not int or not 0 <= index < len(examples):
        return outcome(ensemble)
    return outcome(ensemble, examples[index].path, examples[index])


def _result(ensemble, picture, verdict, example):
    sure = verdict.certainty == CONFIDENT
    against = "all agree" if verdict.agreement.endswith("-0") else "not all agree"
    about = (f"Example “{example.name}”, in truth {example.truth}. " if example else "")
    line = (f"{about}Vote {verdict.agreement.replace('-', '–')}, {against}; "
            f"{verdict.width} × {verdict.height} pixels.")
    tone = ("ai" if verdict.label == AI else "real") + ("" if sure else " unsure")
    figures = [_figure("What the models see", _uri(Image.fromarray(fit_square(
        picture.rgb, ensemble.manifest["input_size"], ensemble.manifest["resize"])).resize(
            (SIDE, SIDE), Image.Resampling.NEAREST), "PNG"), "The image at the models’ own size")]
    mapped = [member.name for member in ensemble.members if member.name in verdict.maps]
    if mapped:
        seen = explain.overlay(picture.rgb, verdict.maps[mapped[-1]], SIDE)
        figures.append(_figure(f"Where {mapped[-1]} looked", _uri(Image.fromarray(seen)),
                               f"The image, tinted where {mapped[-1]} saw signs"))
    if example and example.full:
        full = Image.fromarray(open_picture(example.full).rgb)
        full.thumbnail((2 * SIDE, 2 * SIDE))
        figures.append(_figure("The full picture", _uri(full), f"The photograph: {example.name}"))
    reasons = list(verdict.reasons) or [
        "The models are rarely wrong at this probability on images of the kind they know."]
    return _panel(ensemble, tone, verdict,
                  verdict.label if sure else f"Leans {verdict.label}", line,
                  figures, reasons, result=True)


def _panel(ensemble, tone, verdict, headline, line, figures=(), reasons=(), problem=None,
           result=False):
    """One structure for every state, so that nothing moves when a result arrives."""
    icon = ICONS[verdict and verdict.label]
    pill = f'<span class="pill">{verdict.certainty}</span>' if verdict else ""
    votes = verdict.votes if verdict else [None] * len(ensemble.members)
    rows = "".join(_row(entry, vote)
                   for entry, vote in zip(ensemble.manifest["members"], votes))
    overall = f"""<p class="spread"><b>Probability of AI, calibrated</b>
<span class="number">{percent(verdict.p_ai) if verdict else "–"}</span></p>
{_bar(verdict and verdict.p_ai)}
<p class="ends" aria-hidden="true"><span>{REAL}</span><span>even</span><span>{AI}</span></p>"""
    if problem:
        overall = f"<p>{escape(problem)}</p>"
    return f"""<section class="verdict {tone}" aria-label="Verdict"{' data-result' * result}>
<div class="headline"><svg class="mark" viewBox="0 0 24 24" aria-hidden="true">{icon}</svg>
<div><h2>{escape(headline)} {pill}</h2><p>{escape(line)}</p></div></div>
<div class="overall">{overall}</div>
<table class="members"><caption>Each model’s own probability of AI, and its vote</caption>
<tbody>{rows}</tbody></table>
<div class="pictures">{"".join(figures or map(_figure, BLANKS))}</div>
<p class="legend"><span><i class="swatch ai"></i>towards {AI}</span>
<span><i class="swatch real"></i>towards {REAL}</span> <span>no tint: no sign of either</span></p>
<ul class="reasons">{"".join(f"<li>{escape(reason)}</li>" for reason in reasons)}</ul>
</section>"""


def _row(entry, vote):
    about = entry.get("description", "")
    if "parameters" in entry:
        about += f"{', ' * bool(about)}{entry['parameters'] / 1e6:.2f} M parameters"
    number, label = (percent(vote.p_ai), vote.label) if vote else ("–", "no vote")
    side = (" ai" if vote.label == AI else " real") if vote else ""
    return f"""<tr><th scope="row">{escape(entry["name"])}<small>{escape(about)}</small></th>
<td class="meter">{_bar(vote and vote.p_ai)}<span class="number">{number}</span></td>
<td class="vote{side}">{label}</td></tr>"""


def _bar(p_ai):
    """A bar from even towards the side that the probability is on; the number stands beside."""
    if p_ai is None:
        return '<span class="bar" aria-hidden="true"></span>'
    low, high = sorted((p_ai, 0.5))
    return (f'<span class="bar" aria-hidden="true"><i class="{"ai" if p_ai >= 0.5 else "real"}" '
            f'style="left:{low:.1%};width:{high - low:.1%}"></i></span>')


def _figure(caption, uri=None, alt=""):
    picture = f'<img src="{uri}" alt="{escape(alt)}">' if uri else '<span class="blank"></span>'
    return f"<figure>{picture}<figcaption>{escape(caption)}</figcaption></figure>"


def _uri(image, kind="JPEG"):
    """A small picture for the page, inside the page: no file is made for it."""
    data = io.BytesIO()
    image.save(data, kind, quality=88)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(data.getvalue()).decode()}"


def gallery(group, examples):
    """One gallery: a button a picture, with what the ensemble says and the truth."""
    truth, heading, about = GROUPS[group]
    items = "".join(_thumbnail(index, example) for index, example in enumerate(examples))
    right = sum(getattr(example.verdict, "label", None) == truth for example in examples)
    return f"""<section><h2>Examples: {heading}</h2>
<p>{about} The ensemble is right about {right} of {len(examples)}. Choose one to see why.</p>
<ul>{items}</ul></section>"""


def _thumbnail(index, example):
    data = base64.b64encode(example.path.read_bytes()).decode()
    if isinstance(example.verdict, Verdict):
        right = example.verdict.label == example.truth
        said = f"{'✓' if right else '✗'} <b>{example.verdict.label}</b>"
        sure = f"<small>{example.verdict.certainty}</small>"
    else:
        right, said, sure = False, "can’t be judged", ""
    return f"""<li><button type="button" data-index="{index}" class="{'' if right else 'missed'}">
<img src="data:image/png;base64,{data}" alt="{escape(example.name)}">
<span>{said}</span>{sure}<small>truth: {example.truth}</small></button></li>"""


def explanation(ensemble):
    """How it works and what it can't know, in plain words."""
    size, side = ensemble.manifest["input_size"], ensemble.manifest["domain"]["max_side"]
    members = "".join(f"<li><b>{escape(m['name'])}</b>: {escape(m.get('description', ''))}</li>"
                      for m in ensemble.manifest["members"])
    return f"""<div class="explanation"><section><h2>How it works</h2>
<p>The image is brought to {size} × {size} pixels, the size of the pictures the models learned
from. Each model then gives its own probability that a generator made it:</p><ul>{members}</ul>
<p>The label is what most of them say. The calibrated probability weighs all of them, so that of
pictures like CIFAKE’s that are given 90%, about nine in ten are AI-generated. A verdict
is <i>confident</i> only where such verdicts proved almost always right on images kept aside; else
it is <i>uncertain</i>.</p>
{_accuracy(ensemble)}</section>
<section><h2>What it can’t know</h2>
<ul><li>The models learned from <b>CIFAKE</b>: small photographs of ten kinds of things, and
pictures of the same things by <b>Stable Diffusion 1.4</b>, with a few by a small <b>DCGAN</b>.
They know no other generator; pictures by newer ones mostly pass unseen.</li>
<li>A picture larger than {side} pixels is reduced, which removes most of the traces. Its verdict
is always <i>uncertain</i>, and a guess.</li>
<li>A retouched, filtered or re-saved photograph can look generated, and the other way round.</li>
<li>It is no proof. Never accuse a person on its word.</li></ul></section></div>"""


def _accuracy(ensemble):
    """One sentence from the pack's own report; nothing if it has none."""
    path = ensemble.pack.folder / "reports" / "evaluate.json"
    if not path.is_file():
        return ""
    report = json.loads(path.read_text("utf-8"))
    members = ", ".join(f"{escape(name)} {percent(scores['accuracy'])}"
                        for name, scores in report["members"].items())
    return (f"<p>On CIFAKE’s {report['n']:,} test images the majority is right about "
            f"{percent(report['ensemble']['accuracy'])} ({members}).</p>")


API = """<section class="api"><h2>Use it from a program</h2>
<p>Every way gives the same verdict as the page: <code>/detect</code> takes one image,
<code>/detect_batch</code> up to a hundred.</p></section>"""


def snippets(url):
    """Examples to copy, in Markdown, by name."""
    config = json.dumps({"mcpServers": {"real-or-ai": {"url": f"{url}/gradio_api/mcp/"}}}, indent=2)
    return {
        "Python": f"""```python
from gradio_client import Client, handle_file

client = Client("{url}")
verdict = client.predict(image=handle_file("photo.jpg"), api_name="/detect")
print(verdict["label"], verdict["p_ai"], verdict["certainty"])
```""",
        "curl": f"""```bash
URL={url}/gradio_api
FILE=$(curl -s $URL/upload -F files=@photo.jpg | tr -d '[]"')
ID=$(curl -s $URL/call/detect -H "Content-Type: application/json" -d \\
  '{{"data": [{{"path": "'$FILE'", "meta": {{"_type": "gradio.FileData"}}}}]}}' | cut -d'"' -f4)
curl -sN $URL/call/detect/$ID
```""",
        "MCP": f"""```json
{config}
```
The tools take an address (`https://…`) or a `data:` URI of each image and answer in JSON.""",
    }

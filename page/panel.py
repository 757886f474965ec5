"""The panel with a verdict: every state of it, and what a visitor takes away."""

import base64
import io
import json
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from urllib.parse import quote

from PIL import Image

from ensemble import explain
from ensemble.images import fit_square, open_picture
from ensemble.vocabulary import AI, CONFIDENT, REAL
from ensemble.vote import percent
from page import notes as provenance
from page import packs
from page.address import mistake_address
from page.icons import ICONS
from page.words import member_text, reason_text, text

SIDE = 320  # pixels of the pictures in a verdict
SCRIPT = Path(__file__).with_name("panel.js").read_text("utf-8")
WORDS = {AI: "common.ai", REAL: "common.real"}


def waiting(ensemble, language="en"):
    """The panel before there is an image."""
    return _panel(ensemble, ensemble.packs[0], "waiting", None,
                  text("panel.waiting_title", language), text("panel.waiting_line", language),
                  language=language)


def problem(ensemble, error, language="en"):
    """The panel for an image that can't be judged.

    Parameters
    ----------
    error : str
    """
    return _panel(ensemble, ensemble.packs[0], "problem", None,
                  text("panel.problem_title", language), text("panel.problem_line", language),
                  problem=error, language=language)


def result(ensemble, picture, name, example=None, notes=(), whole=False, language="en"):
    """The panel with a verdict.

    Parameters
    ----------
    picture : Picture
        As `Ensemble.open` gives it.
    name : str
        Of the file, for what the visitor takes away.
    example : page.examples.Example, optional
    notes : sequence of ensemble.provenance.Note
    whole : bool
        Whether to show the picture as it came, where no other part of the page does.
    """
    one = ensemble.pack_for(picture)
    verdict = ensemble.judge(picture)
    taken = record(one, verdict, name, notes)
    foremost = "" if verdict.certainty == CONFIDENT else provenance.foremost(notes, language)
    return _panel(ensemble, one, None, verdict, *_headline(verdict, example, language),
                  _figures(one, picture, verdict, example, whole, name, language),
                  _reasons(one, picture, verdict, language), take_away(taken, example, language),
                  taken, example=example, foremost=foremost, language=language)


def record(ensemble, verdict, name, notes):
    """What a visitor takes away as JSON: what the API says, and when and of what it was said."""
    return {"file": name, "judged": datetime.now(UTC).isoformat(timespec="seconds"),
            "version": ensemble.manifest["version"], **verdict.as_dict(),
            "file_says": [note.as_dict() for note in notes]}


def take_away(taken, example=None, language="en"):
    """The links and the button under a verdict."""
    data = quote(json.dumps(taken, ensure_ascii=False, indent=1))
    links = [f'<a download="real-or-ai.json" href="data:application/json;charset=utf-8,{data}">'
             f'{text("panel.json", language)}</a>',
             f'<button type="button" data-report>{text("panel.report", language)}</button>']
    if example:  # nothing else can be found again: uploads are deleted
        links.append(f'<a href="?example={quote(example.slug)}">'
                     f'{text("panel.link", language)}</a>')
    if address := mistake_address(taken):
        links.append(f'<a href="{escape(address)}" target="_blank" rel="noopener">'
                     f'{text("panel.mistake", language)}</a>')
    return "".join(links)


def bar(p_ai):
    """A bar from even towards the side that the probability is on; the number stands beside."""
    if p_ai is None:
        return '<span class="bar" aria-hidden="true"></span>'
    low, high = sorted((p_ai, 0.5))
    return (f'<span class="bar" aria-hidden="true"><i class="{"ai" if p_ai >= 0.5 else "real"}" '
            f'style="left:{low:.1%};width:{high - low:.1%}"></i></span>')


def data_uri(image, kind="JPEG"):
    """A small picture for the page, inside the page: no file is made for it."""
    data = io.BytesIO()
    image.save(data, kind, quality=88)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(data.getvalue()).decode()}"


def _headline(verdict, example, language):
    label = text(WORDS[verdict.label], language)
    if verdict.certainty != CONFIDENT:
        label = text("panel.leans", language, label=label)
    line = text("panel.line_all" if verdict.agreement.endswith("-0") else "panel.line_some",
                language, vote=verdict.agreement.replace("-", "–"), width=verdict.width,
                height=verdict.height)
    if example:
        truth = text(WORDS[example.truth], language)
        line = f'{text("panel.example", language, name=example.name, truth=truth)} {line}'
    return label, line


def _figures(ensemble, picture, verdict, example, whole, name, language):
    if example and example.full or whole:
        shown = open_picture(example.full).rgb if example else picture.rgb
        full = Image.fromarray(shown)
        full.thumbnail((2 * SIDE, 2 * SIDE))
        alt = text("panel.full_alt", language, name=example.name if example else name)
        figures = [_figure(text("panel.full", language), data_uri(full), alt)]
    else:
        seen = Image.fromarray(fit_square(picture.rgb, ensemble.manifest["input_size"],
                                          ensemble.manifest["resize"]))
        figures = [_figure(text("panel.seen", language),
                           data_uri(seen.resize((SIDE, SIDE), Image.Resampling.NEAREST), "PNG"),
                           text("panel.seen_alt", language))]
    image = data_uri(explain.magnified(picture.rgb, SIDE))
    for member in _mapped(ensemble):
        tinted = explain.overlay(picture.rgb, verdict.maps[member], SIDE)
        figures.append(_slider(member, image, data_uri(Image.fromarray(tinted)), language))
    return "".join(figures)


def _mapped(ensemble):
    return [member.name for member in ensemble.members if member.has_map]


def _reasons(one, picture, verdict, language):
    reasons = [reason_text(reason, language) for reason in verdict.reasons]
    if worth := packs.experience(one, picture, verdict, language):
        return [*reasons, worth]
    return reasons or [text("panel.rarely_wrong", language)]


def _panel(ensemble, one, tone, verdict, headline, line, figures=None, reasons=(), actions="",
           taken=None, example=None, problem=None, foremost="", language="en"):
    """One structure for every state, so that nothing moves when a result arrives; `one` of the
    ensembles judged, or lends its members before."""
    label = verdict and verdict.label
    if verdict:
        tone = ("ai" if label == AI else "real") + " unsure" * (verdict.certainty != CONFIDENT)
    pill = (f'<span class="pill">{text(f"common.{verdict.certainty}", language)}</span>'
            if verdict else "")
    votes = verdict.votes if verdict else [None] * len(one.members)
    rows = "".join(_row(entry, vote, language)
                   for entry, vote in zip(one.manifest["members"], votes))
    real, ai = text("common.real", language), text("common.ai", language)
    overall = f"""<p class="spread"><b>{text("panel.calibrated", language)}</b>
<span class="number">{percent(verdict.p_ai) if verdict else "–"}</span></p>
{bar(verdict and verdict.p_ai)}
<p class="ends" aria-hidden="true"><span>{real}</span><span>{text("panel.even", language)}</span>
<span>{ai}</span></p>"""
    if problem:
        overall = f'<p lang="en">{escape(problem)}</p>'
    blanks = (text("panel.seen", language),
              *(text("panel.looked", language, member=name) for name in _mapped(one)))
    pack = text("panel.pack", language, name=one.manifest["name"],
                version=one.manifest["version"])
    judged = packs.judged_by(ensemble, verdict, language)
    judged = f'<p class="judged">{judged}</p>' if judged else ""
    done = "" if tone == "waiting" else " data-result"
    done += f' data-judged="{taken["judged"]}"' if taken else ""
    done += f' data-example="{escape(example.slug)}"' if example else ""
    return f"""<section class="verdict {tone}" lang="{language}"{done}
 aria-label="{escape(text("panel.region", language))}" data-pack="{escape(pack)}"
 data-title="{escape(text("common.title", language))}"
 data-proof="{escape(text("panel.no_proof", language))}"
 data-saved="{escape(text("panel.saved", language))}">
<div class="headline"><svg class="mark" viewBox="0 0 24 24" aria-hidden="true">{ICONS[label]}</svg>
<div><h2>{escape(headline)} {pill}</h2><p>{escape(line)}</p></div></div>
{foremost}<div class="overall">{overall}</div>
{judged}<table class="members"><caption>{text("panel.members", language)}</caption>
<tbody>{rows}</tbody></table>
<div class="pictures">{figures or "".join(map(_figure, blanks))}</div>
<p class="legend"><span><i class="swatch ai"></i>{text("panel.towards", language, label=ai)}</span>
<span><i class="swatch real"></i>{text("panel.towards", language, label=real)}</span>
<span>{text("panel.no_tint", language)}</span></p>
<ul class="reasons">{"".join(f"<li>{escape(reason)}</li>" for reason in reasons)}</ul>
<div class="actions" role="group" aria-label="{text("panel.actions", language)}">{actions}</div>
</section>"""


def _row(entry, vote, language):
    about = member_text(entry, language)[1]
    if "parameters" in entry:
        count = f"{entry['parameters'] / 1e6:.2f}"
        about += ", " * bool(about) + text("panel.parameters", language, count=count)
    number = percent(vote.p_ai) if vote else "–"
    label = text(WORDS[vote.label] if vote else "panel.no_vote", language)
    side = (" ai" if vote.label == AI else " real") if vote else ""
    return f"""<tr><th scope="row">{escape(member_text(entry, language)[0])}<small>{escape(about)}</small></th>
<td class="meter">{bar(vote and vote.p_ai)}<span class="number">{number}</span></td>
<td class="vote{side}">{label}</td></tr>"""


def _figure(caption, uri=None, alt=""):
    picture = f'<img src="{uri}" alt="{escape(alt)}">' if uri else '<span class="blank"></span>'
    return f"<figure>{picture}<figcaption>{escape(caption)}</figcaption></figure>"


def _slider(member, image, tinted, language):
    """The image on the left of a movable edge, the same image under the map on its right."""
    alt = text("panel.looked_alt", language, member=member)
    return f"""<figure class="slider"><div class="frame">
<img src="{image}" alt="{escape(text("panel.image_alt", language))}">
<img class="map" src="{tinted}" alt="{escape(alt)}">
<input type="range" min="0" max="100" value="50"
 aria-label="{escape(text("panel.slide", language, member=member))}"><i class="edge"></i></div>
<figcaption>{escape(text("panel.looked", language, member=member))}</figcaption></figure>"""

"""Many images at once: a verdict each, to filter, to sort and to take away."""

import base64
import csv
import io
import json
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

import gradio as gr
from PIL import Image

from ensemble import ImageError, Verdict
from ensemble.errors import ACCEPTED, FileTooLarge, NotAFile
from ensemble.images import MAX_BYTES, MAX_PIXELS
from ensemble.vocabulary import AI, CONFIDENT
from ensemble.vote import percent
from page import JUDGES, packs
from page.panel import WORDS, data_uri
from page.uploads import source
from page.words import everywhere, language, reason_text, text

LIMIT = 200  # files at once
SIDE = 128  # pixels of a thumbnail
SHOWN = ("all", "ai", "real", "uncertain", "problem")
SORTED = ("given", "ai_first", "real_first", "name")
# A spreadsheet would take a cell that starts so for a formula.
FORMULA = re.compile(r"^(?=[=+\-@\t\r])")

SCRIPTS = {name: (Path(__file__).with_name(f"many_{name}.js")).read_text("utf-8")
           for name in ("files", "progress", "results")}


@dataclass(frozen=True)
class Row:
    """One file and what became of it.

    Attributes
    ----------
    name : str
        As the visitor called the file.
    verdict : Verdict or ImageError
    thumbnail : str or None
        A `data:` URI; None if the file could not be opened.
    """

    name: str
    verdict: Verdict | ImageError
    thumbnail: str | None = None


def tab(ensemble):
    """Choose files, watch them being judged, look through the verdicts, download them."""
    def judge(event: gr.EventData, request: gr.Request):
        said, rows = language(request), []
        files, given = chosen(event._data)
        yield progress(0, len(files), given, said), results(ensemble, [], said)
        for file in files:
            rows.append(judged(ensemble, file))
            yield progress(len(rows), len(files), given, said), gr.skip()
        yield progress(len(rows), len(files), given, said), results(ensemble, rows, said)

    gr.HTML(everywhere(introduction), apply_default_css=False)
    # Not Gradio's own component for files: there, one that is too large refuses all of them.
    files = gr.HTML(everywhere(choice), apply_default_css=False, elem_id="many-files",
                    js_on_load=SCRIPTS["files"])
    bar = gr.HTML(everywhere(lambda said: progress(0, 0, 0, said)), apply_default_css=False,
                  js_on_load=SCRIPTS["progress"])
    shown = gr.HTML(everywhere(lambda said: results(ensemble, [], said)),
                    apply_default_css=False, elem_id="many-results",
                    js_on_load=SCRIPTS["results"])
    # Its own line in the queue: two hundred files must not hold up a visitor who has one.
    alone = JUDGES | {"concurrency_id": "many", "concurrency_limit": 2}
    files.upload(judge, None, [bar, shown], trigger_mode="always_last", **alone)


def chosen(data):
    """What the browser says of the files that were chosen.

    Returns
    -------
    files : list of dict
        At most `LIMIT`, each with `name`, `size` and, if it was uploaded, `path`.
    given : int
        How many were chosen.
    """
    files = data.get("files") if isinstance(data, dict) else None
    if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
        return [], 0
    given = data.get("given")
    return files[:LIMIT], given if isinstance(given, int) else len(files)


def judged(ensemble, file):
    """The row of one file; one that can't be judged is a row too."""
    name, size = str(file.get("name", "?")), file.get("size")
    try:
        if "path" not in file:
            if isinstance(size, int) and size > MAX_BYTES:
                raise FileTooLarge("file_too_large", megabytes=f"{size / 2**20:.1f}",
                                   most=MAX_BYTES // 2**20)
            raise NotAFile("not_uploaded", name=name)
        picture = ensemble.open(source(file))
        return Row(name, ensemble.judge(picture), _thumbnail(picture.rgb))
    except ImageError as error:
        return Row(name, error)


def as_json(rows):
    """All rows as the command line gives them, in one JSON array."""
    return json.dumps([{"file": row.name, **_fields(row)} for row in rows],
                      ensure_ascii=False, indent=1)


def as_csv(ensemble, rows):
    """All rows as a table for a spreadsheet.

    Returns
    -------
    str
        A header and a line a file: the verdict's fields (`pack` where there are several), one
        column a member for its `p_ai`, and `error` and `message` of a file that could not be
        judged.
    """
    columns = ["file", *["pack"] * (len(ensemble.packs) > 1), "label", "p_ai", "certainty",
               "agreement", *_members(ensemble), "width", "height", "reasons", "error", "message"]
    table = io.StringIO()
    writer = csv.DictWriter(table, columns, extrasaction="ignore")
    writer.writeheader()
    for row in rows:
        fields = _fields(row)
        votes = {vote["member"]: vote["p_ai"] for vote in fields.get("votes", ())}
        writer.writerow(fields | votes | {"file": FORMULA.sub("'", row.name),
                                          "reasons": " ".join(fields.get("reasons", ()))})
    return table.getvalue()


def introduction(language):
    """What this tab does and what it accepts."""
    limits = text("many.limits", language, limit=LIMIT, accepted=ACCEPTED.replace(" or ", ", "),
                  megabytes=MAX_BYTES // 2**20, megapixels=MAX_PIXELS // 10**6)
    return f"""<section class="lead"><h2>{text("many.title", language)}</h2>
<p>{text("many.lead", language)}</p><p class="limits">{limits}</p></section>"""


def choice(language):
    """Where files are chosen or dropped."""
    return f"""<div class="drop" data-limit="{LIMIT}" data-largest="{MAX_BYTES}"
data-sending="{text("many.sending", language)}">
<label class="button">{text("many.choose", language)}<input type="file" multiple class="unseen">
</label> <span>{text("many.drop", language)}</span><p role="status"></p></div>"""


def progress(done, total, given, language):
    """How many of the files are judged; an empty line before there are any."""
    if not total:
        return '<div class="progress"></div>'
    line = text("many.progress" if done < total else "many.done", language, done=done, total=total)
    if given > total:
        line += " " + text("many.too_many", language, given=given, limit=LIMIT)
    return (f'<div class="progress"><p>{line}</p><progress value="{done}" max="{total}" '
            f'aria-label="{text("many.bar", language)}"></progress></div>')


def results(ensemble, rows, language):
    """Pictures and table of all rows, with their filter, order and downloads."""
    if not rows:
        return f'<p class="empty">{text("many.empty", language)}</p>'
    kinds = [_kind(row).split() for row in rows]
    choices = "".join(
        f'<label><input type="radio" name="many-show" value="{name}"{" checked" * (name == "all")}>'
        f'{text(f"many.show_{name}", language)} '
        f'<b>{sum(name == "all" or name in kind for kind in kinds)}</b></label>'
        for name in SHOWN)
    views = "".join(
        f'<label><input type="radio" name="many-view" value="{name}"{" checked" * (not at)}>'
        f'{text(f"many.view_{name}", language)}</label>'
        for at, name in enumerate(("pictures", "table")))
    orders = "".join(f'<option value="{name}">{text(f"many.sort_{name}", language)}</option>'
                     for name in SORTED)
    # The mark lets Excel know UTF-8.
    downloads = (_download("csv", "text/csv", "\ufeff" + as_csv(ensemble, rows), language)
                 + _download("json", "application/json", as_json(rows), language))
    heads = "".join(f'<th scope="col">{head}</th>' for head in (
        text("many.file", language), text("many.verdict", language), text("many.p_ai", language),
        *map(escape, _members(ensemble)), text("many.why", language)))
    count = text("many.shown", language, shown="#", total=len(rows))
    return f"""<section class="results" aria-label="{text("many.results", language)}">
<div class="tools"><fieldset><legend>{text("many.show", language)}</legend>{choices}</fieldset>
<label class="order">{text("many.sort", language)} <select>{orders}</select></label>
<fieldset><legend>{text("many.view", language)}</legend>{views}</fieldset>
<p class="downloads">{downloads}</p></div>
<p role="status" class="limits" data-text="{count}">{count.replace("#", str(len(rows)))}</p>
<ul class="thumbnails">{"".join(_item(at, row, language) for at, row in enumerate(rows))}</ul>
<div class="sideways" tabindex="0" role="region" aria-label="{text("many.table", language)}">
<table class="scores"><thead><tr>{heads}</tr></thead>
<tbody>{"".join(_line(at, row, ensemble, language) for at, row in enumerate(rows))}</tbody></table>
</div></section>"""


def _members(ensemble):
    """Names of the members of all packs, each once: packs may share some."""
    return list(dict.fromkeys(member.name for one in ensemble.packs for member in one.members))


def _fields(row):
    return row.verdict.as_dict()


def _kind(row):
    """Which of the filters let a row through."""
    if isinstance(row.verdict, ImageError):
        return "problem"
    unsure = "" if row.verdict.certainty == CONFIDENT else " uncertain"
    return ("ai" if row.verdict.label == AI else "real") + unsure


def _data(at, row):
    """What the browser filters and sorts by."""
    p_ai = "" if isinstance(row.verdict, ImageError) else f"{row.verdict.p_ai:.7f}"
    return (f'data-index="{at}" data-kind="{_kind(row)}" data-p="{p_ai}" '
            f'data-name="{escape(row.name)}"')


def _said(row, language):
    """The verdict in a word or two, the certainty in another."""
    if isinstance(row.verdict, ImageError):
        return f'<b class="said">{text("many.problem", language)}</b>', ""
    side = "ai" if row.verdict.label == AI else "real"
    return (f'<b class="said {side}">{text(WORDS[row.verdict.label], language)}</b>',
            text(f"common.{row.verdict.certainty}", language))


def _item(at, row, language):
    said, sure = _said(row, language)
    picture = '<span class="blank" aria-hidden="true">?</span>'
    if row.thumbnail:
        small = ' class="pixels"' * row.thumbnail.startswith("data:image/png")
        picture = f'<img src="{row.thumbnail}" alt="" loading="lazy"{small}>'
    about = sure or escape(str(row.verdict))
    number = "" if isinstance(row.verdict, ImageError) else (
        f'<span class="number">{percent(row.verdict.p_ai)}</span>')
    return (f'<li {_data(at, row)} class="{_kind(row)}">{picture}<span class="name">'
            f'{escape(row.name)}</span><span>{said} {number}</span><small>{about}</small></li>')


def _line(at, row, ensemble, language):
    said, sure = _said(row, language)
    if isinstance(row.verdict, ImageError):
        cells = "<td>–</td>" * (1 + len(_members(ensemble)))
        why = str(row.verdict)
    else:
        votes = {vote.member: vote.p_ai for vote in row.verdict.votes}
        cells = "".join(f'<td class="number">{"–" if p is None else percent(p)}</td>'
                        for p in (row.verdict.p_ai, *map(votes.get, _members(ensemble))))
        why = " ".join(reason_text(reason, language) for reason in row.verdict.reasons)
        why = f"{packs.judged_by(ensemble, row.verdict, language)} {why}".strip()
    return (f'<tr {_data(at, row)}><th scope="row">{escape(row.name)}</th>'
            f'<td>{said}<small>{sure}</small></td>{cells}<td class="why">{escape(why)}</td></tr>')


def _download(kind, mime, content, language):
    """A link that holds its file: nothing is kept on the server for it."""
    data = base64.b64encode(content.encode()).decode()
    return (f'<a class="button" download="real-or-ai.{kind}" href="data:{mime};base64,{data}">'
            f'{text(f"many.download_{kind}", language)}</a>')


def _thumbnail(rgb):
    image = Image.fromarray(rgb)
    image.thumbnail((SIDE, SIDE))
    return data_uri(image, "PNG" if max(rgb.shape[:2]) <= SIDE / 2 else "JPEG")

"""About and API: how it works, what it can't know, what happens to an image, and programs."""

import json
from html import escape

import gradio as gr

from ensemble.vote import percent
from page import KEEP_SECONDS, packs
from page.address import address, mistake_address
from page.words import everywhere, member_text, text

LICENCE = "https://www.apache.org/licenses/LICENSE-2.0"


def tab(ensemble):
    """In words first; then the code to copy."""
    alone = len(ensemble.packs) == 1
    packs.each(ensemble, lambda one: gr.HTML(
        everywhere(lambda said: explanation(one, said, alone)), apply_default_css=False))
    gr.HTML(everywhere(api), apply_default_css=False)
    with gr.Tabs():
        for name, snippet in snippets(address()).items():
            with gr.Tab(name):
                gr.Markdown(snippet)
    gr.HTML(everywhere(answer), apply_default_css=False)


def explanation(ensemble, language="en", alone=True):
    """Who it is for, how it works, what it can't know, privacy, licence, mistakes.

    Parameters
    ----------
    ensemble : Ensemble
        Of one pack.
    language : str
    alone : bool
        Whether it judges pictures of every size, since there is no other.
    """
    size, side = ensemble.manifest["input_size"], ensemble.manifest["domain"].get("max_side")
    of_kind = "_photos" * (packs.kind(ensemble.manifest) == "photos")
    members = "".join(
        "<li><b>{}</b>: {}</li>".format(*map(escape, member_text(member, language)))
        for member in ensemble.manifest["members"])
    added = (text("about.limit_added", language)
             if ensemble.manifest["training"].get("added_fakes") else "")
    limits = "".join(f"<li>{text(f'about.limit_{name}', language, side=side, added=added)}</li>"
                     for name in (f"learned{of_kind}", *["larger"] * bool(alone and side),
                                  "changed", "proof"))
    private = "".join(f"<li>{text(f'about.private_{name}', language, minutes=_minutes())}</li>"
                      for name in ("use", "kept", "sent", "place"))
    return f"""<div class="explanation">
{_section("who", f"<p>{text('about.who_text', language)}</p>", language)}
{_section("how", f"<p>{text('about.how_text', language, size=size)}</p><ul>{members}</ul>"
          f"<p>{text(f'about.vote_text{of_kind}', language)}</p>"
          f"{_accuracy(ensemble, language)}", language)}
{_section("limits", f"<ul>{limits}</ul>", language)}
{_section("private", f"<ul>{private}</ul>", language)}
{_section("licence", f"<p>{text('about.licence_text', language, address=LICENCE)}</p>", language)}
{_section("mistake", _mistake(ensemble, language), language)}
</div>"""


def api(language="en"):
    """What stands above the code to copy."""
    return (f'<section class="api"><h2>{text("about.api", language)}</h2>'
            f'<p>{text("about.api_text", language)}</p></section>')


def answer(language="en"):
    """What the fields of an answer mean."""
    fields = "".join(f"<div><dt><code>{name}</code></dt>"
                     f"<dd>{text(f'about.field_{name}', language)}</dd></div>"
                     for name in ("label", "p_ai", "certainty", "agreement", "votes", "reasons"))
    return (f'<section class="api"><h3>{text("about.answer", language)}</h3>'
            f'<dl class="fields">{fields}</dl><p>{text("about.mcp_text", language)}</p></section>')


def snippets(url):
    """Examples to copy, in Markdown, by name.

    Parameters
    ----------
    url : str
        Of this app.

    Returns
    -------
    dict of str to str
    """
    config = json.dumps({"mcpServers": {"real-or-ai": {"url": f"{url}/gradio_api/mcp/"}}}, indent=2)
    return {
        "Python": f"""```python
from gradio_client import Client, handle_file

client = Client("{url}")
verdict = client.predict(image=handle_file("photo.jpg"), api_name="/detect")
print(verdict["label"], verdict["p_ai"], verdict["certainty"])
```""",
        "JavaScript": f"""```javascript
// In a browser or in Node 20; `file` is a File or a Blob.
async function detect(file) {{
  const api = "{url}/gradio_api";
  const form = new FormData();
  form.append("files", file, "image");
  const [path] = await (await fetch(api + "/upload", {{method: "POST", body: form}})).json();
  const asked = await fetch(api + "/call/detect", {{
    method: "POST",
    headers: {{"Content-Type": "application/json"}},
    body: JSON.stringify({{data: [{{path, meta: {{_type: "gradio.FileData"}}}}]}}),
  }});
  const {{event_id}} = await asked.json();
  const events = await (await fetch(api + "/call/detect/" + event_id)).text();
  const [, kind, data] = events.match(/event: (complete|error)\\s+data: (.*)/);
  if (kind === "error") throw new Error(data);
  return JSON.parse(data)[0];
}}
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
```""",
    }


def _section(name, inside, language):
    return f"<section><h2>{text(f'about.{name}', language)}</h2>{inside}</section>"


def _minutes():
    # Old files are looked for every half of the time that they may stay.
    return round(KEEP_SECONDS * 1.5 / 60)


def _accuracy(ensemble, language):
    """One sentence from the pack's own report; nothing if it has none."""
    if said := packs.said(packs.report(ensemble), language):
        return f"<p>{escape(said)}</p>"
    path = ensemble.pack.folder / "reports" / "evaluate.json"
    if not path.is_file():
        return ""
    report = json.loads(path.read_text("utf-8"))
    members = ", ".join(f"{escape(name)} {percent(scores['accuracy'])}"
                        for name, scores in report["members"].items())
    said = text("about.accuracy", language, n=f"{report['n']:,}", members=members,
                accuracy=percent(report["ensemble"]["accuracy"]))
    return f"<p>{said}</p>"


def _mistake(ensemble, language):
    """Where to report one; without a place to report it, only that the Judge tab says more."""
    pack = f"{ensemble.manifest['name']} {ensemble.manifest['version']}"
    said = f"<p>{text('about.mistake_text', language, pack=escape(pack))}</p>"
    if place := mistake_address():
        said += (f'<p><a href="{escape(place)}" target="_blank" rel="noopener">'
                 f'{text("about.mistake_link", language)}</a></p>')
    return said

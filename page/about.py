"""About and API: how an answer is found, what it can't know, privacy, and programs."""

import json

import gradio as gr

from ensemble.vocabulary import AI, CANT_TELL, PARTLY, REAL
from ensemble.vote import percent
from page import KEEP_SECONDS, packs
from page.address import address, mistake_address
from page.html import render
from page.words import everywhere, member_text

LICENCE = "https://www.apache.org/licenses/LICENSE-2.0"
# What an answer can rest on, in the order in which it is looked for.
GROUNDS = ("credentials", "mark", "notes", "models", "cant_tell")
FIELDS = ("answer", "because", "evidence", "label", "p_ai", "certainty", "agreement", "votes",
          "reasons")


def tab(ensemble):
    """In words first; then the code to copy."""
    gr.HTML(everywhere(lambda language: explanation(ensemble, language)), apply_default_css=False)
    gr.HTML(everywhere(lambda language: str(render("about_api.html", language))),
            apply_default_css=False)
    with gr.Tabs(overflow_behavior="wrap"):
        for name, snippet in snippets(address()).items():
            with gr.Tab(name):
                gr.Markdown(snippet)
    gr.HTML(everywhere(answer), apply_default_css=False)


def explanation(ensemble, language="en"):
    """Who it is for, how an answer is found, the models, what it can't know, privacy, licence.

    Parameters
    ----------
    ensemble : Ensemble
    language : str
    """
    several = len(ensemble.packs) > 1
    described = [_pack_facts(models, language) for models in packs.in_order(ensemble)]
    return str(render(
        "about.html", language, grounds=GROUNDS, several=several, packs=described,
        larger=None if several else ensemble.packs[0].manifest["domain"].get("max_side"),
        minutes=round(KEEP_SECONDS * 1.5 / 60),  # old files are looked for every half of that
        licence=LICENCE, mistake=mistake_address()))


def answer(language="en"):
    """What the fields of an answer mean."""
    return str(render("about_answer.html", language, fields=FIELDS, values={
        "ai": AI, "partly": PARTLY, "real": REAL, "cant_tell": CANT_TELL}))


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
print(verdict["answer"], verdict["because"], verdict["p_ai"])
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


def _pack_facts(models, language):
    """What the tab says of one pack."""
    manifest, photos = models.manifest, packs.report(models, "photos")
    measured, promises = packs.report(models, "evaluate"), packs.report(models, "promises")
    names = {entry["name"]: member_text(entry, language) for entry in manifest["members"]}
    return {
        "name": f"{manifest['name']} {manifest['version']}", "purpose": packs.purpose(manifest),
        "size": manifest["input_size"], "tiles": manifest.get("grid", 0) ** 2,
        "members": list(names.values()),
        "promises": {step: {name: f"{100 * share:g}%" for name, share in promise.items()}
                     for step, promise in manifest["promises"].items()},
        "open": packs.of_hundred(packs.cant_tell(promises)) if promises else None,
        "accuracy": measured and {
            "n": f"{measured['n']:,}", "accuracy": percent(measured["ensemble"]["accuracy"]),
            "members": ", ".join(f"{names[name][0]} {percent(score['accuracy'])}"
                                 for name, score in measured["members"].items())},
        "weakest": packs.weakest(photos, language),
        "added": bool(manifest["training"].get("added_fakes"))}

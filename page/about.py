"""The tab About and API."""

import json
from html import escape

import gradio as gr

from ensemble.vote import percent
from page.address import address


def tab(ensemble):
    """Lay the tab out."""
    gr.HTML(explanation(ensemble), apply_default_css=False)
    gr.HTML(API, apply_default_css=False)
    with gr.Tabs():
        for name, snippet in snippets(address()).items():
            with gr.Tab(name):
                gr.Markdown(snippet)


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

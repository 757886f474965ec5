"""Which generator wrote the notes in a file.

Repeats in the patterns are bounded, for an untrusted text may be full of beginnings.
"""

import re

SEARCHED = 100_000  # characters of each text
# What the notes hold, as lines of “keyword: text”; the first pattern that fits counts.
GENERATORS = [(re.compile(pattern, re.MULTILINE), tool) for pattern, tool in (
    (r'"sui_image_params"', "SwarmUI"),
    (r"^fooocus_scheme: |\bVersion: Fooocus", "Fooocus"),
    (r"^(invokeai_metadata|sd-metadata|Dream): ", "InvokeAI"),
    (r"^Software: NovelAI", "NovelAI"),
    (r"^use_stable_diffusion_model: ", "Easy Diffusion"),
    (r'"class_type"|"last_node_id"', "ComfyUI"),
    (r"\bSteps: \d{1,5}, [^\n]{0,200}?(Sampler|CFG scale|Seed): ",
     "Stable Diffusion (AUTOMATIC1111)"),
    (r"\bJob ID: [0-9a-f]{8}-[0-9a-f]{4}-", "Midjourney"))]
MODEL = re.compile(r', Model: ([^,\n]{1,100})'
                   r'|"(?:ckpt_name|unet_name|model_name|model_weights)": ?"([^"]{1,100})"'
                   r'|"model": ?(?:\{[^{}]{0,300}?"name": ?)?"([^"]{1,100})"'
                   r'|^(?:use_stable_diffusion_model|Source): (.{1,100})', re.MULTILINE)
# Those that sign with their name alone.
NAMES = re.compile(r"Midjourney|DALL.?E|Stable Diffusion|Firefly|Google AI|Draw Things|ComfyUI"
                   r"|InvokeAI|NovelAI|Fooocus|DreamStudio|Ideogram", re.IGNORECASE)


def recognise(text):
    """Find the generator that wrote into a file.

    Parameters
    ----------
    text : dict of str to str
        Texts by keyword: of a PNG, or by the names of EXIF's and XMP's fields.

    Returns
    -------
    tool, model : str
        Empty if not known.
    """
    joined = "\n".join(f"{keyword}: {value[:SEARCHED]}" for keyword, value in text.items())
    tool = next((tool for pattern, tool in GENERATORS if pattern.search(joined)), "")
    signed = NAMES.search(f"{text.get('Software', '')} {text.get('Credit', '')}"[:SEARCHED])
    if not tool and not signed:
        return "", ""
    model = MODEL.search(joined)
    path = next(filter(None, model.groups())) if model else ""
    return tool or signed[0], re.split(r"[\\/]", path)[-1]

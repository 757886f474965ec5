"""Bad files and names over HTTP; see tests/fuzz."""

import base64
import json
import urllib.request
from uuid import uuid4

import pytest

from tests.fuzz import cases, judging, seeds
from tests.fuzz.cases import Cases
from tests.test_api import call
from tests.test_images import gradient, saved

SERVED = 60  # files


def test_bad_files(server, tmp_path):
    """As a request each and all in one: an answer or an error in words, nothing in the log."""
    log = server.folder / "log"
    before = log.stat().st_size
    cases.write(seeds.make(), tmp_path / "seeds")
    bad = Cases(tmp_path / "seeds", 5)
    files = [bad[number][1] for number in range(len(bad.built), len(bad.built) + SERVED)]
    uris = ["data:image/png;base64," + base64.b64encode(data).decode() for data in files]
    event, (answers,) = call(server, "detect_batch", uris)
    assert event == "complete" and len(answers) == SERVED
    for answer, uri in list(zip(answers, uris))[:SERVED // 4]:
        event, data = call(server, "detect", uri)
        if "error" in answer:
            assert event == "error" and data["error"] == answer["message"]
        else:
            assert event == "complete" and data[0]["label"] == answer["label"]
    assert {answer.get("error", "judged") for answer in answers} >= {"judged", "DamagedImage"}
    assert b"Traceback" not in log.read_bytes()[before:]


@pytest.mark.parametrize("name", [name for name in judging.NAMES if name.isprintable()])
def test_uploads_of_any_name(server, name):
    boundary = uuid4().hex
    body = (f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
            "Content-Type: image/png\r\n\r\n").encode()
    body += saved(gradient(), "PNG") + f"\r\n--{boundary}--\r\n".encode()
    request = urllib.request.Request(f"{server.url}/gradio_api/upload", body, {
        "Content-Type": f"multipart/form-data; boundary={boundary}"})
    with urllib.request.urlopen(request) as answer:
        stored, = json.load(answer)
    assert call(server, "detect", {"path": stored})[0] == "complete"

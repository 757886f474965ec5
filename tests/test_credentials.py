"""Content Credentials, signed here with a test certificate: valid, changed, corrupt, hostile."""

import http.server
import threading

import numpy as np
import pytest

from ensemble.evidence import credentials
from ensemble.evidence.provenance import read
from ensemble.evidence.trust import Anchors
from tests.signed import action, overloaded, sign, signed_by, trusting
from tests.test_images import gradient, saved
from tests.test_provenance import notes

pytestmark = pytest.mark.filterwarnings("error")


def photo():
    """A JPEG with a picture in it."""
    return saved(gradient(), "JPEG")


CREATED = [action("c2pa.created", "trainedAlgorithmicMedia", "Test model"), action("c2pa.edited")]


@pytest.mark.parametrize("format, mime", [
    ("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp"), ("TIFF", "image/tiff"),
    ("AVIF", "image/avif"), ("HEIF", "image/heif"), ("GIF", "image/gif")])
def test_signed_by_a_model(format, mime):
    by_key = notes(sign(saved(gradient(), format), mime, CREATED, generator="Test studio"))
    assert set(by_key) == {"credentials_untrusted", "credentials_ai", "credentials_actions"}
    signature = by_key["credentials_untrusted"]
    assert signature.source == "Content Credentials" and signature.says is None
    assert signature.fields["signer"] == "Test Pictures"
    assert signature.fields["certificate"] == "Test signer"
    assert signature.fields["generator"] == "Test studio" and "problems" not in signature.fields
    assert by_key["credentials_ai"].says == "AI-generated"
    assert by_key["credentials_ai"].fields == {"signer": "Test Pictures", "tool": "Test model",
                                              "type": "trainedAlgorithmicMedia"}
    assert "Test Pictures" in by_key["credentials_ai"].sentence()
    assert by_key["credentials_actions"].fields == {"actions": "created, edited"}


def test_trusted_and_untrusted_signers():
    data = sign(photo(), "image/jpeg", CREATED)
    assert "credentials_trusted" in notes(data, trusting("Test authority"))
    by_key = notes(data, trusting("Other authority"))
    assert "anybody can sign so" in by_key["credentials_untrusted"].sentence()
    assert "credentials_untrusted" in notes(data, Anchors("no certificate"))


def test_changed_after_signing():
    """Broken credentials say why, and what they claim is no note of its own."""
    data = bytearray(sign(photo(), "image/jpeg", CREATED))
    data[-20] ^= 1  # among the pixels
    broken, = notes(bytes(data), trusting("Test authority")).values()
    assert broken.key == "credentials_changed" and broken.says is None
    assert broken.fields["problems"] == ["assertion.dataHash.mismatch"]
    assert broken.fields["claims"] == ["trainedAlgorithmicMedia (Test model)"]
    data = sign(photo(), "image/jpeg", CREATED).replace(b"Test model", b"Best model")
    broken, = notes(data, trusting("Test authority")).values()
    assert broken.key == "credentials_forged" and "count for nothing" in broken.sentence()


CAPTURED = [action("c2pa.created", "digitalCapture")]
OPENED = action("c2pa.opened", ingredient="parent")


def test_taken_by_a_camera():
    camera = sign(photo(), "image/jpeg", CAPTURED, generator="Test camera")
    taken = notes(camera)["credentials_camera"]
    assert taken.says == "camera" and taken.fields["tool"] == "Test camera"
    for source_type in (None, "humanEdits", "algorithmicallyEnhanced"):
        edits = [OPENED, action("c2pa.color_adjustments", source_type)]
        by_key = notes(sign(photo(), "image/jpeg", edits, parent=camera))
        assert by_key["credentials_camera"].says == "camera"
        assert by_key["credentials_actions"].fields == {
            "actions": "created, opened, color_adjustments"}


@pytest.mark.parametrize("source_type", [
    "compositeWithTrainedAlgorithmicMedia", "compositeSynthetic", "trainedAlgorithmicMedia"])
def test_generated_in_part(source_type):
    camera = sign(photo(), "image/jpeg", CAPTURED)
    filled = [OPENED, action("c2pa.edited", source_type, "Test fill")]
    by_key = notes(sign(photo(), "image/jpeg", filled, parent=camera, generator="Test editor"))
    assert set(by_key) == {"credentials_untrusted", "credentials_part_ai", "credentials_actions"}
    assert by_key["credentials_part_ai"].says == "Partly AI-generated"
    assert by_key["credentials_part_ai"].fields["tool"] == "Test fill"


def test_histories():
    camera = sign(photo(), "image/jpeg", CAPTURED)
    made = sign(photo(), "image/jpeg", CREATED)
    resized = sign(photo(), "image/jpeg", [OPENED, action("c2pa.resized")], parent=made)
    assert notes(resized)["credentials_ai"].fields["tool"] == "Test model"  # it was made so before
    by_key = notes(resized.replace(b"Test model", b"Best model"))  # a change in the parent's part
    assert "ingredient.manifest.mismatch" in by_key["credentials_forged"].fields["problems"]
    placed = [action("c2pa.created", "composite"), action("c2pa.placed", ingredient=0),
              action("c2pa.placed", ingredient=1)]
    by_key = notes(sign(photo(), "image/jpeg", placed, parts=[made, camera]))
    assert "credentials_part_ai" in by_key and "credentials_ai" not in by_key
    assert "credentials_camera" not in by_key  # only a part was taken
    placed = [OPENED, action("c2pa.placed", ingredient=0)]
    by_key = notes(sign(photo(), "image/jpeg", placed, parent=camera, parts=[camera]))
    assert not any(note.says for note in by_key.values())  # nobody knows what was put into it
    painted = [OPENED, action("c2pa.drawing", "digitalArt")]
    by_key = notes(sign(photo(), "image/jpeg", painted, parent=camera))
    assert not any(note.says for note in by_key.values())


@pytest.mark.parametrize("actions, key, says", [
    (CREATED, "credentials_earlier_ai", "AI-generated"),
    (CAPTURED, "credentials_earlier_camera", "camera")])
def test_what_an_unknown_signer_said_before_a_known_one(actions, key, says):
    """Whoever opens a file in a trusted program and saves it does not make it true."""
    before = sign(photo(), "image/jpeg", actions, signer=signed_by("Nobody"))
    data = sign(photo(), "image/jpeg", [OPENED], parent=before)
    by_key = notes(data, trusting("Test authority"))
    assert "credentials_trusted" in by_key and by_key[key].says == says
    assert by_key[key].source == "Earlier credentials"
    assert not {"credentials_ai", "credentials_camera"} & set(by_key)
    # Nor does it help to put an unknown one between two that are known.
    between = sign(photo(), "image/jpeg", [OPENED], signer=signed_by("Nobody"),
                   parent=sign(photo(), "image/jpeg", actions))
    opened = sign(photo(), "image/jpeg", [OPENED], parent=between)
    by_key = notes(opened, trusting("Test authority"))
    assert "credentials_trusted" in by_key and by_key[key].source == "Earlier credentials"
    assert not {"credentials_ai", "credentials_camera"} & set(by_key)
    trusted = notes(data, trusting("Test authority", "Nobody"))
    assert trusted[key.replace("earlier_", "")].source == "Content Credentials"
    assert key not in trusted


def test_credentials_that_are_corrupt():
    signed = sign(photo(), "image/jpeg", CREATED)
    start, stop = (signed.index(label) for label in (b"c2pa.actions.v2", b"c2pa.signature"))
    rng = np.random.default_rng(6)
    seen = set()
    for case in range(8):
        data = bytearray(signed)
        for at in rng.integers(start, stop, 1 + 3 * (case % 4)):
            data[at] ^= rng.integers(1, 256)
        seen |= set(notes(bytes(data)))
    assert "credentials_damaged" in seen and "credentials_untrusted" not in seen
    assert set(notes(signed[:start])) == {"credentials_damaged"}
    assert set(notes(photo() + credentials.MARK)) <= {"credentials_damaged"}


def test_credentials_that_keep_the_library_busy(monkeypatch):
    """Without limits these 1.4 MB would take about 12 seconds."""
    signed = sign(saved(gradient(), "PNG"), "image/png", CREATED)
    assert "credentials_damaged" not in notes(overloaded(signed, 5))  # it is only too much
    note, = read(overloaded(signed, 10_000))
    assert note.key == "credentials_damaged" and "took" in note.fields["reason"]
    monkeypatch.setattr(credentials, "PATIENCE", 0.001)
    note, = read(signed)
    assert note.key == "credentials_damaged" and "too long" in note.fields["reason"]


def test_credentials_elsewhere_are_not_fetched():
    asked = []

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/credentials.c2pa"
        away = sign(photo(), "image/jpeg", CREATED, url=url)
        marked = away[:-2] + credentials.MARK + away[-2:]  # so that the library is asked, too
        by_key = notes(away)
        assert set(notes(marked)) <= {"credentials_damaged", "credentials_elsewhere"}
        server.shutdown()
    assert set(by_key) == {"credentials_elsewhere"} and asked == []
    assert url in by_key["credentials_elsewhere"].sentence()


@pytest.mark.parametrize("assertion", [
    {"label": "c2pa.actions.v2", "data": {"actions": [
        {"action": "c2pa.created", "softwareAgent": "Test creator",
         "description": "AI Generated Image"}]}},
    {"label": "actions", "data": [
        {"action": "c2pa.created", "softwareAgent": "Test creator",
         "description": "Generated with AI"}]},
    {"label": "com.adobe.generative-ai", "data": {"description": "Test creator"}}])
def test_what_programs_wrote_before_there_was_a_word_for_it(assertion):
    """Genuine files of Microsoft's and Stability AI's of 2023 say it in these ways."""
    data = sign(photo(), "image/jpeg", None, assertions=[assertion], version=1)
    made = notes(data)["credentials_ai"]
    assert made.says == "AI-generated" and made.fields["tool"] == "Test creator"
    assert made.fields["type"] == "trainedAlgorithmicMedia"
    camera = sign(photo(), "image/jpeg", CAPTURED, version=1)
    data = sign(photo(), "image/jpeg", None, parent=camera, assertions=[assertion], version=1)
    assert {"credentials_ai", "credentials_part_ai"} & set(notes(data))
    assert "credentials_camera" not in notes(data)

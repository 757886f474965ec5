"""What the world around it does wrong, and what the app does then; docs/faults.md has the table.

The Hub's refusals, its silence and what it must not send are in test_pack_from_hub.py, broken packs
in test_pack.py.
"""

import base64
import http.client
import json
import os
import resource
import signal
import subprocess
import sys
import time
import urllib.request
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from ensemble import Ensemble
from ensemble.evidence import trust
from ensemble.evidence.trust import Anchors
from ensemble.pack import PackError
from tests import servers
from tests.clock import clock
from tests.fuzz import built
from tests.hub import environment
from tests.servers import ROOT
from tests.signed import Party, authority, sign
from tests.test_api import last_event
from tests.test_images import gradient, saved
from tests.test_pack_from_hub import REPO, START, assert_shipped, load, shipped  # noqa: F401
from tests.test_provenance import notes
from tests.test_trust import CREATED, lists_served, signed
from tests.tiny import build_tiny_pack

SLOW = "GIF that claims 7000 × 7000"
LITTLE = 512  # bytes that a file may have where the disk is full
linux = pytest.mark.skipif(sys.platform != "linux", reason="the limit of Linux is used")


def starting(hub, cache, at_home, commit, **options):
    """A process that loads the pack of this commit, and prints its name and the notice."""
    variables = environment(hub.url, cache, PACK_REPO=REPO, PACK_REVISION=commit)
    return subprocess.Popen([sys.executable, "-c", START, at_home], cwd=ROOT, env=variables,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def outcome(process):
    """Name of the pack, and the notice."""
    printed, errors = process.communicate(timeout=60)
    assert process.returncode == 0 and "Traceback" not in errors, errors
    return printed.splitlines()


def encoded(certificate):
    """A certificate of PEM in DER."""
    return x509.load_pem_x509_certificate(certificate).public_bytes(serialization.Encoding.DER)


def full_disk():
    """Let no file of this process grow, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LITTLE, LITTLE))


# The Hub and its cache


def test_half_a_file_is_a_notice_and_is_not_kept(hub, folder, load):  # noqa: F811
    commit = hub.put_folder(f"models/{REPO}", folder)
    hub.cut = True
    assert_shipped(load(commit), "The Hub did not deliver")
    hub.cut = False
    assert load(commit).notice is None


@linux
def test_a_full_disk_is_a_notice_and_what_was_kept_before_is_served(
        hub, folder, shipped, tmp_path):  # noqa: F811
    commit = hub.put_folder(f"models/{REPO}", folder)
    cache = tmp_path / "home"
    name, notice = outcome(starting(hub, cache, shipped, commit, preexec_fn=full_disk))
    assert name == "shipped" and "could not be used" in notice
    for options in ({}, {"preexec_fn": full_disk}):  # there is room, and then there is none again
        name, notice = outcome(starting(hub, cache, shipped, commit, **options))
        assert (name, notice) == ("tiny", "None")


def test_a_cache_that_cannot_be_written_is_a_notice(hub, folder, shipped, tmp_path):  # noqa: F811
    commit = hub.put_folder(f"models/{REPO}", folder)
    (tmp_path / "home").write_text("a file where the cache should be")
    name, notice = outcome(starting(hub, tmp_path / "home", shipped, commit))
    assert name == "shipped" and "could not be used" in notice and str(tmp_path) not in notice


def test_two_processes_download_at_once(hub, folder, shipped, tmp_path):  # noqa: F811
    commit = hub.put_folder(f"models/{REPO}", folder)
    hub.hanging = True  # until both have asked
    processes = [starting(hub, tmp_path / "home", shipped, commit) for _ in range(2)]
    while sum("resolve" in request for request in hub.requests) < 2:
        time.sleep(0.02)
    hub.released.set()
    for process in processes:
        assert outcome(process) == ["tiny", "None"]
    assert not list((tmp_path / "home").rglob("*.incomplete"))


# The shipped packs


@pytest.mark.parametrize("name", ["manifest.json", "cnn.onnx"])
def test_half_a_file_of_a_shipped_pack_is_an_error(folder, name):
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[:len(whole) // 2])
    with pytest.raises(PackError, match=name):
        Ensemble.load(folder)


def test_a_damaged_shipped_pack_ends_the_start_with_a_line(folder):
    (folder / "cnn.onnx").unlink()
    code = ("import sys; from pathlib import Path; from ensemble import pack; import app; "
            "pack.SHIPPED = Path(sys.argv[1]); app.main()")
    ran = subprocess.run([sys.executable, "-c", code, folder], cwd=ROOT, capture_output=True,
                         text=True, env=os.environ | {"HF_HUB_OFFLINE": "1"})
    assert ran.returncode == 1 and ran.stderr == "cnn.onnx is missing.\n"


# The server


def test_the_server_starts_without_the_world_and_ends_when_it_is_asked_to(tmp_path):
    """The Hub is gone and the cache can't be written; a request is judged while SIGTERM comes."""
    (tmp_path / "home").write_text("a file where the cache should be")
    process, url = servers.start(
        tmp_path, build_tiny_pack(tmp_path / "tiny"), HF_HOME=str(tmp_path / "home"),
        HF_ENDPOINT="http://127.0.0.1:9", PACK_REPO=REPO, PACK_REVISION="0" * 40,
        GALLERY=str(ROOT / "examples" / "gallery.json"))
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        with urllib.request.urlopen(url) as page:
            assert "could not be used" in page.read().decode()
        slow = [f"data:;base64,{base64.b64encode(built.make()[SLOW]()).decode()}"]
        connection.request("POST", "/gradio_api/call/detect_batch", json.dumps({"data": [slow]}),
                           {"Content-Type": "application/json"})
        event = json.load(connection.getresponse())["event_id"]
        connection.request("GET", f"/gradio_api/call/detect_batch/{event}")
        answer = connection.getresponse()
        process.send_signal(signal.SIGTERM)
        ended, data = last_event(answer.read().decode())
        assert (ended, len(data[0])) == ("complete", 1)
        assert process.wait(30) == 0
        with pytest.raises(OSError):
            urllib.request.urlopen(url, timeout=5)
        assert "Traceback" not in (tmp_path / "log").read_text()
    finally:
        connection.close()
        servers.stop(process)


# The clock


def test_a_certificate_of_tomorrow_counts_for_nothing():
    """As today's where the clock is a day behind: nobody is trusted by mistake."""
    above = authority("Test authority")
    signer = above.certify()
    data = sign(saved(gradient(), "JPEG"), "image/jpeg", CREATED, signer=signer)
    anchors = Anchors(above.chain[0].decode())
    assert "credentials_trusted" in notes(data, anchors)
    today, tomorrow = encoded(signer.chain[0]), b""
    while len(tomorrow) != len(today):  # a certificate's own signature varies in length
        later = Party("Test signer", "Test Pictures", above, (1, 2),
                      ExtendedKeyUsageOID.EMAIL_PROTECTION)
        tomorrow = encoded(later.chain[0])
    assert data.count(today) == 1
    broken, = notes(data.replace(today, tomorrow), anchors).values()
    assert broken.says is None and "signingCredential.expired" in broken.fields["problems"]


def test_a_time_stamp_of_tomorrow_does_no_harm():
    """As today's where the clock is behind, but not so far that a certificate isn't valid yet."""
    with clock(authority("Test clocks"), days=0.5) as address:
        data = signed(clock=address)
    anchors = Anchors(*(authority(name).chain[0].decode() for name in ("Test authority",
                                                                      "Test clocks")))
    assert "credentials_trusted" in notes(data, anchors)


def test_lists_have_no_age(monkeypatch, tmp_path):
    """They are what was pinned, whenever they were fetched."""
    with lists_served(monkeypatch, tmp_path, signers="a", clocks="b", older="c") as asked:
        trust.refresh().join()
        for year in (1, 60):  # since 1970
            for path in tmp_path.rglob("*.pem"):
                os.utime(path, (year * 31_556_952, year * 31_556_952))
            assert trust.anchors()[:2] == ("a", "b")
            trust.refresh().join()
        assert len(asked) == 3

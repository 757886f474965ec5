"""Whose signature counts.

Lists of authorities, the table of fingerprints, certificates that have expired since, and those
who pretend to be somebody.
"""

import datetime
import hashlib
import http.server
import threading
import time
from contextlib import contextmanager

import c2pa
import pytest
from huggingface_hub import constants

from ensemble.evidence import trust
from ensemble.evidence.provenance import read
from ensemble.evidence.trust import Anchors, TrustError
from tests.clock import clock
from tests.signed import Party, action, authority, fingerprint, sign, signed_by
from tests.test_images import gradient, saved
from tests.test_provenance import notes

pytestmark = pytest.mark.filterwarnings("error")
CREATED = [action("c2pa.created", "trainedAlgorithmicMedia", "Test model")]


def signed(**options):
    return sign(saved(gradient(), "JPEG"), "image/jpeg", CREATED, **options)


def listed(certificate, organization="", vouches_for="signatures"):
    """Anchors with a table of one certificate, and nothing else."""
    return Anchors(table={fingerprint(certificate): {
        "vouches_for": vouches_for, "organization": organization}})


def trusted(data, anchors):
    """Whether the signer is trusted, and of the two keys that say so only one is there."""
    found = notes(data, anchors)
    assert ("credentials_trusted" in found) != ("credentials_untrusted" in found)
    return "credentials_trusted" in found


@pytest.mark.parametrize("format, mime", [
    ("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp"), ("TIFF", "image/tiff"),
    ("AVIF", "image/avif"), ("HEIF", "image/heif"), ("GIF", "image/gif")])
def test_a_listed_fingerprint_is_enough(format, mime):
    """Without a network: the certificate itself is in the file, whatever is around it."""
    above = authority("Test root")
    between = Party("Test intermediate", "Test", above)
    data = sign(saved(gradient(), format), mime, CREATED, signer=between.certify())
    for certificate in between.chain:  # its own and that of the root
        assert trusted(data, listed(certificate))
    assert not trusted(data, listed(authority("Somebody else").chain[0]))
    assert not trusted(data, listed(between.chain[0], vouches_for="times"))


def test_a_listed_certificate_that_did_not_certify_the_signer():
    real = authority("Real authority")
    for chain in ([signed_by("Forger").chain[0], real.chain[0]],
                  [*signed_by("Forger").chain, real.chain[0]]):
        forger = authority("Forger").certify()
        forger.chain = [forger.chain[0], *chain[1:]]
        data = signed(signer=forger)
        assert not trusted(data, listed(real.chain[0]))
        assert not trusted(data, Anchors(real.chain[0].decode()))
    inside = {"label": "test.certificate", "data": {"pem": real.chain[0].decode()}}
    data = signed(signer=signed_by("Forger"), assertions=[inside])
    assert not trusted(data, listed(real.chain[0]))


def test_a_signer_with_the_names_of_a_trusted_one():
    real, double = authority("Real authority"), Party("Real authority", "Real authority")
    assert double.chain != real.chain
    for chain in (double.chain, real.chain):
        forger = double.certify("Test signer", "Test Pictures")
        forger.chain = [forger.chain[0], *chain]
        assert not trusted(signed(signer=forger), listed(real.chain[0]))
        assert not trusted(signed(signer=forger), Anchors(real.chain[0].decode()))
    assert trusted(signed(signer=real.certify()), Anchors(real.chain[0].decode()))


def test_a_certified_signer_certifies_nobody():
    known = authority("Real authority").certify()
    forger = known.certify("OpenAI", "OpenAI")
    for anchors in (listed(authority("Real authority").chain[0]),
                    Anchors(authority("Real authority").chain[0].decode())):
        assert trusted(signed(signer=known), anchors)
        assert not trusted(signed(signer=forger), anchors)


def test_an_authority_that_certifies_anybody_counts_for_one_organization():
    anchors = listed(authority("Mail authority").chain[0], "Good Pictures")
    for organization in ("Good Pictures", "good pictures", "Good Pictures Inc.", "Other"):
        signer = authority("Mail authority").certify(organization=organization)
        assert trusted(signed(signer=signer), anchors) == (organization == "Good Pictures")
    other = authority("Mail authority").certify(organization="Other")
    before = signed(signer=other)  # each manifest is judged by its own signer
    opened = sign(saved(gradient(), "JPEG"), "image/jpeg",
                  [action("c2pa.opened", ingredient="parent")], parent=before,
                  signer=authority("Mail authority").certify(organization="Good Pictures"))
    found = notes(opened, anchors)
    assert {"credentials_trusted", "credentials_earlier_ai"} <= set(found)


def test_a_certificate_that_has_expired_since():
    """It is no forgery; a time stamp proves that it was used before, if its clock is trusted."""
    signer, watch = authority("Test authority"), authority("Test clocks")
    for seconds in (2, 8, 30):  # it has to be valid while it signs, and the machine may be busy
        short = signer.certify(days=(-1, seconds / 86400))
        end = time.time() + seconds
        try:
            bare = signed(signer=short)
            opened = sign(saved(gradient(), "JPEG"), "image/jpeg",
                          [action("c2pa.opened", ingredient="parent")], parent=bare,
                          signer=signed_by("Test authority"))
            with clock(watch, days=-0.5) as address:
                stamped = signed(signer=short, clock=address)
            break
        except c2pa.C2paError:
            continue
    time.sleep(max(0, end - time.time()) + 1)
    signers, clocks = (party.chain[0].decode() for party in (signer, watch))
    for data, anchors in ((bare, Anchors(signers, clocks)), (stamped, Anchors(signers))):
        expired, = notes(data, anchors).values()
        assert expired.key == "credentials_expired" and expired.says is None
        assert "no forgery" in expired.sentence()
        assert expired.fields["claims"] == ["trainedAlgorithmicMedia (Test model)"]
    found = notes(opened, Anchors(signers, clocks))  # whoever opened it is still known
    assert {"credentials_trusted", "credentials_earlier_ai"} <= set(found)
    assert trusted(stamped, Anchors(signers, clocks))
    assert trusted(stamped, Anchors(signers, table=listed(watch.chain[0], "", "times").table))
    assert not trusted(stamped, Anchors("", clocks))  # a clock vouches for no signer
    half = [bytearray(data) for data in (bare, stamped)]
    for data in half:
        data[-20] ^= 1  # among the pixels
        assert "credentials_changed" in notes(bytes(data), Anchors(signers, clocks))


def test_the_table_names_the_signers_that_matter(monkeypatch, tmp_path):
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", tmp_path)
    monkeypatch.delenv("C2PA_TRUST", raising=False)
    signers, clocks, rows = trust.anchors()
    assert signers == clocks == ""
    for sha256, row in rows.items():
        assert len(bytes.fromhex(sha256)) == 32 and sha256 == row["sha256"]
        assert row["vouches_for"] in ("signatures", "times")
        assert row["authority"] and row["source"]
        assert datetime.date.fromisoformat(row["date"])
    known = " ".join(row["signer"] for row in rows.values())
    for name in ("OpenAI", "Google", "Adobe", "Microsoft", "Black Forest Labs", "Leica", "Nikon",
                 "Sony", "Canon", "Pixel", "Samsung"):
        assert name in known
    anybody = [row for row in rows.values() if row["authority"].startswith("GlobalSign")]
    assert anybody and all(row["organization"] for row in anybody)


@contextmanager
def lists_served(monkeypatch, tmp_path, **lists):
    """Lists on this machine in place of the public ones; gives the paths that were asked for."""
    asked = []

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(lists[self.path[1:]].encode())

        def log_message(self, *_):
            pass

    monkeypatch.delenv("C2PA_TRUST", raising=False)
    monkeypatch.setattr(constants, "HF_ASSETS_CACHE", tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(trust, "LISTS", {
            name: (f"http://127.0.0.1:{server.server_port}/{name}",
                   hashlib.sha256(content.encode()).hexdigest())
            for name, content in lists.items()})
        yield asked
        server.shutdown()


def test_lists_are_fetched_once_and_kept(monkeypatch, tmp_path):
    data = signed()
    pem = {name: authority(name).chain[0].decode()
           for name in ("Test authority", "Clocks", "Older", "Anybody")}
    older = fingerprint(pem["Older"].encode())
    rows = {older: {"vouches_for": "signatures", "organization": ""}}
    monkeypatch.setattr(trust, "table", lambda: rows)
    lists = {"signers": pem["Test authority"], "clocks": pem["Clocks"],
             "older": pem["Older"] + pem["Anybody"]}
    with lists_served(monkeypatch, tmp_path, **lists) as asked:
        assert "credentials_untrusted" in notes(data)
        trust.refresh().join()
        assert "credentials_trusted" in notes(data)
        assert sorted(asked) == ["/clocks", "/older", "/signers"]
        trust.refresh().join()
        assert len(asked) == 3
    assert "credentials_trusted" in notes(data)  # the server is gone
    assert "credentials_trusted" in notes(signed(signer=signed_by("Older")))
    assert "credentials_untrusted" in notes(signed(signer=signed_by("Anybody")))
    assert "credentials_untrusted" in notes(signed(signer=signed_by("Clocks")))
    for file in tmp_path.rglob("*.pem"):
        file.write_text(pem["Anybody"])  # somebody puts another list there
    assert trust.anchors() == Anchors("", "", rows)


def test_a_list_that_is_not_what_was_pinned_or_not_there(monkeypatch, tmp_path):
    with lists_served(monkeypatch, tmp_path, signers="a", clocks="b", older="c") as asked:
        pinned = {name: (address, "0" * 64) for name, (address, _) in trust.LISTS.items()}
        monkeypatch.setattr(trust, "LISTS", pinned)
        trust.refresh().join()
        assert len(asked) == 3
    trust.refresh().join()  # nobody answers
    assert trust.anchors()[:2] == ("", "") and not list(tmp_path.rglob("*.*"))


def test_a_file_of_ones_own(monkeypatch, tmp_path):
    """`C2PA_TRUST` names the only signers that are trusted."""
    own = tmp_path / "own.pem"
    own.write_bytes(authority("Test authority").chain[0])
    monkeypatch.setenv("C2PA_TRUST", str(own))
    assert "credentials_trusted" in notes(signed())
    assert "credentials_untrusted" in notes(signed(signer=signed_by("Other authority")))
    assert {row["vouches_for"] for row in trust.anchors().table.values()} == {"times"}
    damaged = tmp_path / "damaged.pem"
    damaged.write_bytes(own.read_bytes() + signed_by("Other").chain[0].replace(b"MII", b"M!I"))
    other = tmp_path / "other.pem"
    other.write_text("no certificates")
    for wrong in (damaged, other, tmp_path / "none.pem"):
        monkeypatch.setenv("C2PA_TRUST", str(wrong))
        for asked in (trust.anchors, trust.refresh, lambda: read(signed())):
            with pytest.raises(TrustError, match=wrong.name):
                asked()

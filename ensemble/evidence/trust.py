"""Whose signature under Content Credentials counts: the authorities that vouch for signers.

Three sources, none of them a copy of somebody's list:

- `signers.csv`: SHA-256 fingerprints of a few authorities' certificates. With it a file of theirs
  is known without a network, for it carries the certificate itself.
- The C2PA conformance programme's public list and its list for time stamps, and of the older list
  of Content Credentials Verify those that `signers.csv` names. They are fetched once, by
  `refresh`, at a pinned commit, checked and kept in the cache.
- `C2PA_TRUST`: the path of a PEM file, the only signers that are trusted then.

Sources: https://github.com/c2pa-org/conformance-public (trust-list),
https://github.com/contentauth/verify-site (static/trust).
"""

import base64
import binascii
import csv
import hashlib
import os
import re
import threading
from functools import cache
from pathlib import Path
from typing import NamedTuple

SETTING = "C2PA_TRUST"
TABLE = Path(__file__).with_name("signers.csv")
GITHUB = "https://raw.githubusercontent.com/"
CONFORMANCE = (GITHUB + "c2pa-org/conformance-public/7dbff513b66e36184619286fe734beea32f2e6db/"
               "trust-list/")
# What it is for → address and SHA-256. The last is trusted only where the table names it, too:
# it also has authorities that certify anybody.
LISTS = {
    "signers": (CONFORMANCE + "C2PA-TRUST-LIST.pem",
                "75cacc98b79ecac33713c7ecfb58d4a0ef383f3c1f886e7409f9e37e8664aea5"),
    "clocks": (CONFORMANCE + "C2PA-TSA-TRUST-LIST.pem",
               "c688d3555f4a2f1f8d663472bbd37888ff234abdd234c25934c0f9292e4eb5c9"),
    "older": (GITHUB + "contentauth/verify-site/506f98c31a027a2ebce73bcd9b11573fbd48ca22/"
              "static/trust/anchors.pem",
              "e0ab688a23a03a995b355fef351f6a89ccbb09329b5dc9195297fbe2c7a525c5"),
}
MAX_LIST = 2**20  # bytes; the largest has 38 thousand
SECONDS = 10  # of waiting for the network, behind everybody's back
PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)


class TrustError(RuntimeError):
    """`C2PA_TRUST` names something that is no file of certificates."""


class Anchors(NamedTuple):
    """The authorities that are trusted.

    Attributes
    ----------
    signers : str
        Certificates in PEM that vouch for signers.
    clocks : str
        Those that vouch for time stamps.
    table : dict
        SHA-256 of a certificate → row of `signers.csv`: trusted where a file carries it.
    """

    signers: str = ""
    clocks: str = ""
    table: dict = {}  # never changed


def anchors():
    """The authorities that are trusted now: those of the table, and the lists if they are here.

    Returns
    -------
    Anchors

    Raises
    ------
    TrustError
        If `C2PA_TRUST` is set to something that is no file of certificates.
    """
    rows = table()
    clocks = _cached("clocks")
    if path := os.environ.get(SETTING):
        times = {sha256: row for sha256, row in rows.items() if row["vouches_for"] == "times"}
        return Anchors(_file(path), clocks, times)
    older = {"signatures": "", "times": ""}
    for certificate in PEM.finditer(_cached("older")):
        row = rows.get(fingerprint(certificate[1]))
        if row and not row["organization"]:
            older[row["vouches_for"]] += f"{certificate[0]}\n"
    return Anchors(_cached("signers") + older["signatures"], clocks + older["times"], rows)


@cache
def table():
    """The rows of `signers.csv` by the SHA-256 of the authority's certificate.

    Each says who is known by it (`signer`), whether it vouches for signatures or for the times of
    them, from where and of which day that is known. An authority that certifies anybody counts
    only for the `organization` that its row names.
    """
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["sha256"]: row for row in csv.DictReader(file)}


def fingerprint(body):
    """SHA-256 of a certificate, from the Base64 inside its PEM; None if that is none."""
    try:
        der = base64.b64decode("".join(body.split()), validate=True)
    except binascii.Error:
        return None
    return hashlib.sha256(der).hexdigest() if der.startswith(b"\x30\x82") else None


def refresh():
    """Fetch the lists that aren't in the cache, behind everybody's back.

    Without a network, or if a list is not what it was, nothing changes.

    Returns
    -------
    threading.Thread
        A daemon, started: nobody has to wait for it.

    Raises
    ------
    TrustError
        If `C2PA_TRUST` is set to something that is no file of certificates.
    """
    anchors()
    thread = threading.Thread(target=_fetch_lists, name="trust lists", daemon=True)
    thread.start()
    return thread


def _fetch_lists():
    import httpx

    for name, (address, sha256) in LISTS.items():
        if _cached(name):
            continue
        try:
            content = b""
            with httpx.stream("GET", address, timeout=SECONDS, follow_redirects=False) as answer:
                answer.raise_for_status()
                for part in answer.iter_bytes():
                    content += part
                    if len(content) > MAX_LIST:
                        break
            if hashlib.sha256(content).hexdigest() != sha256:
                continue
            path = _path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            half = path.with_suffix(f".{os.getpid()}")  # so that nobody reads half a list
            half.write_bytes(content)
            half.replace(path)
        except (httpx.HTTPError, OSError):
            continue


def _cached(name):
    """A fetched list; empty if it isn't there or isn't what was pinned."""
    try:
        content = _path(name).read_bytes()
    except OSError:
        return ""
    right = hashlib.sha256(content).hexdigest() == LISTS[name][1]
    return content.decode() if right else ""


def _path(name):
    """Beside what the Hub's library keeps; another pin is another file, named by its content."""
    from huggingface_hub import constants

    return Path(constants.HF_ASSETS_CACHE) / "real-or-ai" / "trust" / f"{LISTS[name][1]}.pem"


def _file(path):
    try:
        certificates = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TrustError(f"{SETTING} is {path!r}, which can't be read: a file with certificates "
                         f"in PEM is expected ({error}).") from error
    prints = [fingerprint(certificate[1]) for certificate in PEM.finditer(certificates)]
    if not prints or None in prints:
        raise TrustError(f"{SETTING} is {path!r}, which is no file of certificates in PEM.")
    return certificates

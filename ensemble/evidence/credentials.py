"""C2PA Content Credentials: what a file's signed history says, whether it holds and who signed.

The library that checks them is native code, and a hostile file of 1.4 MB keeps it busy for 12
seconds, one of twice the size for four times as long. So it runs in a process of its own, with
limits, and only for files that have credentials.
That process is this file run as a script: it imports nothing of the package.
"""

import base64
import hashlib
import io
import json
import subprocess
import sys
from contextlib import suppress
from typing import Any

# The type of a C2PA manifest store, with which it starts in every format.
MARK = bytes.fromhex("63327061 0011 0010 8000 00aa00389b71")
SECONDS = 1  # of the processor; of 264 genuine files the slowest takes 0.17
PATIENCE = 10  # seconds to wait for each second of the processor, on a busy machine
MEMORY = 256 * 2**20  # bytes of its own; a file of 25 MB takes 116
MAX_ANSWER = 8 * 2**20
# The purposes that a signer's certificate may have: C2PA's own, and the three that were used before
# it (e-mail, documents, Microsoft's). By default the library accepts fewer.
PURPOSES = ("1.3.6.1.4.1.62558.2.1", "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36",
            "1.3.6.1.4.1.311.76.59.1.9")
OFFLINE: dict[str, Any] = {
    "version": 1,
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "trust": {"trust_config": "\n".join(PURPOSES)},
    # Identities may lie at web addresses, so they are not read; and no host may be asked.
    "core": {"decode_identity_assertions": False, "allowed_network_hosts": [],
             "allow_redirects": False, "max_decompressed_manifest_size_in_mb": 16},
}
MANIFEST = "application/c2pa"  # a manifest alone, without its picture
TRUSTED, EXPIRED = "signingCredential.trusted", "signingCredential.expired"
STAMPED, UNSTAMPED = "timeStamp.trusted", "timeStamp.untrusted"
# Failures that don't count where a manifest is checked alone, without its picture.
PICTURE = ("assertion.dataHash.mismatch", "assertion.boxesHash.mismatch",
           "assertion.bmffHash.mismatch")
CERTIFICATE = b"\x30\x82"  # first bytes of a certificate in DER; its length follows
MAX_CERTIFICATES = 1000  # looked up in the table; a usual manifest has about five


class CredentialsError(ValueError):
    """The file has credentials that can't be read; the message is the library's."""


def read_store(data, anchors):
    """Read and check the credentials embedded in a file; nothing is fetched.

    Parameters
    ----------
    data : bytes
        An image file.
    anchors : ensemble.evidence.trust.Anchors
        The certificates that vouch for signers, and those for time stamps. What is no certificate
        vouches for nobody.

    Returns
    -------
    dict or None
        The manifest store as c2pa's `Reader.json` gives it; None if there is none. One key is
        added: `trusted`, the labels of those manifests whose signer is trusted and whose
        certificate was valid when he signed.

    Raises
    ------
    CredentialsError
        If they are damaged, or reading them takes too long or too much.
    RuntimeError
        If nothing could be read at all, as without the c2pa library.
    """
    if MARK not in data:
        return None
    try:
        done = subprocess.run([sys.executable, "-P", __file__, str(SECONDS)], capture_output=True,
                              input=json.dumps(anchors._asdict()).encode() + b"\n" + data,
                              timeout=PATIENCE * SECONDS)
    except subprocess.TimeoutExpired as error:
        raise CredentialsError("Reading took too long.") from error
    if done.returncode == 1:  # Python's own, before the file was looked at
        raise RuntimeError(done.stderr.decode(errors="replace").strip().rpartition("\n")[2])
    if done.returncode or len(done.stdout) > MAX_ANSWER:
        raise CredentialsError("Reading took or gave too much.")
    try:
        answer = json.loads(done.stdout)
    except (ValueError, RecursionError) as error:
        raise CredentialsError("The library's answer is no JSON.") from error
    if answer and "error" in answer:
        raise CredentialsError(answer["error"])
    return answer


def main():
    """Answer about the file on the standard input, behind the anchors on its first line."""
    with suppress(ImportError, ValueError):  # not on every system
        import resource
        for limit, most in ((resource.RLIMIT_CPU, int(sys.argv[1])), (resource.RLIMIT_CORE, 0),
                            (resource.RLIMIT_DATA, MEMORY)):
            resource.setrlimit(limit, (most, most))
    anchors, _, data = sys.stdin.buffer.read().partition(b"\n")
    import c2pa  # noqa: F401 - if it isn't there that is no fault of the file

    try:
        answer = examine(data, **json.loads(anchors))
    except Exception as error:  # mostly the library's own
        answer = {"error": str(error)}
    sys.stdout.buffer.write(json.dumps(answer).encode(errors="replace"))


def examine(data, signers, clocks, table):
    """The manifest store of a file, with the labels of the manifests whose signer is trusted.

    Each manifest is judged by itself: a trusted program may have opened, and signed anew, a
    picture whose earlier credentials anybody made.
    """
    reader = open_reader(data, None, "")
    if reader is None:
        return None
    store = json.loads(reader.json())
    trusted = []
    for label, manifest in (store.get("manifests") or {}).items():
        stream = io.BytesIO()
        reader.resource_to_stream(label, stream)
        box = stream.getvalue()
        issuer = (manifest.get("signature_info") or {}).get("issuer")
        vouching = {"signatures": signers, "times": clocks}
        for row, certificate in listed(box, table):
            if row["organization"] in ("", issuer):
                vouching[row["vouches_for"]] += certificate
        if label == store.get("active_manifest"):
            store, holds = check(data, None, *vouching.values())
        else:
            _, holds = check(box, MANIFEST, *vouching.values())
        if holds:
            trusted.append(label)
    return store | {"trusted": trusted}


def listed(box, table):
    """Row of the table and PEM of each certificate in a manifest whose fingerprint is listed.

    The bytes of the manifest are searched, whatever is around a certificate. One that lies there
    without having vouched for the signer does nothing: the library checks the chain.
    """
    at = -1
    for _ in range(MAX_CERTIFICATES):
        at = box.find(CERTIFICATE, at + 1)
        if at < 0:
            return
        der = box[at:at + 4 + int.from_bytes(box[at + 2:at + 4], "big")]
        if row := table.get(hashlib.sha256(der).hexdigest()):
            yield row, ("-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der).decode()
                        + "-----END CERTIFICATE-----\n")


def check(data, form, signers, clocks):
    """What the library says of a manifest, and whether its signer is trusted.

    If a certificate has expired since, a time stamp has to prove that it was used before. The
    library takes an authority for time stamps for one of signers, too (c2pa 0.91), so the stamp
    is checked alone, and then believed.
    """
    store = json.loads(open_reader(data, form, signers).json())
    if EXPIRED in codes(store, "failure") and clocks:
        stamp = json.loads(open_reader(data, form, clocks).json())
        if STAMPED in codes(stamp, "success") and UNSTAMPED not in codes(stamp, "informational"):
            store = json.loads(open_reader(data, form, signers, check_stamps=False).json())
    failures = codes(store, "failure") - (set(PICTURE) if form else set())
    return store, TRUSTED in codes(store, "success") and not failures


def codes(store, outcome):
    """The status codes of the file's own manifest.

    Parameters
    ----------
    store : dict
        As `read_store` gives it.
    outcome : {"success", "informational", "failure"}

    Returns
    -------
    set of str
    """
    statuses = (store.get("validation_results") or {}).get("activeManifest") or {}
    return {status.get("code") for status in statuses.get(outcome) or []}


def open_reader(data, form, anchors, check_stamps=True):
    """The library's reader of a file's credentials; None if it has none."""
    import c2pa

    return c2pa.Reader.try_create(form, io.BytesIO(data), context=context(anchors, check_stamps))


def context(anchors, check_stamps=True):
    """The library's settings with the certificates, in PEM, that it shall trust."""
    import c2pa

    lists = [{"trust_anchors": anchors, "trust_kind": "manifest"}] if anchors else []
    return c2pa.Context.from_json(json.dumps({
        **OFFLINE, "trust": {**OFFLINE["trust"], "anchors": lists},
        "verify": {**OFFLINE["verify"], "verify_timestamp_trust": check_stamps}}))


if __name__ == "__main__":
    main()

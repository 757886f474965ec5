"""C2PA Content Credentials: what a file's signed history says and whether it holds.

The library that checks them is native code, and a hostile file of 1.4 MB keeps it busy for 12
seconds, one of twice the size for four times as long. So it runs in a process of its own, with
limits, and only for files that have credentials.
That process is this file run as a script: it imports nothing of the package.
"""

import io
import json
import subprocess
import sys
from contextlib import suppress

# The type of a C2PA manifest store, with which it starts in every format.
MARK = bytes.fromhex("63327061 0011 0010 8000 00aa00389b71")
SECONDS = 5  # of the processor; the usual file takes a tenth of one
PATIENCE = 4  # seconds of waiting for each of those, on a busy machine
MEMORY = 2 * 2**30
MAX_ANSWER = 8 * 2**20
OFFLINE = {
    "version": 1,
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    # Identities may lie at web addresses, so they are left alone. Neither is any host allowed.
    "core": {"decode_identity_assertions": False, "allowed_network_hosts": [],
             "allow_redirects": False, "max_decompressed_manifest_size_in_mb": 16},
}


class CredentialsError(ValueError):
    """The file has credentials that can't be read; the message is the library's."""


def read_store(data, anchors=None):
    """Read and check the credentials embedded in a file; nothing is fetched.

    Parameters
    ----------
    data : bytes
        An image file.
    anchors : str, optional
        Certificates in PEM that vouch for signers and for time stamps. Without any, no signer is
        trusted.

    Returns
    -------
    dict or None
        The manifest store as c2pa's `Reader.json` gives it; None if there is none.

    Raises
    ------
    CredentialsError
        If they are damaged, or reading them takes too long or too much.
    RuntimeError
        If nothing could be read at all: no c2pa library, or `anchors` are no certificates.
    """
    if MARK not in data:
        return None
    # Without anchors no time stamp is trusted, and every certificate would have run out some day.
    settings = OFFLINE | (
        {"trust": {"user_anchors": anchors}} if anchors else
        {"verify": OFFLINE["verify"] | {"verify_timestamp_trust": False}})
    try:
        done = subprocess.run([sys.executable, "-P", __file__, str(SECONDS)], capture_output=True,
                              input=json.dumps(settings).encode() + b"\n" + data,
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
    """Settings as a line of JSON, then the file, on standard input → JSON on standard output."""
    with suppress(ImportError, OSError, ValueError):  # not on every system
        import resource
        for limit, most in ((resource.RLIMIT_CPU, int(sys.argv[1])), (resource.RLIMIT_CORE, 0),
                            (resource.RLIMIT_AS, MEMORY)):
            resource.setrlimit(limit, (most, most))
    import c2pa

    settings, _, data = sys.stdin.buffer.read().partition(b"\n")
    context = c2pa.Context.from_json(settings.decode())
    try:
        reader = c2pa.Reader.try_create(None, io.BytesIO(data), context=context)
        answer = reader.json() if reader else "null"
    except Exception as error:  # mostly the library's own
        answer = json.dumps({"error": str(error)})
    sys.stdout.buffer.write(answer.encode(errors="replace"))


if __name__ == "__main__":
    main()

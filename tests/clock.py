"""A server of time stamps (RFC 3161) on this machine, for signatures of another day."""

import datetime
import hashlib
import http.server
import threading
from contextlib import contextmanager

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

INTEGER, OCTETS, OBJECT, SEQUENCE, SET, TIME = 0x02, 0x04, 0x06, 0x30, 0x31, 0x18
SHA256, SIGNED_DATA, STAMP, CONTENT_TYPE, DIGEST, ECDSA, POLICY = (
    bytes.fromhex(code) for code in (
        "608648016503040201", "2a864886f70d010702", "2a864886f70d0109100104", "2a864886f70d010903",
        "2a864886f70d010904", "2a8648ce3d040302", "2a0304"))


@contextmanager
def clock(authority, days):
    """The address of a server whose clock is some days off and whom the authority vouches for."""
    signer = authority.certify("Test clock", "Test clocks", days=(-1000, 1000),
                               purpose=ExtendedKeyUsageOID.TIME_STAMPING)
    time = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=days)

    class Server(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            request = self.rfile.read(int(self.headers["Content-Length"]))
            body = answer(request, signer, time)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def answer(request, signer, time):
    """The reply to a request: granted, and the stamp, signed."""
    _, imprint, *others = [part for _, part in _parts(_parts(request)[0][1])]
    nonce = [der(tag, part) for tag, part in _parts(_parts(request)[0][1])[2:] if tag == INTEGER]
    stamp = der(SEQUENCE, der(INTEGER, b"\1"), der(OBJECT, POLICY), der(SEQUENCE, imprint),
                der(INTEGER, b"\1"), der(TIME, time.strftime("%Y%m%d%H%M%SZ").encode()), *nonce)
    certificate = x509.load_pem_x509_certificate(signer.chain[0])
    digest = der(SEQUENCE, der(OBJECT, SHA256))
    attributes = b"".join(
        der(SEQUENCE, der(OBJECT, name), der(SET, value)) for name, value in (
            (CONTENT_TYPE, der(OBJECT, STAMP)),
            (DIGEST, der(OCTETS, hashlib.sha256(stamp).digest()))))
    signature = signer.private.sign(der(SET, attributes), ec.ECDSA(hashes.SHA256()))
    number = certificate.serial_number.to_bytes(20, "big").lstrip(b"\0")
    by = der(SEQUENCE, certificate.issuer.public_bytes(),
             der(INTEGER, b"\0" * (number[0] > 127) + number))
    signed = der(SEQUENCE, der(INTEGER, b"\1"), by, digest, der(0xA0, attributes),
                 der(SEQUENCE, der(OBJECT, ECDSA)), der(OCTETS, signature))
    chain = [x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)
             for pem in signer.chain]
    content = der(SEQUENCE, der(OBJECT, STAMP), der(0xA0, der(OCTETS, stamp)))
    token = der(SEQUENCE, der(OBJECT, SIGNED_DATA), der(0xA0, der(
        SEQUENCE, der(INTEGER, b"\3"), der(SET, digest), content, der(0xA0, *chain),
        der(SET, signed))))
    return der(SEQUENCE, der(SEQUENCE, der(INTEGER, b"\0")), token)


def der(tag, *parts):
    """A value in ASN.1's DER: tag, length, content."""
    body = b"".join(parts)
    size = len(body).to_bytes(4, "big").lstrip(b"\0") or b"\0"
    return bytes([tag, *([len(body)] if len(body) < 128 else [128 + len(size), *size])]) + body


def _parts(body):
    """Tag and content of each value in DER."""
    parts = []
    while body:
        size, start = body[1], 2
        if size > 127:
            start += size - 128
            size = int.from_bytes(body[2:start], "big")
        parts.append((body[0], body[start:start + size]))
        body = body[start + size:]
    return parts

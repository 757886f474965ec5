"""Files with Content Credentials, signed here with certificates made here."""

import datetime
import hashlib
import io
import struct
import zlib
from functools import cache

import c2pa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ensemble.evidence.trust import Anchors

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def action(name, kind=None, agent=None, ingredient=None):
    """One action of a manifest.

    With IPTC's word for the source, the program that did it and the ingredient it was done to:
    "parent", or the number of a part.
    """
    entry = {"action": name}
    if kind:
        entry["digitalSourceType"] = SOURCE_TYPE + kind
    if agent:
        entry["softwareAgent"] = {"name": agent}
    if ingredient is not None:
        entry["parameters"] = {"ingredientIds": [str(ingredient)]}
    return entry


def sign(data, mime, actions, parent=None, parts=(), url=None, generator="Test camera",
         signer=None, clock=None, assertions=(), version=2):
    """The file with Content Credentials of its own.

    Parameters
    ----------
    data : bytes
    mime : str
    actions : list of dict, optional
        As `action` makes them.
    parent : bytes, optional
        The signed JPEG that this one was made from.
    parts : sequence of bytes
        Signed JPEGs that were put into it.
    url : str, optional
        Where the credentials are said to lie, in place of the file.
    generator : str
    signer : Party, optional
        Without one, that of "Test authority".
    clock : str, optional
        Address of a server of time stamps.
    assertions : sequence of dict
        More that is said and signed.
    version : {1, 2}
        Of the claim.
    """
    if actions:
        assertions = [{"label": "c2pa.actions.v2", "data": {"actions": actions}}, *assertions]
    manifest = {"claim_generator_info": [{"name": generator}], "assertions": list(assertions),
                "claim_version": version}
    signer = signer or signed_by("Test authority")
    pen = c2pa.Signer.from_info(c2pa.C2paSignerInfo(b"es256", b"".join(signer.chain), signer.key,
                                                    clock and clock.encode()))
    settings = c2pa.Settings.from_dict({"builder": {"thumbnail": {"enabled": False}},
                                        "verify": {"verify_after_sign": False}})
    signed = io.BytesIO()
    with c2pa.Builder(manifest, context=c2pa.Context(settings)) as builder:
        ingredients = [("parent", parent, "parentOf")] * bool(parent)
        ingredients += [(str(i), part, "componentOf") for i, part in enumerate(parts)]
        for label, ingredient, relationship in ingredients:
            builder.add_ingredient({"label": label, "relationship": relationship}, "image/jpeg",
                                   io.BytesIO(ingredient))
        if url:
            builder.set_no_embed()
            builder.set_remote_url(url)
        builder.sign(pen, mime, io.BytesIO(data), signed)
    return signed.getvalue()


class Party:
    """Who has a certificate, and can certify others, if he may or not.

    C2PA asks of a signer for a chain, and of his certificate for the use "e-mail protection" (or
    its own) and for digital signatures alone.

    Attributes
    ----------
    chain : list of bytes
        Its certificate in PEM, and behind it those above.
    """

    def __init__(self, name, organization, above=None, days=(-1000, 1), purpose=None):
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name),
                               x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)])
        self.chain = [_certificate(self, above or self, days, purpose),
                      *(above.chain if above else [])]

    @property
    def key(self):
        """Its private key in PEM."""
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption())

    def certify(self, name="Test signer", organization="Test Pictures", days=(-1, 1),
                purpose=ExtendedKeyUsageOID.EMAIL_PROTECTION):
        """A signer whose certificate is valid from one day to another, counted from now."""
        return Party(name, organization, self, days, purpose)


@cache
def authority(name="Test authority"):
    """An authority, the same for each name."""
    return Party(name, name)


@cache
def signed_by(name):
    """The signer that the authority of this name certifies."""
    return authority(name).certify()


def trusting(*names):
    """Anchors that trust these authorities, and no others."""
    return Anchors("".join(authority(name).chain[0].decode() for name in names))


def fingerprint(certificate):
    """SHA-256 of a certificate in PEM."""
    return x509.load_pem_x509_certificate(certificate).fingerprint(hashes.SHA256()).hex()


def _certificate(subject, issuer, days, purpose):
    """One for a purpose, or without one that of an authority."""
    now = datetime.datetime.now(datetime.UTC)
    usage = dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment",
                           "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
                           "encipher_only", "decipher_only"), False)
    usage |= {"digital_signature": True} if purpose else {"key_cert_sign": True, "crl_sign": True}
    builder = x509.CertificateBuilder(
        issuer.name, subject.name, subject.private.public_key(), x509.random_serial_number(),
        *(now + datetime.timedelta(days=day) for day in days))
    builder = builder.add_extension(x509.BasicConstraints(not purpose, None), True)
    builder = builder.add_extension(x509.KeyUsage(**usage), True)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
        issuer.private.public_key()), False)
    if purpose:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]),
                                        purpose == ExtendedKeyUsageOID.TIME_STAMPING)
    return builder.sign(issuer.private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def overloaded(png, count):
    """A signed PNG whose claim names `count` more assertions: each is looked for among all."""
    at = png.index(b"caBX")
    length, = struct.unpack(">I", png[at - 4:at])
    boxes, claims = [], []
    for i in range(count):
        label = f"x.test{i:06d}"
        kind = bytes.fromhex("63626f72 0011 0010 8000 00aa00389b71")  # CBOR inside
        boxes.append(_box(b"jumb", _box(b"jumd", kind, b"\3", label.encode(), b"\0"),
                          _box(b"cbor", b"\xa1\x61a\1")))
        url = f"self#jumbf=c2pa.assertions/{label}".encode()
        claims.append(b"\xa2\x63url\x78" + bytes([len(url)]) + url + b"\x64hash\x58\x20"
                      + hashlib.sha256(boxes[-1][8:]).digest())
    chunk = b"caBX" + _grown(png[at + 4:at + 4 + length], b"".join(boxes), b"".join(claims), count)
    return (png[:at - 4] + struct.pack(">I", len(chunk) - 4) + chunk
            + struct.pack(">I", zlib.crc32(chunk)) + png[at + 8 + length:])


def _grown(body, boxes, claims, count):
    """The boxes of a manifest store, with more among the assertions and in the claim."""
    grown = []
    while body:
        length, kind = struct.unpack(">I4s", body[:8])
        box, body = body[8:length], body[length:]
        if kind == b"jumb":
            box = _grown(box, boxes, claims, count)
            box += boxes * (b"c2pa.assertions\0" in box[8:60])
        elif b"created_assertions" in box:
            before, name, entries = box.partition(b"created_assertions")
            total = struct.pack(">BI", 0x9A, entries[0] % 32 + count)
            box = before + name + total + claims + entries[1:]
        grown.append(_box(kind, box))
    return b"".join(grown)


def _box(kind, *parts):
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body

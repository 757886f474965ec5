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

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def action(name, kind=None, agent=None, ingredient=None):
    """One action of a manifest, with IPTC's word for the source, the program that did it and the
    ingredient it was done to: "parent", or the number of a part."""
    entry = {"action": name}
    if kind:
        entry["digitalSourceType"] = SOURCE_TYPE + kind
    if agent:
        entry["softwareAgent"] = {"name": agent}
    if ingredient is not None:
        entry["parameters"] = {"ingredientIds": [str(ingredient)]}
    return entry


def sign(data, mime, actions, parent=None, parts=(), url=None, generator="Test camera"):
    """The file with Content Credentials of its own.

    Parameters
    ----------
    data : bytes
    mime : str
    actions : list of dict
        As `action` makes them.
    parent : bytes, optional
        The signed JPEG that this one was made from.
    parts : sequence of bytes
        Signed JPEGs that were put into it.
    url : str, optional
        Where the credentials are said to lie, in place of the file.
    generator : str
    """
    manifest = {"claim_generator_info": [{"name": generator}],
                "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}]}
    _, chain, key = certificates()
    signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(b"es256", chain, key, None))
    settings = c2pa.Settings.from_dict({"builder": {"thumbnail": {"enabled": False}}})
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
        builder.sign(signer, mime, io.BytesIO(data), signed)
    return signed.getvalue()


@cache
def certificates(authority="Test authority"):
    """The authority's certificate, the signer's chain and the signer's key, all PEM.

    C2PA asks for a chain, and of the signer's certificate for the use "e-mail protection" (or its
    own) and for digital signatures alone.
    """
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name),
                        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test Pictures")])
             for name in (authority, "Test signer")]
    root = _certificate(names[0], keys[0], names[0], keys[0], True)
    signer = _certificate(names[1], keys[1], names[0], keys[0], False)
    key = keys[1].private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                serialization.NoEncryption())
    return root.decode(), signer + root, key


def _certificate(subject, key, issuer, issuer_key, authority):
    now = datetime.datetime.now(datetime.UTC)
    usage = dict.fromkeys(("digital_signature", "content_commitment", "key_encipherment",
                           "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
                           "encipher_only", "decipher_only"), False)
    usage |= {"key_cert_sign": True, "crl_sign": True} if authority else {"digital_signature": True}
    builder = x509.CertificateBuilder(
        issuer, subject, key.public_key(), x509.random_serial_number(),
        now - datetime.timedelta(days=1), now + datetime.timedelta(days=1))
    builder = builder.add_extension(x509.BasicConstraints(authority, None), True)
    builder = builder.add_extension(x509.KeyUsage(**usage), True)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
        issuer_key.public_key()), False)
    if not authority:
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


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

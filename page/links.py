"""An image from a web address, fetched as if the address came from an enemy."""

import asyncio
import ipaddress
import socket
from urllib.parse import urljoin

import httpx
import safehttpx

from ensemble.errors import FileTooLarge, NotAFile, UnsupportedFormat
from ensemble.images import MAX_BYTES

DEADLINE = 15  # seconds for all of it, redirects and names included
REDIRECTS = 5
NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Compressed, a few bytes could be gigabytes.
HEADERS = {"Accept": "image/*", "Accept-Encoding": "identity"}
# What servers call an image when they don't know better.
UNNAMED = ("", "application/octet-stream", "binary/octet-stream")


def fetch(address):
    """The content of a web address, as `Ensemble.judge` takes it.

    Every name is resolved once and checked, and the connection goes to the checked address: in
    the server's own network nothing can be reached, by a redirect or a name neither.

    Parameters
    ----------
    address : str

    Returns
    -------
    bytes

    Raises
    ------
    NotAFile
        If the address is not on the web, answers with an error or too slowly.
    FileTooLarge
        If it has more than `MAX_BYTES`; no more than that is read.
    UnsupportedFormat
        If the server says that it is no image.
    """
    try:
        return asyncio.run(asyncio.wait_for(_get(address), DEADLINE))
    except (FileTooLarge, UnsupportedFormat):
        raise
    except TimeoutError as error:
        raise NotAFile("address_slow", address=address, seconds=DEADLINE) from error
    except Exception as error:  # sockets, names, certificates, statuses: many libraries' types
        raise NotAFile("address_failed", address=address) from error


def is_public(ip):
    """Whether an IP address is on the public web."""
    # The library alone lets shared (100.64.0.0/10), mapped and translated addresses pass.
    address = ipaddress.ip_address(ip.partition("%")[0])
    return safehttpx.is_public_ip(str(address)) and address.is_global and not (
        address.version == 6 and (address.ipv4_mapped or address.sixtofour or address in NAT64))


async def _get(address):
    for _ in range(REDIRECTS + 1):
        url = httpx.URL(address)
        if url.scheme not in ("http", "https"):
            raise NotAFile("address_malformed")
        transport = safehttpx.AsyncSecureTransport(await _public_ip(url.host))
        # A proxy named in the environment would go round the checked connection.
        async with (httpx.AsyncClient(transport=transport, trust_env=False) as client,
                    client.stream("GET", url, headers=HEADERS) as answer):
            if not answer.has_redirect_location:
                return await _body(answer.raise_for_status())
            address = urljoin(str(url), answer.headers["Location"])
    raise NotAFile("address_failed", address=address)


async def _public_ip(host):
    """The address to connect to; all that a name has must be public."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    addresses = sorted({str(entry[4][0]) for entry in found}, key=lambda ip: ":" in ip)
    if not all(map(is_public, addresses)):
        raise NotAFile("address_failed", address=host)
    return addresses[0]


async def _body(answer):
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if not kind.startswith("image/") and kind not in UNNAMED:
        raise UnsupportedFormat("address_not_image", content_type=kind)
    data = bytearray()
    async for chunk in answer.aiter_raw():
        data += chunk
        if len(data) > MAX_BYTES:
            raise FileTooLarge("address_too_large", most=MAX_BYTES // 2**20)
    return bytes(data)

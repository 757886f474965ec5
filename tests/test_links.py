"""Images from web addresses: what is fetched, and what is refused before anything is asked."""

import contextlib
import socket
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest

from ensemble.errors import FileTooLarge, ImageError, NotAFile, UnsupportedFormat
from ensemble.images import MAX_BYTES
from page import judge, links
from tests.servers import ROOT, running

PHOTO = sorted((ROOT / "examples" / "real" / "full").glob("*.jpg"))[0]
PICTURE = b"\x89PNG\r\n\x1a\n and so on"
# In the tests this loopback address stands for the public web, every other stays private.
PUBLIC = "127.0.0.2"


def fetch(address):
    """`links.fetch` in a thread of its own: the browser of other tests has a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(links.fetch, address).result()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        with contextlib.suppress(OSError):  # the client hangs up as soon as it knows enough
            getattr(self, self.path.strip("/").split("/")[0])()

    def picture(self, content_type="image/png", body=PICTURE):
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.end_headers()
        self.wfile.write(body)

    def photo(self):
        self.picture(body=PHOTO.read_bytes())

    def unnamed(self):
        self.picture("application/octet-stream")

    def page(self):
        self.picture("text/html; charset=utf-8", b"<html>")

    def large(self):
        self.picture(body=bytes(MAX_BYTES + 1))

    def slow(self):
        self.picture(body=b"a")
        self.server.closed.wait()  # longer than any test: the client has to give up

    def missing(self):
        self.send_error(404)

    def again(self):
        self.redirect("/again")

    def moved(self):
        self.redirect("/picture")

    def home(self):
        self.redirect(f"http://127.0.0.1:{self.server.server_port}/picture")

    def disk(self):
        self.redirect("file:///etc/passwd")

    def redirect(self, address):
        self.send_response(302)
        self.send_header("Location", address)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def served():
    server = ThreadingHTTPServer(("0.0.0.0", 0), Handler)
    server.asked = []
    with running(server):
        yield server


@pytest.fixture
def web(served, monkeypatch):
    """The server at an address that passes for public, and what it was asked."""
    real = links.is_public
    monkeypatch.setattr(links, "is_public", lambda ip: ip == PUBLIC or real(ip))
    served.asked.clear()
    served.url = f"http://{PUBLIC}:{served.server_port}"
    return served


@pytest.fixture
def names(monkeypatch):
    """A table of host names instead of the DNS."""
    table = {}

    def getaddrinfo(host, port, *_, **__):
        return [(socket.AF_INET6 if ":" in ip else socket.AF_INET, socket.SOCK_STREAM, 6, "",
                 (ip, port or 0)) for ip in table.get(host, [host])]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return table


@pytest.mark.parametrize("path", ["/picture", "/unnamed", "/moved"])
def test_an_image_is_fetched(web, path):
    assert fetch(web.url + path) == PICTURE


def test_a_name_is_fetched_from_its_address(web, names):
    names["pictures.example"] = [PUBLIC]
    assert fetch(f"http://pictures.example:{web.server_port}/picture") == PICTURE


def test_what_is_no_image_is_refused_unread(web):
    with pytest.raises(UnsupportedFormat, match="gives text/html"):
        fetch(f"{web.url}/page")


def test_more_than_25_mb_are_not_read(web):
    with pytest.raises(FileTooLarge, match="more than 25 MB"):
        fetch(f"{web.url}/large")


def test_a_server_that_never_ends_is_given_up_at_the_deadline(web, monkeypatch):
    monkeypatch.setattr(links, "DEADLINE", 0.5)
    with pytest.raises(NotAFile, match="within 0.5 seconds"):
        fetch(f"{web.url}/slow")


@pytest.mark.parametrize("path", ["/missing", "/again", "/disk"])
def test_errors_and_endless_redirects_are_refused(web, path):
    with pytest.raises(NotAFile, match="can’t be fetched"):
        fetch(web.url + path)
    assert len(web.asked) <= links.REDIRECTS + 1


def test_a_redirect_into_the_own_network_is_not_followed(web):
    with pytest.raises(NotAFile):
        fetch(f"{web.url}/home")
    assert web.asked == ["/home"]


@pytest.mark.parametrize("host", [
    "127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::]", "127.1", "2130706433", "0x7f000001",
    "[::ffff:127.0.0.1]", "user:word@127.0.0.1"])
def test_the_own_machine_is_never_asked(served, host):
    served.asked.clear()
    with pytest.raises(NotAFile):
        fetch(f"http://{host}:{served.server_port}/picture")
    assert served.asked == []


@pytest.mark.parametrize("addresses", [
    ["127.0.0.1"], ["10.0.0.5"], ["172.16.3.4"], ["192.168.1.1"], ["169.254.169.254"],
    ["100.64.0.1"], ["224.0.0.1"], ["::1"], ["fe80::1"], ["fd00::1"], ["::ffff:10.0.0.5"],
    ["64:ff9b::a00:5"], ["2002:a00:5::1"], ["93.184.215.14", "127.0.0.1"]])
def test_a_name_in_a_private_network_is_refused(names, addresses, monkeypatch):
    names["inside.example"] = addresses
    monkeypatch.setattr(socket.socket, "connect", None)  # nobody may be asked
    with pytest.raises(NotAFile, match="inside.example"):
        fetch("https://inside.example/picture.png")


@pytest.mark.parametrize("ip", ["93.184.215.14", "2606:4700:4700::1111"])
def test_public_addresses_are_public(ip):
    assert links.is_public(ip)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "ftp://x/y", "http://", "https://:80",
                                     "http://[", "", "gopher://127.0.0.1"])
def test_what_is_no_web_address_is_refused(address):
    with pytest.raises(ImageError):
        fetch(address)


def test_the_page_judges_what_a_link_leads_to_and_shows_it(web, ensemble):
    with ThreadPoolExecutor(1) as pool:
        judged, page = [pool.submit(judge.link_outcome, ensemble,
                                    {"address": web.url + path, "serial": "7"}).result()
                        for path in ("/photo", "/page")]
    assert "data-print" in judged and f'href="?link={quote(web.url, safe="")}%2Fphoto"' in judged
    assert "data-print" not in page and "The address gives text/html" in page
    assert 'data-serial="7"' in judged and 'data-serial="7"' in page


def test_errors_are_known_by_their_key(web):
    """So that they can be put into the visitor's language."""
    for path, key, fields in (
            ("/page", "address_not_image", {"content_type": "text/html"}),
            ("/large", "address_too_large", {"most": 25}),
            ("/missing", "address_failed", {"address": f"{web.url}/missing"})):
        with pytest.raises(ImageError) as error:
            fetch(web.url + path)
        assert (error.value.key, error.value.fields) == (key, fields)

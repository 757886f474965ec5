"""Ways in that must be shut, each tried on the running server; more in test_links, test_api."""

import asyncio
import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from benchmarks.serving import Client, uri
from page import doors, upkeep
from tests.judging import REAL, upload
from tests.made import image, png
from tests.servers import ROOT, running
from tests.signed import action, sign
from tests.test_api import mcp
from tests.test_many import choose as choose_many
from tests.visits import choose

APP = str(ROOT / "app.py")


@pytest.fixture
def client(server):
    with Client(server.url.removeprefix("http://")) as client:
        yield client


def get(client, path, method="GET", body=None, **headers):
    """(status, headers, content) of a request whose path is sent as it is."""
    connection = http.client.HTTPConnection(client.connection.host, client.connection.port)
    connection.request(method, path, body, {key.replace("_", "-"): value
                                            for key, value in headers.items()})
    answer = connection.getresponse()
    try:
        content = answer.read()
    except http.client.IncompleteRead as cut:  # Gradio's streams end so where there is nothing
        content = cut.partial
    connection.close()
    return answer.status, answer.headers, content


@pytest.mark.parametrize("path", [
    "/gradio_api/file=/etc/passwd", "/gradio_api/file=//etc/passwd", f"/gradio_api/file={APP}",
    "/gradio_api/file=app.py", "/gradio_api/file=../../../../../../etc/passwd",
    "/gradio_api/file=..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    f"/gradio_api/file={ROOT}/examples/../app.py",
    f"/gradio_api/file={ROOT}/examples/%2e%2e/app.py", f"/gradio_api/file={ROOT}/examples",
    "/gradio_api/file=file:///etc/passwd",
    "/gradio_api/file=/proc/self/environ", "/gradio_api/file/../../etc/passwd",
    f"/gradio_api/file{APP}", "/static/../../../../etc/passwd", "/static/..%2f..%2froutes.py",
    "/assets/..%2f..%2f..%2froutes.py", "/svelte/..%2f..%2froutes.py", "/figures/../app.py",
    f"/figures/{APP}", "/theme.css/../../app.py", "/gradio_api/custom_component/1/x/component/%2e.",
    "/gradio_api/file=http://127.0.0.1/", "/gradio_api/file=https://example.com/a.png",
    "/gradio_api/file=HTTPS://example.com/a.png", "/gradio_api/file=https:%2f%2fexample.com/a.png", "/gradio_api/file/https://example.com/a.png",
    "/gradio_api/proxy=https://example.com/", "/gradio_api/deep_link?session_hash=a"])
def test_no_path_leads_out_of_what_is_public(client, path):
    status, _, content = get(client, path)
    assert 400 <= status < 500
    assert b"root:" not in content and b"import " not in content and b"PATH=" not in content
    if "://" in path:  # nothing is looked for where it says
        assert json.loads(content) == {"detail": "This is not served here."}


def test_an_upload_is_known_to_whoever_has_its_whole_path_alone(client, server):
    file = client.upload(data := png(image(0, 7)), "mine.png")
    folder, _, name = file["path"].rpartition("/")
    assert get(client, f"/gradio_api/file={file['path']}")[2] == data
    for path in (folder, f"{folder}/", folder.rpartition("/")[0], f"{folder}/*",
                 f"{folder[:-1]}?/{name}", f"{folder}/../../log"):
        assert get(client, f"/gradio_api/file={quote(path)}")[0] == 403
        assert "error" in client.wait("detect", client.ask("detect", {"path": path})[1])
    for session in ("", "0", "*", "../"):
        events = get(client, f"/gradio_api/queue/data?session_hash={quote(session)}")[2].decode()
        assert "mine.png" not in events and "process_completed" not in events


@pytest.mark.parametrize("name, content", [("a.html", b"<script>alert(1)</script>"),
                                           ("a.svg", b"<svg onload='alert(1)'/>")])
def test_nothing_that_was_uploaded_is_shown_as_a_page(client, name, content):
    path = client.upload(content, name)["path"]
    status, headers, _ = get(client, f"/gradio_api/file={quote(path)}")
    assert status == 200 and headers["Content-Disposition"].startswith("attachment")
    assert headers["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize("name", ["../../evil.png", "/etc/evil.png", "..\\\\evil.png", "a\0b.png",
                                  "..", "." * 300, "%2e%2e%2fevil.png"])
def test_a_name_puts_an_upload_nowhere_else(client, server, name):
    """It is kept under a name that stays in the uploads, or refused."""
    status, answer = client.send(png(image(0, 8)), name)
    kept = {path.name for path in server.uploads()}
    outside = {path for path in server.folder.rglob("*evil*") if "uploads" not in path.parts}
    assert not outside and not (ROOT / "evil.png").exists()
    assert status == 400 or (status == 200 and answer[0].rpartition("/")[2] in kept)


class Asked(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        self.send_error(404)

    do_HEAD = do_POST = do_GET

    def log_message(self, *_):
        pass


def test_nobody_in_the_servers_own_network_is_asked(client, server):
    inside = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    inside.asked = []
    with running(inside):
        address = f"http://127.0.0.1:{inside.server_port}/secret.png"
        named = f"http://localhost:{inside.server_port}/secret.png"
        meta = {"_type": "gradio.FileData"}
        for file in (address, named, address.upper().replace("SECRET.PNG", "secret.png"),
                     {"path": address}, {"path": address, "meta": meta},
                     {"path": REAL[0].name, "url": address, "meta": meta},
                     {"path": "", "url": named, "meta": meta}, {"url": address, "meta": meta}):
            for endpoint, argument in (("detect", file), ("detect_batch", [file])):
                status, event = client.ask(endpoint, argument)
                if status == 200:
                    answer = client.wait(endpoint, event)
                    assert "label" not in str(answer) and "Traceback" not in str(answer)
        get(client, f"/gradio_api/file={address}")
        get(client, f"/gradio_api/proxy={address}")
        get(client, f"/?link={quote(address)}")

        async def work(session):
            return [await session.call_tool("detect", {"image": image}) for image in (
                address, named, "/etc/passwd", str(REAL[0]), "file:///etc/passwd", APP)]

        answers = mcp(server, work)
    assert all(answer.isError for answer in answers)
    assert not any("root:" in str(answer) or "label" in str(answer) for answer in answers)
    assert inside.asked == []


def test_a_foreign_page_may_not_read_what_the_server_says(client):
    own = f"http://{client.connection.host}:{client.connection.port}"
    for origin, allowed in ((own, own), ("https://evil.example", None), ("null", None)):
        _, headers, _ = get(client, "/config", Origin=origin)
        assert headers["Access-Control-Allow-Origin"] == allowed
        _, headers, _ = get(client, "/gradio_api/call/detect", "OPTIONS", Origin=origin,
                            Access_Control_Request_Method="POST")
        assert headers["Access-Control-Allow-Origin"] == allowed


def test_nobody_goes_past_the_queue(client):
    body = json.dumps({"data": [uri(REAL[0].read_bytes())]})
    for path in ("/gradio_api/run/detect", "/gradio_api/api/detect", "/run/detect"):
        status, answer, content = get(client, path, "POST", body, Content_Type="application/json")
        assert status in (404, 405) and b"p_ai" not in content


@pytest.mark.parametrize("path", ["/gradio_api/upload", "/gradio_api/call/detect",
                                  "/gradio_api/queue/join", "/gradio_api/mcp/"])
def test_what_says_that_it_is_too_large_is_refused_before_it_comes(client, path):
    form = "multipart/form-data; boundary=x" if "upload" in path else "application/json"
    connection = http.client.HTTPConnection(client.connection.host, client.connection.port)
    connection.putrequest("POST", path)
    for name, value in (("Content-Length", 10**12), ("Content-Type", form),
                        ("Accept", "application/json, text/event-stream")):
        connection.putheader(name, str(value))
    connection.endheaders(b"--x\r\n" if "upload" in path else b'{"')
    with connection.getresponse() as answer:
        assert answer.status in (413, 503)
    connection.close()


def through_doors(app, waiting=0, parts=(), **scope):
    """The messages that the doors send for a request whose body comes in parts."""
    async def run():
        sent, left = [], list(parts)

        async def receive():
            if not left:
                await asyncio.sleep(60)  # longer than any test's patience
            return left.pop(0)

        async def send(message):
            sent.append(message)

        await doors.Doors(app, lambda: waiting)({"type": "http", "method": "POST", "path": "/",
                                                 "headers": [], **scope}, receive, send)
        return sent

    with ThreadPoolExecutor(1) as pool:  # the browser has a loop in this thread
        return pool.submit(asyncio.run, run()).result()


async def reading(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})


def part(data, more=True):
    return {"type": "http.request", "body": data, "more_body": more}


def test_what_comes_too_slowly_is_given_up(monkeypatch):
    monkeypatch.setattr(doors, "PATIENCE", 0.2)
    assert through_doors(reading, parts=[part(b"a"), part(b"b", more=False)])[0]["status"] == 200
    with pytest.raises(doors.HTTPException) as error:
        through_doors(reading, parts=[part(b"a"), part(b"b")])
    assert error.value.status_code == 408


def test_large_requests_wait_outside_while_others_fill_the_queue():
    full, large = doors.MAX_WAITING, [(b"content-length", b"%d" % (doors.MAX_BODY // 2))]
    for headers, waiting, status in ((large, 0, 200), (large, full, 503), ([], full, 200),
                                     ([(b"content-length", b"900")], full, 200),
                                     ([(b"content-type", b"multipart/form-data")], full, 200)):
        sent = through_doors(reading, waiting, [part(b"{}", more=False)], headers=headers)
        assert sent[0]["status"] == status
    assert doors.BUSY in through_doors(reading, full, headers=large)[1]["body"].decode()
    megabyte = [part(bytes(2**20)), part(b"0", more=False)]
    assert through_doors(reading, 0, megabyte)[0]["status"] == 200
    with pytest.raises(doors.HTTPException, match="busy"):  # it didn't say how large it is
        through_doors(reading, full, megabyte)


def test_what_was_not_sent_in_full_does_not_stay(client, server, monkeypatch):
    connection = http.client.HTTPConnection(client.connection.host, client.connection.port)
    connection.putrequest("POST", "/gradio_api/upload")
    connection.putheader("Content-Length", "100000")
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.endheaders(b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"'
                          b"\r\n\r\n" + bytes(50_000))
    uploads = server.folder / "uploads"
    deadline = time.monotonic() + 20
    while not (begun := [path for path in uploads.glob("tmp*") if path.is_file()]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    connection.close()
    whole = client.upload(png(image(0, 9)))["path"]
    monkeypatch.setattr(upkeep, "get_upload_folder", lambda: str(uploads))
    upkeep.remove_unfinished(3600)
    assert all(path.exists() for path in begun)
    upkeep.remove_unfinished(-1)
    assert not any(path.exists() for path in begun)
    assert any(str(path) == whole for path in server.uploads())


def test_what_a_file_says_is_never_part_of_the_page(visit, tmp_path):
    """Its name, its EXIF, its text, its credentials: on the page, in the list and on paper."""
    evil = "<img src=x onerror=document.title='hit'>"
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0131] = evil, evil, evil
    notes = PngInfo()
    notes.add_text("parameters", f"{evil}\nSteps: 20, Sampler: {evil}, Model: {evil}")
    picture = Image.fromarray(image(1, 3, 96))
    names = [tmp_path / f"{prefix}{evil}.{ending}" for prefix, ending in (
        ("exif ", "jpg"), ("text ", "png"), ("signed ", "jpg"))]
    picture.save(names[0], "JPEG", exif=exif)
    picture.save(names[1], "PNG", pnginfo=notes)
    names[2].write_bytes(sign(names[0].read_bytes(), "image/jpeg", generator=evil, actions=[
        action("c2pa.created", "trainedAlgorithmicMedia", evil)]))
    page = visit()
    title = page.title()
    for name in names:
        upload(page, name)
        shown = page.locator("#verdict")
        assert evil in shown.inner_text() and shown.locator("img[src=x]").count() == 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#paper img[src=x]").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    choose(page, "many")
    choose_many(page, names)
    page.locator(".thumbnails li").nth(2).wait_for()
    assert evil in page.locator(".thumbnails").inner_text()
    assert page.locator("img[src=x]").count() == 0
    assert page.title() == title

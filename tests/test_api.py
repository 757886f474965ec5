"""The API: each way in gives exactly what the command line gives."""

import asyncio
import base64
import contextlib
import io
import json
import subprocess
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from page import about
from tests.servers import ROOT
from tests.test_command_line import FIELDS

# What a description of the answer names: its fields, and the words that they may hold.
WORDS = [*FIELDS[1:], "source", "says", "key", "sentence", "fields", "member",
         "AI-generated", "Partly AI-generated", "Real", "Can't tell", "credentials", "mark",
         "notes", "models", "confident", "likely", "uncertain", "3-0", "2-1"]


def connect(server):
    return Client(server.url, verbose=False, analytics_enabled=False)


@pytest.fixture(scope="module")
def client(server):
    return connect(server)


@pytest.fixture
def good(pictures):
    return {path: answer for path, answer in pictures.items() if "label" in answer}


def same(given, expected):
    """Equal, numbers to 1e-6."""
    if isinstance(expected, dict):
        return given.keys() == expected.keys() and all(same(given[k], expected[k]) for k in given)
    if isinstance(expected, list):
        return len(given) == len(expected) and all(map(same, given, expected))
    if isinstance(expected, float):
        return abs(given - expected) <= 1e-6
    return given == expected


def call(server, endpoint, *data):
    """(event, data) of a call over plain HTTP."""
    request = urllib.request.Request(f"{server.url}/gradio_api/call/{endpoint}",
                                     json.dumps({"data": data}).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        event_id = json.load(answer)["event_id"]
    with urllib.request.urlopen(f"{server.url}/gradio_api/call/{endpoint}/{event_id}") as answer:
        return last_event(answer.read().decode())


def last_event(stream):
    event, data = stream.strip().split("\n\n")[-1].split("\n")
    return event.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def uri(path):
    return "data:application/octet-stream;base64," + base64.b64encode(path.read_bytes()).decode()


def mcp(server, work):
    """What `work(session)` gives in an MCP session; in a thread, away from the browser's loop."""
    async def run():
        async with streamable_http_client(f"{server.url}/gradio_api/mcp/") as (read, write, _):
            async with ClientSession(read, write) as session:
                await session.initialize()
                return await work(session)

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, run()).result()


def test_the_python_client_gives_what_the_command_line_gives(client, good):
    assert len(good) == 8
    assert {path.name for path, answer in good.items() if answer["because"] == "notes"} == {
        "glass.png"}
    for path, expected in good.items():
        assert same(client.predict(image=handle_file(path), api_name="/detect"), expected), path


def test_an_answer_has_the_fields_that_other_programs_know(client, good):
    path = next(path for path in good if path.name == "glass.png")
    answer = client.predict(image=handle_file(path), api_name="/detect")
    assert list(answer) == FIELDS[1:]
    assert (answer["answer"], answer["because"]) == ("AI-generated", "notes")
    note, = answer["evidence"]
    assert list(note) == ["source", "says", "key", "sentence", "fields"]
    assert (note["source"], note["says"], note["key"]) == ("PNG text", "AI-generated", "generator")
    assert note["fields"]["tool"] in note["sentence"]


def test_a_bad_image_is_an_error_with_the_message_of_the_command_line(client, pictures):
    bad = {path: answer for path, answer in pictures.items() if "error" in answer}
    assert {answer["error"] for answer in bad.values()} == {
        "DamagedImage", "TooManyPixels", "UnsupportedFormat", "EmptyFile"}
    for path, answer in bad.items():
        with pytest.raises(AppError) as error:
            client.predict(image=handle_file(path), api_name="/detect")
        assert error.value.message == answer["message"]
        assert error.value.title == answer["error"]
        assert "Traceback" not in str(error.value)


def test_a_batch_keeps_the_order_and_bad_images_are_errors_in_their_place(client, pictures):
    assert [("error" in answer) for answer in pictures.values()] == [True] * 4 + [False] * 8
    mixed = sorted(pictures, key=lambda path: path.name[-5:])  # good and bad in turn
    answers = client.predict(images=[handle_file(path) for path in mixed],
                             api_name="/detect_batch")
    assert same(answers, [pictures[path] for path in mixed])


def test_the_curl_example_gives_what_the_command_line_gives(server, good, tmp_path):
    path = next(path for path in good if path.name == "turned.jpg")
    (tmp_path / "photo.jpg").write_bytes(path.read_bytes())
    script = about.snippets(server.url)["curl"].split("```")[1].removeprefix("bash\n")
    shell = subprocess.run(["bash", "-ec", script], cwd=tmp_path, capture_output=True, text=True)
    event, data = last_event(shell.stdout)
    assert event == "complete" and same(data, [good[path]]), shell


def test_the_python_example_runs(server, good, tmp_path, monkeypatch):
    path = next(path for path in good if path.name == "large.jpg")
    (tmp_path / "photo.jpg").write_bytes(path.read_bytes())
    monkeypatch.chdir(tmp_path)
    script = about.snippets(server.url)["Python"].split("```")[1].removeprefix("python\n")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(script, {})
    answer = good[path]
    assert printed.getvalue().splitlines()[-1] == (
        f"{answer['answer']} {answer['because']} {answer['p_ai']}")


def test_mcp_gives_what_the_command_line_gives(server, pictures):
    before = server.uploads()

    async def work(session):
        tools = (await session.list_tools()).tools
        single = {path: await session.call_tool("detect", {"image": uri(path)})
                  for path in pictures}
        many = await session.call_tool("detect_batch", {"images": list(map(uri, pictures))})
        return tools, single, many

    tools, single, many = mcp(server, work)
    assert {tool.name for tool in tools} == {"detect", "detect_batch"}
    for tool in tools:
        assert "real or AI-generated" in tool.description
        assert tool.name == "detect_batch" or all(word in tool.description for word in WORDS)
        assert all(about["description"] for about in tool.inputSchema["properties"].values())
    for path, expected in pictures.items():
        text = single[path].content[0].text
        if "error" in expected:
            assert single[path].isError and expected["message"] in text
            assert "Traceback" not in text
        else:
            assert same(json.loads(text), expected), path
    assert same(json.loads(many.content[0].text), list(pictures.values()))
    assert server.uploads() == before, "MCP left a copy of an image"


def test_the_address_of_the_mcp_example_is_the_server(server):
    config = json.loads(about.snippets(server.url)["MCP"].split("```")[1].removeprefix("json\n"))
    assert config["mcpServers"]["real-or-ai"]["url"] == f"{server.url}/gradio_api/mcp/"


def test_parallel_requests_give_the_same_answers(server, good):
    """Of three programs; one client alone now and then loses one of several open requests."""
    def judge_all(_):
        client = connect(server)
        return [client.predict(handle_file(path), api_name="/detect") for path in good]

    with ThreadPoolExecutor(3) as programs:
        for answers in programs.map(judge_all, range(3)):
            for answer, (path, expected) in zip(answers, good.items(), strict=True):
                assert same(answer, expected), path


def test_only_the_two_endpoints_are_public(client):
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    assert set(endpoints) == {"/detect", "/detect_batch"}
    assert client.view_api(return_format="dict")["unnamed_endpoints"] == {}


def test_names_and_schemas_of_the_endpoints_are_as_other_programs_know_them(server):
    with urllib.request.urlopen(f"{server.url}/gradio_api/openapi.json") as answer:
        paths = json.load(answer)["paths"]
    assert set(paths) == {f"/gradio_api/{path}" for path in (
        "upload", "call/v2/detect", "call/detect/{event_id}",
        "call/v2/detect_batch", "call/detect_batch/{event_id}")}
    given, descriptions = {}, {}
    for name in ("detect", "detect_batch"):
        post = paths[f"/gradio_api/call/v2/{name}"]["post"]
        given[name] = post["requestBody"]["content"]["application/json"]["schema"]["properties"]
        assert post["operationId"] == name
        descriptions[name] = post["description"]
    assert all(word in descriptions["detect"] for word in WORDS)
    assert "what detect gives, or error and message" in descriptions["detect_batch"]
    assert {name: list(fields) for name, fields in given.items()} == {
        "detect": ["image"], "detect_batch": ["images"]}
    image, images = given["detect"]["image"], given["detect_batch"]["images"]
    assert (image["type"], image["format"]) == ("string", "filepath")
    assert images["type"] == "array"


META = {"_type": "gradio.FileData"}


@pytest.mark.parametrize("file", [
    {"path": str(ROOT / "examples/real/cat.png")},
    {"path": str(ROOT / "examples/real/cat.png"), "meta": META},
    {"path": "/etc/passwd", "url": "data:,", "meta": META},
    {"path": "http://127.0.0.1:{port}/", "meta": META},
    {"path": 7}, "cat.png", "file:///etc/passwd", "http://localhost/", "https://[::1]/",
    "http://169.254.169.254/", "data:;base64,?", None, [],
])
def test_nothing_but_an_uploaded_file_or_a_data_uri_is_read(server, file):
    if isinstance(file, dict) and "{port}" in str(file["path"]):
        file = file | {"path": f"{server.url}/static/img/logo.svg"}
    event, answer = call(server, "detect", file)
    assert event == "error" and "Traceback" not in str(answer)
    event, answer = call(server, "detect_batch", [file])
    assert event == "error" or answer[0][0].keys() == {"error", "message"}
    assert "Traceback" not in str(answer)


def test_mcp_fetches_nothing_from_the_servers_own_network(server):
    async def work(session):
        address = f"{server.url}/gradio_api/info"
        return address, await session.call_tool("detect", {"image": address})

    address, answer = mcp(server, work)
    assert answer.isError
    assert answer.content[0].text == f"The address {address} can’t be fetched."


def test_what_cannot_be_fetched_is_an_error_in_its_place(server, good):
    path, expected = next(iter(good.items()))
    gone = "http://127.0.0.1/gone.png"
    event, [answers] = call(server, "detect_batch", [uri(path), gone, "data:,?", uri(path)])
    assert event == "complete" and same([answers[0], answers[3]], [expected] * 2)
    assert answers[1] == {"error": "NotAFile", "message": f"The address {gone} can’t be fetched."}
    assert answers[2]["error"] == "NotAFile"


def test_too_many_files_at_once_are_refused(server):
    event, answer = call(server, "detect_batch", ["data:,"] * 101)
    assert event == "error" and "At most 100 files" in answer["error"]


def test_an_upload_of_more_than_25_mb_is_refused(server):
    body = (b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
            + bytes(25 * 2**20 + 1) + b"\r\n--x--\r\n")
    request = urllib.request.Request(f"{server.url}/gradio_api/upload", body,
                                     {"Content-Type": "multipart/form-data; boundary=x"})
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(request)
    with error.value as answer:
        assert answer.code == 413


def test_after_verdicts_the_app_has_imported_nothing_of_training(server):
    assert call(server, "detect", uri(ROOT / "examples/real/cat.png"))[0] == "complete"
    modules = server.modules()
    assert {"gradio", "ensemble", "onnxruntime"} <= modules
    assert modules.isdisjoint({"tensorflow", "keras", "torch", "jax", "sklearn", "skimage",
                               "skl2onnx", "joblib", "training"})

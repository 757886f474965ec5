"""A stand-in of the Hub: the endpoints that huggingface_hub calls to upload and download.

It keeps repositories in memory and answers as the Hub does: large files go through LFS and are
served from another origin, a commit is named by its hash, errors carry `X-Error-Code`.
"""

import base64
import hashlib
import json
import os
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from huggingface_hub import close_session, constants

TOKEN, READ_TOKEN = "hf_writes", "hf_reads"
# Marks of the tests that publish.
PUBLISHING = [
    pytest.mark.usefixtures("token"),
    # The client's own upload of a large file uses an older way of its HTTP library.
    pytest.mark.filterwarnings("ignore:Use 'content=<...>' to upload:DeprecationWarning"),
]
# What is there of a tiny pack that was published.
FILES = {"manifest.json", "svm.onnx", "cnn.onnx", "resnet.onnx", "training.digests", "README.md"}
README = re.compile(rb"---\n(.*?)\n---\n", re.DOTALL)


class Hub:
    """Repositories in memory, and what is to go wrong.

    Attributes
    ----------
    url : str
        To be given as `HF_ENDPOINT`.
    repos : dict
        `"models/user/name"` to a list of commits `(hash, {path: content})`, oldest first.
    variables : dict
        Variables of each Space.
    spaces : dict
        SDK and hardware of each Space.
    account : dict
        Whose token it is; a free account, unless `isPro` is set.
    requests : list of str
        Method and path of every request.
    status : int or None
        Answer everything with this status.
    cut : bool
        Send only the first half of each file, and hang up.
    hanging : bool
        Answer no download until `released`, and never if the server closes before.
    asked, released : threading.Event
        A download has come while hanging; it may be answered.
    """

    def __init__(self):
        self.repos, self.large, self.variables, self.requests = {}, {}, {}, []
        self.spaces, self.account = {}, {"type": "user", "name": "user", "isPro": False}
        self.status, self.cut, self.hanging = None, False, False
        self.asked, self.released, self.closed = (threading.Event() for _ in range(3))

    def files(self, repo, revision=None):
        """Path to content in a commit, by default the last."""
        commits = self.repos[repo]
        return dict(commits)[revision] if revision else commits[-1][1]

    def put(self, repo, files):
        """Add a commit that holds these files; returns its hash."""
        commits = self.repos.setdefault(repo, [])
        text = f"{repo} {len(commits)} {sorted((p, oid(c)) for p, c in files.items())}"
        commits.append((hashlib.sha1(text.encode()).hexdigest(), dict(files)))
        return commits[-1][0]

    def put_folder(self, repo, folder):
        """Add a commit that holds the files of a folder; returns its hash."""
        return self.put(repo, {path.relative_to(folder).as_posix(): path.read_bytes()
                               for path in folder.rglob("*") if path.is_file()})


@contextmanager
def serving():
    """Serve a `Hub` on a free port of this machine."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_port}"
    hub.cdn = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        hub.closed.set()
        hub.released.set()
        close_session()  # or its kept connections would outlive the server
        server.shutdown()
        server.server_close()
        thread.join()


def point_client(monkeypatch, url, cache):
    """Have huggingface_hub talk to this address and keep its cache here, in this process.

    It reads `HF_ENDPOINT` and its like once, when it is imported; in a process of its own the
    tests set those instead.
    """
    values = {"ENDPOINT": url, "HF_HUB_CACHE": str(cache), "HF_HUB_DISABLE_XET": True,
              "HUGGINGFACE_CO_URL_TEMPLATE": url + "/{repo_id}/resolve/{revision}/{filename}",
              "HF_TOKEN_PATH": str(cache / "token"), "HF_HUB_OFFLINE": False,
              "HF_HUB_DISABLE_PROGRESS_BARS": True,
              "AGENT_HARNESSES_PATH": str(cache / "harnesses.json")}
    for name, value in values.items():
        monkeypatch.setattr(constants, name, value)
    for name in ("HF_TOKEN", "PACK_REPO", "PACK_REVISION", "PACK_DEADLINE", "PHOTOS_REPO",
                 "PHOTOS_REVISION"):
        monkeypatch.delenv(name, raising=False)


def environment(url, cache, **variables):
    """The same for a process of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "PACK_", "PHOTOS_"))}
    return {**kept, "HF_ENDPOINT": url, "HF_HOME": str(cache), "HF_HUB_DISABLE_XET": "1",
            **variables}


class Handler(BaseHTTPRequestHandler):
    """One request; `routes` names who answers it."""

    protocol_version = "HTTP/1.1"

    def routes(self):
        kind_and_name = r"/api/(?P<repo>(?:models|spaces)/[^/]+/[^/]+)"
        return (
            ("POST", r"/api/repos/create", self.create),
            ("POST", r"/api/validate-yaml", self.validate),
            ("POST", kind_and_name + r"/preupload/main", self.preupload),
            ("POST", kind_and_name + r"/commit/main", self.commit),
            ("POST", kind_and_name + r"/variables", self.variable),
            ("POST", r"/(?P<repo>.+)\.git/info/lfs/objects/batch", self.batch),
            ("PUT", r"/lfs/(?P<oid>\w+)", self.store),
            ("POST", r"/lfs/verify", self.verify),
            ("GET", r"/api/whoami-v2", self.whoami),
            ("GET", r"/api/(?P<repo>spaces/[^/]+/[^/]+)", self.space),
            ("GET", kind_and_name + r"/revision/main", self.info),
            ("GET", kind_and_name + r"/tree/main", self.tree),
            ("GET", r"/cdn/(?P<oid>\w+)", self.cdn),
            ("GET", r"/(?P<repo>.+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)", self.resolve),
        )

    def answer(self):
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append(f"{self.command} {path}")
        if self.hub.status:
            return self.error(self.hub.status)
        method = "GET" if self.command == "HEAD" else self.command
        for route_method, pattern, answer in self.routes():
            match = re.fullmatch(pattern, path)
            if route_method == method and match:
                groups = match.groupdict()
                if method == "POST" and self.refused():
                    return
                if "repo" in groups:
                    if not re.match("(models|spaces)/", groups["repo"]):
                        groups["repo"] = f"models/{groups['repo']}"
                    if groups["repo"] not in self.hub.repos:
                        return self.error(404, "RepoNotFound")
                return answer(**groups)
        self.error(404)

    do_GET = do_HEAD = do_POST = do_PUT = answer

    # Uploading

    def refused(self):
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if token != TOKEN:
            self.error(403 if token == READ_TOKEN else 401)
        return token != TOKEN

    def create(self):
        asked = json.loads(self.body)
        repo = f"{asked.get('type') or 'model'}s/{asked['organization']}/{asked['name']}"
        url = f"{self.hub.url}/{repo.removeprefix('models/')}"
        if repo in self.hub.repos:
            return self.json({"error": "You already created this repo", "url": url}, 409)
        if asked.get("type") == "space":
            space = {"sdk": asked["sdk"], "hardware": asked.get("hardware", "cpu-basic")}
            free = space["sdk"] == "static" or space["hardware"] == "zero-a10g"
            if not (free or self.hub.account["isPro"]):
                return self.error(402)
            self.hub.spaces[repo] = space
        self.hub.put(repo, {".gitattributes": b"*.onnx filter=lfs\n"})
        self.json({"url": url, "sdk": asked.get("sdk")})

    def whoami(self):
        if not self.refused():
            self.json(self.hub.account)

    def space(self, repo):
        space = self.hub.spaces[repo]
        self.json({"id": repo.removeprefix("spaces/"), "sdk": space["sdk"], "runtime": {
            "stage": "RUNNING", "hardware": {"current": space["hardware"]}}})

    def validate(self):
        front_matter = README.match(json.loads(self.body)["content"].encode())
        whole = front_matter and isinstance(yaml.safe_load(front_matter[1]), dict)
        errors = [] if whole else [{"message": "no front matter"}]
        self.json({"errors": errors, "warnings": []}, 400 if errors else 200)

    def preupload(self, repo):
        there = self.hub.files(repo)
        self.json({"files": [
            {"path": f["path"], "shouldIgnore": False, "uploadMode": mode(f),
             "oid": oid(there[f["path"]], mode(f)) if f["path"] in there else None}
            for f in json.loads(self.body)["files"]]})

    def batch(self, repo):
        self.json({"transfer": "basic", "objects": [
            {**large_file, **({} if large_file["oid"] in self.hub.large else {"actions": {
                "upload": {"href": f"{self.hub.url}/lfs/{large_file['oid']}"},
                "verify": {"href": f"{self.hub.url}/lfs/verify"}}})}
            for large_file in json.loads(self.body)["objects"]]})

    def store(self, oid):
        if hashlib.sha256(self.body).hexdigest() != oid:
            return self.error(400)
        self.hub.large[oid] = self.body
        self.json({})

    def verify(self):
        self.json({}, 200 if json.loads(self.body)["oid"] in self.hub.large else 404)

    def commit(self, repo):
        files = dict(self.hub.files(repo))
        for line in self.body.splitlines():
            asked = json.loads(line)
            key, value = asked["key"], asked["value"]
            if key == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif key == "lfsFile":
                if value["oid"] not in self.hub.large:
                    return self.error(400)
                files[value["path"]] = self.hub.large[value["oid"]]
            elif key == "deletedFile":
                del files[value["path"]]
        commit = self.hub.put(repo, files)
        self.json({"commitOid": commit, "commitUrl": f"{self.hub.url}/{repo}/commit/{commit}"})

    def variable(self, repo):
        asked = json.loads(self.body)
        variables = self.hub.variables.setdefault(repo, {})
        variables[asked["key"]] = {"value": asked["value"]}
        self.json(variables)

    # Downloading

    def info(self, repo):
        self.json({"id": repo.split("/", 1)[1], "sha": self.hub.repos[repo][-1][0]})

    def tree(self, repo):
        self.json([{"type": "file", "path": path, "size": len(content), "oid": oid(content)}
                   for path, content in self.hub.files(repo).items()])

    def resolve(self, repo, revision, path):
        if self.hub.hanging:
            self.hub.asked.set()
            self.hub.released.wait()
            if self.hub.closed.is_set():
                self.close_connection = True
                return
        if revision not in dict(self.hub.repos[repo]):
            return self.error(404, "RevisionNotFound")
        files = self.hub.files(repo, revision)
        if path not in files:
            return self.error(404, "EntryNotFound")
        content = files[path]
        headers = {"X-Repo-Commit": revision, "ETag": f'"{oid(content)}"'}
        if b"\0" not in content[:512]:
            return self.send(200, content, headers)
        name = oid(content, "lfs")
        self.hub.large[name] = content
        self.send(302, b"", {**headers, "Location": f"{self.hub.cdn}/cdn/{name}",
                             "X-Linked-Etag": f'"{name}"', "X-Linked-Size": str(len(content))})

    def cdn(self, oid):
        self.send(200, self.hub.large[oid])

    # Answering

    def json(self, value, status=200):
        self.send(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def error(self, status, code=None):
        headers = {"X-Error-Code": code, "X-Error-Message": code} if code else {}
        self.send(status, b"{}", {"Content-Type": "application/json", **headers})

    def send(self, status, content, headers=()):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[:len(content) // 2] if self.hub.cut else content)
            self.close_connection = self.hub.cut

    def log_message(self, *ignored):
        pass


def mode(file):
    """How the Hub wants a file: those that are not text go through LFS."""
    return "lfs" if b"\0" in base64.b64decode(file["sample"]) else "regular"


def oid(content, mode="regular"):
    """The name of a content: as git has it, or for LFS its SHA-256."""
    if mode == "lfs":
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()

"""The app in a process of its own, and clients that ask it as programs do, over plain HTTP."""

import base64
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
START_SECONDS = 300  # on a machine that has much else to do


@dataclass(frozen=True)
class App:
    """The running app.

    Attributes
    ----------
    host : str
        With its port.
    pid : int
    """

    host: str
    pid: int

    def megabytes(self):
        """Resident memory of the app's process, on Linux."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def processor_seconds(self):
        """What the app's process has used of the processor, on Linux."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving():
    """Start `python app.py`, with nothing from the network, and stop it when the block ends.

    Yields
    ------
    App
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, ROOT / "app.py"], cwd=folder, stdout=subprocess.DEVNULL,
            env=os.environ | {"GRADIO_SERVER_PORT": str(port), "GALLERY": "",
                              "GRADIO_TEMP_DIR": f"{folder}/uploads"})
        app = App(f"127.0.0.1:{port}", process.pid)
        try:
            _wait(app, process)
            yield app
        finally:
            process.terminate()
            process.wait()


class Client:
    """One program that asks the app, over one connection.

    Parameters
    ----------
    host : str
        Of the `App`, or of the tests' server.
    """

    def __init__(self, host):
        self.connection = http.client.HTTPConnection(host, timeout=300)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def detect(self, data, upload=False):
        """What `/detect` says of a file.

        Parameters
        ----------
        data : bytes
        upload : bool
            Send the file first, as a browser does; else send it inside the request.

        Returns
        -------
        status : int
            200, or what the app refused the request with: 503 if its queue is full.
        answer : dict
            A verdict, or what is wrong, under `error` or `detail`.
        """
        status, event = self.ask("detect", self.upload(data) if upload else uri(data))
        return (status, event) if status != 200 else (200, self.wait("detect", event))

    def upload(self, data, name="picture"):
        """Send a file; the app's description of it, as requests name it."""
        _, paths = self.send(data, name)
        return {"path": paths[0], "meta": {"_type": "gradio.FileData"}}

    def send(self, data, name):
        """Send a file: (200, its path in a list), or (status, why not)."""
        head = ('--x\r\nContent-Disposition: form-data; name="files"; '
                f'filename="{name}"\r\n\r\n').encode()
        return self.request("POST", "/gradio_api/upload", head + data + b"\r\n--x--\r\n",
                            {"Content-Type": "multipart/form-data; boundary=x"})

    def ask(self, endpoint, argument):
        """Put a question into the app's queue: (200, its number), or (status, why not)."""
        status, answer = self.request(
            "POST", f"/gradio_api/call/{endpoint}", json.dumps({"data": [argument]}),
            {"Content-Type": "application/json"})
        return (status, answer["event_id"]) if status == 200 else (status, answer)

    def wait(self, endpoint, event):
        """The answer to a question: what the endpoint returns, or a dict with `error`."""
        self.connection.request("GET", f"/gradio_api/call/{endpoint}/{event}")
        stream = self.connection.getresponse().read().decode()
        kind, data = stream.strip().split("\n\n")[-1].split("\n")
        answer = json.loads(data.removeprefix("data: "))
        return answer[0] if kind == "event: complete" else answer

    def request(self, method, path, body=None, headers=None):
        """(status, content) of a request; what is no JSON is text."""
        self.connection.request(method, path, body, headers or {})
        answer = self.connection.getresponse()
        content = answer.read().decode()
        with suppress(ValueError):
            content = json.loads(content)
        return answer.status, content


def uri(data):
    """A file as a `data:` URI."""
    return "data:application/octet-stream;base64," + base64.b64encode(data).decode()


def from_clients(host, clients, tasks, work):
    """Have several clients work through tasks, each as fast as it is answered.

    Parameters
    ----------
    host : str
    clients : int
    tasks : sequence
    work : callable
        Takes a `Client` and a task.

    Returns
    -------
    results : list
        In the order of the tasks; an Exception where the work failed.
    seconds : list of float
        That each took.
    """
    results, seconds = [None] * len(tasks), [0.0] * len(tasks)
    left, lock = iter(range(len(tasks))), threading.Lock()

    def run():
        with Client(host) as client:
            while True:
                with lock:
                    at = next(left, None)
                if at is None:
                    break
                start = time.perf_counter()
                try:
                    results[at] = work(client, tasks[at])
                except Exception as error:  # a lost request is a result, too
                    results[at] = error
                    client.connection.close()  # the next request opens it anew
                seconds[at] = time.perf_counter() - start

    threads = [threading.Thread(target=run) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results, seconds


def waiting(host):
    """How many requests wait in the app's queue."""
    with Client(host) as client:
        return client.request("GET", "/gradio_api/queue/status")[1]["queue_size"]


def _wait(app, process):
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            waiting(app.host)
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"The app did not start; its exit status is {process.poll()}.")

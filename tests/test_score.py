"""python -m ensemble score: the same rows in every way, whatever happens meanwhile."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import dask
import pandas
import pyarrow
import pytest
from dask.distributed import LocalCluster
from fsspec.implementations.memory import MemoryFileSystem
from moto.server import ThreadedMotoServer

from ensemble import Ensemble
from ensemble.__main__ import main
from ensemble.score import pool
from ensemble.score.listing import File
from tests.dying import dies, named
from tests.made import png
from tests.servers import ROOT
from tests.tiny import build_tiny_pack, noise

MANY = 1200


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    return build_tiny_pack(tmp_path_factory.mktemp("pack") / "tiny")


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A folder of pictures, some of them in folders of their own."""
    folder = tmp_path_factory.mktemp("many")
    for i, rgb in enumerate(noise(MANY)):
        path = folder / f"{i % 3}" / f"{i:04d}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(png(rgb))
    return folder


@pytest.fixture(scope="module")
def answers(many, pack):
    """What the library says of `many`: file → answer and p_ai."""
    paths = sorted(map(str, many.rglob("*.png")))
    return {path: (verdict.answer, verdict.p_ai)
            for path, verdict in zip(paths, Ensemble.load(pack).judge_many(paths))}


@pytest.fixture
def score(pack, capsys):
    """Runs the command in this process; gives its exit status, and how many files it judged."""
    def run(*arguments, jobs="1", models=pack):
        status = main(["score", *map(str, arguments), "--pack", str(models), "--jobs", jobs])
        run.output = capsys.readouterr()
        return status, int(run.output.err.split(" of them to judge")[0].split()[-1].replace(
            ",", "")) if " of them to judge" in run.output.err else None
    return run


def start(*arguments, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "ensemble", "score", *map(str, arguments)], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        env=os.environ | environment)


def parts(table):
    return {path.name: path.stat().st_mtime_ns for path in table.glob("[!.]*.parquet")}


def wait_for_parts(table, count=1):
    while len(parts(table)) < count:
        time.sleep(0.005)


def rows(table):
    """The table's rows by file, as `--json` gives them; every file is there once."""
    frame = pandas.read_parquet(table, dtype_backend="pyarrow")
    assert frame["file"].is_unique
    return {row["file"]: row for row in map(as_json, pyarrow.Table.from_pandas(frame).to_pylist())}


def as_json(row):
    for note in row["evidence"] or ():
        note["fields"] = json.loads(note["fields"])
    return {key: value for key, value in row.items()
            if value is not None and key not in ("size", "version", "file_bytes")}


def assert_same(table, answers):
    """The table has just these answers."""
    found = rows(table)
    assert found.keys() == answers.keys()
    for name, (answer, p_ai) in answers.items():
        assert found[name]["answer"] == answer
        assert found[name]["p_ai"] == pytest.approx(p_ai, abs=1e-6)


def test_rows_are_what_json_gives(score, pack, many, tmp_path, capsys):
    folder = tmp_path / "mixed"
    folder.mkdir()
    for name in ("a.png", "two\nlines.png", "ü ' \".png"):
        (folder / name).write_bytes((many / "0" / "0000.png").read_bytes())
    (folder / "noted.png").symlink_to(ROOT / "examples" / "gallery.json")
    (folder / "text.jpg").write_text("not an image")
    (folder / "empty.jpg").touch()
    (folder / "broken.png").symlink_to(folder / "nowhere")
    names = sorted(map(str, folder.iterdir()))
    assert main([*names, "--json", "--pack", str(pack)]) == 1
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    table = tmp_path / "verdicts.parquet"
    assert score(folder, "--out", table) == (1, 7)
    assert "4  not judged" in score.output.out
    found = rows(table)
    assert found.keys() == set(names)
    for line in printed:
        assert list(found[line["file"]]) == list(line)
        assert found[line["file"]] == line


def test_names_and_files_of_every_kind(score, many, tmp_path):
    folder = tmp_path / "wild"
    (folder / "inner").mkdir(parents=True)
    picture = (many / "0" / "0000.png").read_bytes()
    raw = os.fsencode(folder) + b"/caf\xe9.png"
    with open(raw, "wb") as file:
        file.write(picture)
    (folder / "inner" / "circle").symlink_to(folder)
    os.mkfifo(folder / "pipe.png")
    (folder / "device.png").symlink_to("/dev/zero")
    table = folder / "verdicts.parquet"  # within what is judged, and not judged itself
    assert score(folder, "--out", table) == (1, 3)
    found = rows(table)
    assert found[f"{folder}/caf\\udce9.png"]["answer"]
    assert pandas.read_parquet(table)["file_bytes"].dropna().tolist() == [raw]
    for name in ("pipe.png", "device.png"):
        assert "neither a file nor a folder" in found[f"{folder}/{name}"]["message"]
    assert score(folder, "--out", table) == (1, 2)  # what could not be read is tried again


def test_stopped_killed_and_gone_on_with(many, answers, pack, tmp_path, score):
    table = tmp_path / "verdicts.parquet"
    command = (many, "--out", table, "--pack", pack, "--jobs", 2)
    run = start(*command)
    wait_for_parts(table)
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does
    said = run.communicate()[1]
    assert run.returncode == 130
    assert "the same command goes on from there" in said
    assert "Traceback" not in said and "Warning" not in said

    stopped = parts(table)
    run = start(*command)
    wait_for_parts(table, len(stopped) + 1)
    run.send_signal(signal.SIGSTOP)
    assert "Another run is writing" in start(*command).communicate()[1]
    run.kill()
    run.communicate()
    (table / ".writing-torn.parquet").write_bytes(b"PAR1 half")
    killed = parts(table)
    assert stopped.items() <= killed.items()
    done = len(rows(table))
    assert 0 < done < MANY
    assert score(many, "--out", table) == (0, MANY - done)
    assert killed.items() <= parts(table).items()
    assert_same(table, answers)
    assert score(many, "--out", table) == (0, 0)
    assert sorted(os.listdir(table)) == sorted([".lock", *parts(table)])


@pytest.fixture(scope="module")
def cluster():
    """Two workers, which give a task up when two of them have died on it."""
    with dask.config.set({"distributed.scheduler.allowed-failures": 1}):
        with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
            yield cluster


def test_on_a_cluster_of_which_a_worker_is_killed(cluster, many, answers, tmp_path, score):
    table = tmp_path / "verdicts.parquet"
    victim = next(iter(cluster.workers.values())).pid
    killer = subprocess.Popen([sys.executable, "-c", f"""if True:
        import glob, os, time
        while len(glob.glob({str(table / "*.parquet")!r})) < 2:
            time.sleep(0.005)
        os.kill({victim}, 9)"""])
    assert score(many, "--out", table, "--dask", cluster.scheduler_address) == (0, MANY)
    assert killer.wait() == 0
    assert_same(table, answers)


@pytest.fixture
def store(monkeypatch):
    """An S3 server with an empty bucket `bucket`; gives its file system."""
    from fsspec.core import url_to_fs

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
                        "AWS_DEFAULT_REGION": "us-east-1", "NO_PROXY": "127.0.0.1",
                        "AWS_ENDPOINT_URL": "http://{}:{}".format(*server.get_host_and_port()),
                        }.items():
        monkeypatch.setenv(name, value)
    files = url_to_fs("s3://bucket", use_listings_cache=False)[0]
    files.mkdir("bucket")
    yield files
    files.clear_instance_cache()
    server.stop()


def test_object_storage(store, many, answers, pack, tmp_path, score):
    names = sorted(answers)[:100]
    addresses = {f"s3://bucket/pictures/{os.path.relpath(name, many)}": answers[name]
                 for name in names}
    for name, address in zip(names, addresses):
        store.pipe_file(address, Path(name).read_bytes())
    table = "s3://bucket/verdicts.parquet"
    run = start("s3://bucket/pictures", "--out", table, "--pack", pack, "--jobs", 2)
    said = run.communicate()
    assert run.returncode == 0, said
    assert_same(table, addresses)

    first, second, *_ = addresses
    store.pipe_file("bucket/pictures/empty.png", b"")
    store.pipe_file("bucket/pictures/new/text.png", b"not an image")
    store.pipe_file(first, store.cat_file(second))  # another ETag
    assert score("s3://bucket/pictures/**/*.png", "--out", table) == (1, 3)
    found = rows(table)
    assert len(found) == 102
    assert found["s3://bucket/pictures/empty.png"]["error"] == "EmptyFile"
    assert found["s3://bucket/pictures/new/text.png"]["error"] == "UnsupportedFormat"
    assert found[first]["p_ai"] == found[second]["p_ai"]

    listing = tmp_path / "list.txt"
    listing.write_text(f"{first}\n{names[0]}\ns3://bucket/nothing.png\ns3://nowhere/a.png\n")
    assert score(listing, "--out", table) == (1, 3)
    found = rows(table)
    assert len(found) == 105 and found[names[0]]["answer"] == answers[names[0]][0]
    for name in ("s3://bucket/nothing.png", "s3://nowhere/a.png"):
        assert found[name]["error"] == "NotAFile"
    assert score("s3://nowhere/*.png", "--out", tmp_path / "no")[0] == 2


def test_addresses_of_other_kinds(many, answers, tmp_path, score):
    names = sorted(answers)[:20]
    memory = MemoryFileSystem()
    for name in names:
        memory.pipe_file("/pictures/" + os.path.basename(name), Path(name).read_bytes())
    assert score("memory://pictures/*.png", "--out", "memory://verdicts.parquet") == (0, 20)
    assert score("memory://pictures", "--out", "memory://verdicts.parquet") == (0, 0)
    assert_same("memory://verdicts.parquet",
                {"memory:///pictures/" + os.path.basename(name): answers[name] for name in names})
    local = tmp_path / "verdicts.parquet"
    assert score(f"file://{many}/0/*.png", "--out", f"file://{local}") == (0, MANY // 3)
    assert score(f"{many}/[0-1]/*.png", "--out", local) == (0, MANY // 3)
    assert_same(local, {name: answer for name, answer in answers.items()
                        if not name.startswith(f"{many}/2/")})
    assert score("nothing://a/b", "--out", local)[0] == 2
    assert "nothing" in score.output.err


def test_lists_changes_and_what_is_tried_again(many, answers, tmp_path, score, monkeypatch):
    a, b, c, d = sorted(answers)[:4]
    copies = [tmp_path / f"{i}.png" for i in range(4)]
    for copy, name in zip(copies, (a, b, c, d)):
        copy.write_bytes(Path(name).read_bytes())
    monkeypatch.chdir(tmp_path)
    table = tmp_path / "verdicts.parquet"
    lines = tmp_path / "lines.txt"
    lines.write_bytes(b"\xef\xbb\xbf0.png\r\n1.png\r\n\r\n1.png\r\nnone.png\r\n" +
                      os.fsencode(tmp_path))
    assert score(lines, "--out", table) == (1, 4)
    found = rows(table)
    assert found.keys() == {"0.png", "1.png", "none.png", str(tmp_path)}
    assert found[str(tmp_path)]["message"] == f"{tmp_path.name} is a folder; give an image file."
    assert "No such file" in found["none.png"]["message"]

    # Another order, ended by NUL; one more file; one that has changed; one that is there now.
    copies[1].write_bytes(copies[3].read_bytes())
    copies[3].rename(tmp_path / "none.png")
    nul = tmp_path / "nul.lst"
    nul.write_bytes(b"2.png\0none.png\x001.png\x000.png\0")
    assert score(nul, "--out", table) == (1, 3)
    found = rows(table)
    assert {name: found[name]["answer"] for name in found if name != str(tmp_path)} == {
        "0.png": answers[a][0], "1.png": answers[d][0], "2.png": answers[c][0],
        "none.png": answers[d][0]}
    assert score("0.png", "1.png", "--out", table) == (1, 0)  # of the folder in the first list
    assert "not judged" in score.output.out


def test_what_is_refused(many, pack, tmp_path, score):
    def refusal(*arguments, **options):
        assert score(*arguments, **options) == (2, None)
        assert score.output.out == "" and "Traceback" not in score.output.err
        return score.output.err

    table, other = tmp_path / "verdicts.parquet", tmp_path / "other"
    assert "no such file or folder" in refusal(tmp_path / "none", "--out", table)
    assert score(many / "0" / "0000.png", "--out", table) == (0, 1)
    build_tiny_pack(other, known=[bytes(8)])
    assert "verdicts of other models (tiny 1.0.0" in refusal(many, "--out", table, models=other)
    assert "manifest.json" in refusal(many, "--out", table, models=tmp_path)
    part = next(table.glob("[!.]*.parquet"))
    assert "is a file" in refusal(many, "--out", part)
    (table / "notes.txt").write_text("mine")
    assert "notes.txt in" in refusal(many, "--out", table)
    assert "can't be written" in refusal(many, "--out", "/proc/verdicts.parquet")
    assert "No Dask scheduler answers" in refusal(many, "--out", tmp_path / "new", "--dask", "x:y")
    for option in (["--jobs", "0"], []):
        with pytest.raises(SystemExit, match="2"):
            main(["score", str(many), *option])


@pytest.mark.parametrize("library", ["pyarrow", "joblib", "distributed"])
def test_a_library_that_is_missing_is_named(library, many, tmp_path):
    ran = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.modules['{library}'] = None; "
         f"from ensemble.__main__ import main; sys.exit(main())", "score", many, "--out",
         tmp_path / "verdicts.parquet", "--dask", "localhost:1"],
        capture_output=True, text=True, cwd=ROOT)
    assert ran.returncode == 2
    assert f"needs {library}, which is not installed: pip install" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("where", ["here", "on a cluster"])
def test_a_file_that_kills_its_process_takes_no_other_along(where, request):
    names = [*map(str, range(30)), "fatal", *map(str, range(31, 60))]
    chunks = [[File(name) for name in names[i:i + 20]] for i in range(0, 60, 20)]
    address = where != "here" and request.getfixturevalue("cluster").scheduler_address or None
    with pool.workers(address):
        tables = list(pool.judged(dies, chunks, 2, lambda file: named([f"{file.name}: died"])))
    found = [name for table in tables for name in table["file"].to_pylist()]
    assert sorted(found) == sorted("fatal: died" if name == "fatal" else name for name in names)


def test_memory_stays_flat(tmp_path, pack):
    """In a process of its own: tracemalloc of Python 3.11 crashes where others' threads run."""
    code = """if True:
        import sys, tracemalloc
        from ensemble.__main__ import main
        tracemalloc.start()
        for count in (1000, 4000, 12000):  # the first time, modules are imported
            with open("names.txt", "w") as names:
                names.writelines(f"{'long/' * 200}{i}.png\\n" for i in range(count))
            tracemalloc.reset_peak()
            assert main(["score", "names.txt", "--out", str(count), *sys.argv[1:]]) == 1
            print(tracemalloc.get_traced_memory()[1], file=sys.stderr)
        """
    ran = subprocess.run([sys.executable, "-c", code, "--jobs", "1", "--pack", pack], cwd=tmp_path,
                         env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    _, few, more = [int(line) for line in ran.stderr.splitlines() if line.isdecimal()]
    assert more < few + 3_000_000  # the names alone have eight million bytes more

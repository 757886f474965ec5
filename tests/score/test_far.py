"""python -m ensemble score: on a cluster and in object storage, with the same rows as here."""

import os
import subprocess
import sys
from pathlib import Path

import dask
import pytest
from dask.distributed import LocalCluster
from fsspec.core import url_to_fs
from fsspec.implementations.memory import MemoryFileSystem
from moto.server import ThreadedMotoServer

from ensemble.score import pool
from ensemble.score.listing import File
from tests.score.dying import dies, named
from tests.score.tables import MANY, assert_same, rows

# Processes start and die here, which takes its time on a machine that has other work.
pytestmark = pytest.mark.timeout(240)


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


def names_after_a_death(sizes, address=None):
    """What is judged of 60 files, so many at a time, of which one kills its process."""
    names = [*map(str, range(30)), "fatal", *map(str, range(31, 60))]
    chunks = [[File(name) for name in names[i:i + sizes]] for i in range(0, 60, sizes)]
    with pool.workers(address):
        tables = list(pool.judged(dies, chunks, 2, lambda file: named([f"{file.name}: died"])))
    found = [name for table in tables for name in table["file"].to_pylist()]
    assert sorted(found) == sorted("fatal: died" if name == "fatal" else name for name in names)


def test_a_file_that_kills_its_process_takes_no_other_along():
    names_after_a_death(20)


def test_a_file_that_kills_its_worker_takes_no_other_along(cluster):
    names_after_a_death(10, cluster.scheduler_address)


@pytest.fixture
def store(monkeypatch):
    """An S3 server with an empty bucket `bucket`; gives its file system."""
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


def test_object_storage(store, many, answers, pack, tmp_path, score, start):
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

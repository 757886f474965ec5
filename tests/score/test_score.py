"""python -m ensemble score: one row a file, whatever it is and whatever happens meanwhile."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas
import pytest

from ensemble.__main__ import main
from tests.score.tables import MANY, assert_same, parts, rows, wait_for_parts
from tests.servers import ROOT
from tests.tiny import build_tiny_pack

# Processes start and die here, which takes its time on a machine that has other work.
pytestmark = pytest.mark.timeout(240)


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


def test_stopped_killed_and_gone_on_with(many, answers, pack, tmp_path, score, start):
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

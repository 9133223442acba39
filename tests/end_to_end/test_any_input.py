"""Every kind of file people have has the outcome that `infra/any_input.md` promises."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from pipelines.ingest import ingest
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from ser.audio.flags import FLAGS
from ser.audio.reasons import REASONS
from ser.paths import escape_path
from ser.prepare import Rejected, Unchanged, prepare
from tests.end_to_end.odd_files import (
    MANIFEST_PATHS,
    WRITERS,
    write_manifest,
    write_odd_files,
    write_recording,
)
from warehouse import queries

REPOSITORY = Path(__file__).parents[2]
TABLE = REPOSITORY / "infra" / "any_input.md"
# The high-water mark of this process alone: `getrusage` counts that of its parent too.
MEASURE = """
import sys, pathlib, ser.prepare
clips = sum(1 for _ in ser.prepare.prepare(pathlib.Path(sys.argv[1])))
status = pathlib.Path("/proc/self/status").read_text()
print(clips, int(status.split("VmHWM:")[1].split()[0]) / 1024)
"""
ROW = re.compile(r"\| (?P<corpus>folder|manifest) \| `(?P<file>.+?)` \| .+ \| (?P<outcome>.+) \|")
IS_ROOT = os.geteuid() == 0


class Outcome(NamedTuple):
    """What becomes of a file: its kind, and the flags or the reason."""

    kind: str
    codes: tuple[str, ...]


def read_table():
    """Return the outcome that the table promises for each file of the two corpora."""
    promised = {"folder": {}, "manifest": {}}
    for row in ROW.finditer(TABLE.read_text(encoding="utf-8")):
        kind, _, codes = row["outcome"].partition(": ")
        names = [name for name in WRITERS if row["file"].endswith("….wav") and "longlong" in name]
        file = names[0] if names else row["file"]
        promised[row["corpus"]][file] = Outcome(kind, tuple(filter(None, codes.split(", "))))
    if IS_ROOT:
        # Nothing is forbidden to root, so this file is as good as any.
        promised["folder"]["forbidden.wav"] = Outcome("clip", ())
    return promised


PROMISED = read_table()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Return the folder of odd files."""
    folder = tmp_path_factory.mktemp("odd") / "corpus"
    folder.mkdir()
    write_odd_files(folder)
    return folder


def run_ingest(home, **given):
    """Ingest into a new warehouse and return the outcome of each path."""
    settings = Settings(home=home, compute={"processes": 1})
    ingest(settings, SilentProgress(), **given)
    with open_store(settings) as store:
        assert store.check() == []
        clips = queries.select_clips(store).to_pylist()
        rejects = queries.select_rejects(store).to_pylist()
    found = {row["path"]: Outcome("reject", (row["reason"],)) for row in rejects}
    for clip in clips:
        kind = "clips" if "long_recording" in clip["flags"] else "clip"
        found[clip["path"]] = Outcome(kind, tuple(clip["flags"]))
    return found


def test_table_names_every_file():
    """Rows and files are the same, forty or more, and every code is one of the lists."""
    assert set(PROMISED["folder"]) == {escape_path(name) for name in WRITERS}
    assert set(PROMISED["manifest"]) == {escape_path(path) for path in MANIFEST_PATHS}
    assert len(PROMISED["folder"]) >= 40
    for outcome in PROMISED["folder"].values():
        known = REASONS if outcome.kind == "reject" else FLAGS
        assert set(outcome.codes) <= set(known)
        assert list(outcome.codes) == sorted(outcome.codes)


def test_every_reason_and_flag_has_a_file():
    """No code is without an example."""
    seen = {code for outcome in PROMISED["folder"].values() for code in outcome.codes}
    assert seen >= set(REASONS) | set(FLAGS)


@pytest.mark.parametrize("name", WRITERS, ids=escape_path)
def test_file_has_its_outcome(name, corpus):
    """The file alone becomes what the table says."""
    found = prepare(corpus / name)
    assert not isinstance(found, Unchanged)
    if isinstance(found, Rejected):
        outcome = Outcome("reject", (found.reason,))
        assert found.detail == escape_path(found.detail)
    else:
        clips = list(found)
        outcome = Outcome("clip" if clips[0].segment is None else "clips", clips[0].flags)
    assert outcome == PROMISED["folder"][escape_path(name)]


def test_whole_folder_is_ingested(corpus, tmp_path):
    """All files together become what the table says, and a second run finds nothing to do."""
    found = run_ingest(tmp_path, corpus="folder", root=corpus, name="odd")
    assert found == PROMISED["folder"]
    settings = Settings(home=tmp_path, compute={"processes": 1})
    again = ingest(settings, SilentProgress(), corpus="folder", root=corpus, name="odd")
    assert (again.added, sum(again.rejected.values())) == (0, 0)


def test_manifest_cannot_lead_out(tmp_path):
    """Rows whose path leaves the folder, by whatever way, are refused; the others are read."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    write_manifest(folder)
    found = run_ingest(tmp_path / "home", corpus="manifest", root=folder, name="odd")
    assert found == PROMISED["manifest"]


def measure_peak(path, seconds, **options):
    """Prepare a recording in a process of its own and return its clips and its peak memory, MB."""
    write_recording(path, seconds, **options)
    command = [sys.executable, "-c", MEASURE, path]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=REPOSITORY, env=environment
    )
    clips, peak = done.stdout.split()
    return int(clips), float(peak)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux alone tells the peak")
@pytest.mark.parametrize(
    ("seconds", "more_mb"),
    [
        pytest.param(600, 20, id="ten minutes"),
        pytest.param(7200, 40, id="two hours", marks=pytest.mark.slow),
    ],
)
def test_memory_stays_flat(seconds, more_mb, tmp_path):
    """A long recording takes little more memory than one of 20 s; in float32 it would be 461 MB.

    Two hours were measured to take 30 MB more, for the levels and their threshold.
    """
    clips, short = measure_peak(tmp_path / "short.wav", 20)
    assert clips == 1
    clips, long = measure_peak(tmp_path / "long.wav", seconds, subtype="ULAW")
    assert clips >= seconds / 20
    assert long < short + more_mb

"""Run whole processes and say what they cost."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.corpora import Corpus

REPOSITORY = Path(__file__).resolve().parents[2]
SERLOOP = ("-c", "from pipelines.cli import main; main()")


@dataclass(frozen=True)
class Cost:
    """What a process took.

    Args:
        clips: Clips it prepared.
        wall_s: From its start to its end, imports included.
        own_s: By its own clock, after its imports.
        peak_mb: Most memory that any one of its processes had.
    """

    clips: int
    wall_s: float
    own_s: float
    peak_mb: float

    @property
    def whole_rate(self) -> float:
        """Return clips per second of the whole process."""
        return self.clips / self.wall_s

    @property
    def own_rate(self) -> float:
        """Return clips per second after its start-up."""
        return self.clips / max(self.own_s, 1e-9)


def run_peer(name: str, *arguments: object, threads: int | None = 1) -> Cost:
    """Run a script of `tests.benchmarks.peers`.

    Args:
        name: The script.
        arguments: What it is given.
        threads: Intra-op threads; None leaves the libraries their own choice.
    """
    told, wall, peak = _run(["-m", f"tests.benchmarks.peers.{name}", *arguments], threads, {})
    return Cost(told["clips"], wall, told["seconds"], peak)


def run_ingest(corpus: Corpus, home: Path, *, processes: int) -> Cost:
    """Run `serloop ingest` on a corpus."""
    command = [*SERLOOP, "ingest", corpus.reader, corpus.root, "--home", home, "--json"]
    if corpus.reader == "folder":
        command += ["--name", "bench"]
    (told,), wall, peak = _run(command, 1, {"SERLOOP_COMPUTE__PROCESSES": str(processes)})
    if told["rejected"]:
        raise RuntimeError(f"{corpus.title}: {told['rejected']} rejects ({told['reasons']})")
    return Cost(told["added"], wall, told["seconds"], peak)


def ingest_afresh(corpus: Corpus, *, processes: int) -> Cost:
    """Run `serloop ingest` into a new warehouse that is thrown away."""
    with tempfile.TemporaryDirectory() as home:
        return run_ingest(corpus, Path(home), processes=processes)


def warm_up(corpus: Corpus) -> None:
    """Read every file once, so that the first to run does not pay for the disk."""
    for path in corpus.files:
        path.read_bytes()


def _run(arguments: Sequence[object], threads: int | None, extra: dict[str, str]):
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SERLOOP_", "PREFECT_")) and name != "OMP_NUM_THREADS"
    }
    limit = {} if threads is None else {"OMP_NUM_THREADS": str(threads)}
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            cwd=REPOSITORY,
            env=inherited | limit | extra,
            stdout=out,
            stderr=errors,
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        if process.returncode:
            raise RuntimeError(f"{arguments} failed: {errors.read()[-2000:]}")
        return json.loads(_last_json(out.read())), wall, usage.ru_maxrss / 1024


def _last_json(text: str) -> str:
    """Return the JSON at the end of what a process printed."""
    start = max(text.rfind("\n[\n"), text.rfind("\n{"))
    return text[start + 1 :]

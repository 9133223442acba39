"""Peak memory of an ingest against the number of files: `python -m tests.benchmarks.memory`.

Short clips are generated, all different, and brought in by `serloop ingest folder` with two
worker processes. The peak is the largest sum, over all processes of the run, of the memory each
has for itself plus its share of what it has in common with others (PSS, from /proc), looked at
once a second. Memory is flat when the last ratio is near one.
"""

import argparse
import os
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

RATE, SECONDS = 8000, 0.4
COUNTS = (1_000, 10_000, 100_000)
FILES_PER_FOLDER = 1000
SECONDS_BETWEEN_LOOKS = 1.0
COMMAND = "from pipelines.cli import main; main()"
REPOSITORY = Path(__file__).parents[2]
TARGET = 1.15


@dataclass(frozen=True)
class Peak:
    """What one ingest needed.

    Args:
        files: Number of files.
        total_mb: Peak of the sum over all processes, PSS.
        main_mb: Peak resident memory of the main process alone.
        seconds: Wall time.
    """

    files: int
    total_mb: float
    main_mb: float
    seconds: float


def write_clips(root: Path, start: int, stop: int) -> None:
    """Write clips number `start` to `stop` as 16-bit WAV: a melody of its own for each.

    Args:
        root: Folder of the corpus.
        start: Number of the first clip; the number alone decides what it sounds like.
        stop: Number after the last.
    """
    samples = int(RATE * SECONDS)
    time_s = np.arange(samples) / RATE
    envelope = np.sin(np.pi * np.clip((time_s - 0.05) / (SECONDS - 0.1), 0, 1))
    for number in range(start, stop):
        chance = np.random.default_rng(number)
        pitch_hz = np.repeat(chance.uniform(90, 300, 8), samples // 8)
        phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE
        harmonics = np.arange(1, 9)[:, None]
        sound = (chance.random((8, 1)) * np.sin(harmonics * phase)).mean(axis=0) * envelope
        pcm = (12000 * sound + chance.normal(0, 3, samples)).astype("<i2").tobytes()
        folder = root / f"{number // FILES_PER_FOLDER:04d}"
        folder.mkdir(parents=True, exist_ok=True)
        head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + len(pcm), b"WAVE", b"fmt ", 16, 1, 1,
                           RATE, 2 * RATE, 2, 16)  # fmt: skip
        (folder / f"{number:07d}.wav").write_bytes(
            head + struct.pack("<4sI", b"data", len(pcm)) + pcm
        )


def ingest(root: Path, home: Path, files: int) -> Peak:
    """Ingest a folder as a user would, and watch every process of the run.

    Args:
        root: Folder of the corpus.
        home: Where the warehouse goes.
        files: Number of files in the folder.
    """
    variables = {
        "PYTHONPATH": str(REPOSITORY),
        "OMP_NUM_THREADS": "1",
        "SERLOOP_HOME": str(home),
        "SERLOOP_COMPUTE__PROCESSES": "2",
    }
    started, peak_kb = time.monotonic(), 0
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "ingest", "folder", root, "--name", "memory", "--json"],
        env=os.environ | variables,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    while True:
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
        peak_kb = max(peak_kb, sum_memory_kb(process.pid))
        time.sleep(SECONDS_BETWEEN_LOOKS)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"the ingest of {files} files ended with {process.returncode}")
    return Peak(files, peak_kb / 1024, usage.ru_maxrss / 1024, time.monotonic() - started)


def sum_memory_kb(group: int) -> int:
    """Return the memory of all processes of a group, PSS, in KiB.

    Args:
        group: Id of the process group.
    """
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                rollup = (folder / "smaps_rollup").read_text().splitlines()
                total += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
        except (OSError, StopIteration):
            # It ended between two looks at it.
            continue
    return total


def measure(counts: tuple[int, ...], folder: Path) -> list[Peak]:
    """Ingest as many clips as each count says, each time into a new warehouse.

    Args:
        counts: Numbers of files, rising; the corpus grows from one to the next.
        folder: Where clips and warehouses go.
    """
    peaks, written = [], 0
    for count in counts:
        write_clips(folder / "clips", written, count)
        written = count
        peaks.append(ingest(folder / "clips", folder / f"home-{count}", count))
        show(peaks[-1])
    return peaks


def show(peak: Peak) -> None:
    """Print one point of the curve."""
    print(  # noqa: T201 - a benchmark's output is its result
        f"{peak.files:>8,} files   peak of all processes {peak.total_mb:7.1f} MB   "
        f"of the main process {peak.main_mb:7.1f} MB   {peak.files / peak.seconds:7.1f} files/s",
        flush=True,
    )


def main() -> int:
    """Print the curve and the ratio of its last two points."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", nargs="*", type=int, default=COUNTS, help="numbers of files")
    parser.add_argument("--keep", type=Path, help="folder for clips and warehouses, kept")
    given = parser.parse_args()
    if not Path("/proc/self/smaps_rollup").exists():
        print("there is no /proc/PID/smaps_rollup to read memory from")  # noqa: T201
        return 1
    with tempfile.TemporaryDirectory() as folder:
        *_, one, other = measure(tuple(given.counts), given.keep or Path(folder))
    ratio = other.total_mb / one.total_mb
    print(  # noqa: T201
        f"ratio {other.files:,} / {one.files:,}: {ratio:.3f} (target at most {TARGET}), "
        f"main process {other.main_mb / one.main_mb:.3f}"
    )
    return 0 if ratio <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())

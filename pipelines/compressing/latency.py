"""How long one clip takes, in forms of models side by side on one core.

A process of its own measures: what a command has loaded, and the threads that came with it,
would slow some forms more than others. The forms take turns with every clip, so that on a shared
machine each meets the same neighbours; ratios hold where absolute times do not.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.errors import PipelineError

WARM_UP = 20
CLIP_S = 3.0
TIMEOUT_S = 900
EAGER = "eager"
BUNDLE = "bundle"


@dataclass(frozen=True)
class Form:
    """Something that judges waveforms.

    Args:
        kind: `eager` for weights that PyTorch runs, or `bundle`.
        path: The file of the weights, or the bundle's folder.
        sha256: Of the file, or of the bundle's description.
        features: Parameters of the features; of `eager` alone.
    """

    kind: str
    path: str
    sha256: str
    features: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Latency:
    """How long a form takes for one clip of 3 s, waveform to posterior, in a batch of one.

    Args:
        p50_ms: Median time by the clock.
        p99_ms: Its 99th percentile.
        cpu_ms: Median time of the processor, which others on the machine lengthen less.
    """

    p50_ms: float
    p99_ms: float
    cpu_ms: float


def measure_latency(forms: Sequence[Form], *, repeats: int = 300) -> list[Latency]:
    """Measure forms in turns, in a process of its own on one core.

    Args:
        forms: What is measured.
        repeats: Clips that each judges, at least 1.

    Returns:
        One latency per form.

    Raises:
        PipelineError: If the process fails, with the last it said.
    """
    task = {"forms": [asdict(form) for form in forms], "repeats": repeats}
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(  # noqa: S603 - this module, with paths of the home
        [sys.executable, "-m", __name__],
        input=json.dumps(task),
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
        env=environment,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or ["nothing"]
        raise PipelineError(
            f"the process that measures latency ended with {done.returncode} and said: {said[0]}"
        )
    return [Latency(**row) for row in json.loads(done.stdout.splitlines()[-1])]


def main() -> None:
    """Read a task from standard input, and print latencies."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    task = json.load(sys.stdin)
    judges = [_open(Form(**form)) for form in task["forms"]]
    print(json.dumps([asdict(of) for of in _take_turns(judges, task["repeats"])]))  # noqa: T201


def _take_turns(judges: Sequence[Callable[[], object]], repeats: int) -> list[Latency]:
    for judge in judges:
        for _ in range(WARM_UP):
            judge()
    clock = np.empty((len(judges), repeats))
    cpu = np.empty_like(clock)
    for turn in range(repeats):
        for position, judge in enumerate(judges):
            before, worked = time.perf_counter(), time.thread_time()
            judge()
            cpu[position, turn] = time.thread_time() - worked
            clock[position, turn] = time.perf_counter() - before
    return [
        Latency(
            p50_ms=float(np.median(times)) * 1000,
            p99_ms=float(np.percentile(times, 99)) * 1000,
            cpu_ms=float(np.median(worked)) * 1000,
        )
        for times, worked in zip(clock, cpu, strict=True)
    ]


def _open(form: Form) -> Callable[[], object]:
    """Return what judges one clip of noise, whose content costs nothing."""
    from ser.threads import use_threads  # noqa: PLC0415 - loads torch

    use_threads(1)
    recogniser = _recogniser(form)
    generator = np.random.default_rng(0)
    samples = round(CLIP_S * recogniser.sample_rate)
    clip = (generator.standard_normal(samples) / 10).astype(np.float32)
    return lambda: recogniser.judge([clip])


def _recogniser(form: Form) -> Any:  # noqa: ANN401 - a Recogniser, which would load torch
    if form.kind == BUNDLE:
        from ser.export.bundle import load_bundle  # noqa: PLC0415
        from ser.export.runtime import open_recogniser  # noqa: PLC0415

        return open_recogniser(load_bundle(Path(form.path)))
    from ser.features.registry import rebuild_features  # noqa: PLC0415
    from ser.inference.recogniser import ModelRecogniser  # noqa: PLC0415
    from ser.training.checkpoint import load_model  # noqa: PLC0415

    trained = load_model(Path(form.path), sha256=form.sha256)
    return ModelRecogniser(trained, rebuild_features(form.features or {}))


if __name__ == "__main__":
    main()

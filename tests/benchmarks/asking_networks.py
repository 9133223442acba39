"""Whether asking by worth pays for a CRNN on log-mel features as it does for a ridge head.

`python -m tests.benchmarks.asking_networks --home HOME` replays `worth` against `random-3` on an
ingested RAVDESS (`serloop ingest ravdess PATH --home HOME`), with a consensus that hears
cross-fitted networks and with votes alone: seeds 0 to 9, of each one group of four test speakers
(group = seed mod 6), networks of 200 updates after 600 and 1,200 votes. Replays are kept in
`--out`, so that it may be stopped; all of it takes some hours. It prints the UAR of each strategy
and the difference between the two with its 95 % interval over seeds.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy.stats import bootstrap

from pipelines.settings import Settings
from pipelines.simulate import plan_scene
from pipelines.simulation.jobs import ReplayJob, Scene, run_replay
from pipelines.simulation.records import FULL, Checkpoint, Conditions

SPEAKERS, BATCH, VOTES, UPDATES = 4, 600, 1200, 200
PAIRS = (("worth", "random-3"), ("worth/votes", "random-3/votes"))


def say(*words: object) -> None:
    """Print at once."""
    print(*words, flush=True)  # noqa: T201 - a benchmark's output is its result


def score(point: Checkpoint) -> float:
    """Return the UAR over all test clips of a checkpoint."""
    classes = len(point.class_votes)
    counts = np.sum(point.confusions, axis=0).reshape(classes, classes)
    heard = counts.sum(axis=1)
    return float((np.diag(counts)[heard > 0] / heard[heard > 0]).mean())


def curves(scene: Scene, strategy: str, seeds: int, out: Path) -> np.ndarray:
    """Replay a strategy with every seed; return UAR, ``(seeds, checkpoints)``."""
    rows = []
    for seed in range(seeds):
        path = out / f"{strategy.replace('/', '+')}-{seed}.json"
        found = run_replay(ReplayJob(scene, strategy, seed, seed % len(scene.folds), path))
        rows.append([score(point) for point in found.checkpoints])
        say(f"{strategy} seed {seed}:", *(f"{value:.3f}" for value in rows[-1]))
    return np.array(rows)


def main(arguments: list[str]) -> None:
    """Replay all, print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("asking-networks"))
    parser.add_argument("--seeds", type=int, default=10)
    given = parser.parse_args(arguments)
    given.out.mkdir(parents=True, exist_ok=True)
    settings = Settings(home=given.home, training={"updates": UPDATES})
    conditions = Conditions(votes=VOTES, batch=BATCH, speakers_per_fold=SPEAKERS)
    scene = plan_scene(settings, "ravdess", conditions)
    say(f"all true labels: {curves(scene, FULL, given.seeds, given.out).mean():.3f}")
    for names in PAIRS:
        asked, control = (curves(scene, name, given.seeds, given.out) for name in names)
        for at in range(asked.shape[1]):
            difference = asked[:, at] - control[:, at]
            interval = bootstrap((difference,), np.mean, rng=0).confidence_interval
            say(
                f"after {BATCH * (at + 1)} votes: {names[0]} {asked[:, at].mean():.3f}, "
                f"{names[1]} {control[:, at].mean():.3f}, difference {difference.mean():+.3f} "
                f"[{interval.low:+.3f}, {interval.high:+.3f}]"
            )


if __name__ == "__main__":
    main(sys.argv[1:])

"""Whether sets of classes hold the right one as often as promised, for speakers never met.

`python -m tests.benchmarks.conformal HOME... [--splits 200] [--coverage .9]` reads, of each home,
every cross-validation there is: what each fold's model said of speakers it never met. Nothing is
trained and nothing is written. It draws four fifths of the speakers to calibrate on, again and
again, and tells of the others, each speaker counted alike:

- coverage: mean over draws, and from the 5th to the 95th percentile of them. Draws share speakers,
  so the interval beside it is of calibrations that leave one speaker out, speakers resampled.
- that of each gender, the mean size of sets, and the share of exactly one class.
- beside them what few calibration speakers do, and the clips counted alike.
- the area under the curve of risk over the share answered, and the accuracy at some shares.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.abstaining.calibration_clips import find_siblings
from pipelines.clipset import INTENDED
from pipelines.judged import read_judgement, select_judged
from pipelines.models import require_model
from pipelines.settings import Settings
from pipelines.workspace import open_store
from ser.metrics.bootstrap import bootstrap_metrics
from ser.metrics.conformal import fit_conformal, leave_speakers_out
from ser.metrics.selective import selective_statistic, set_statistic
from warehouse import Warehouse, queries

WAYS: tuple[dict[str, Any], ...] = (
    {"correction": "none"},
    {"correction": "left_out"},
    {"correction": "hierarchical"},
    {"correction": "left_out", "method": "aps"},
    {"correction": "left_out", "grouped": True},
    {"correction": "left_out", "is_class_conditional": True},
    {"correction": "left_out", "per": "clip"},
)
CALIBRATED = (4, 6, 9, 12, 16)


def say(*words: object) -> None:
    """Print at once."""
    print(*words, flush=True)  # noqa: T201 - a benchmark's output is its result


@dataclass(frozen=True, eq=False)
class Said:
    """What the models of a cross-validation said of speakers they never met."""

    name: str
    posterior: npt.NDArray[np.float64]
    labels: npt.NDArray[np.int64]
    speakers: npt.NDArray[np.str_]
    genders: npt.NDArray[np.str_]

    @property
    def names(self) -> npt.NDArray[np.str_]:
        """The speakers, each once."""
        return np.unique(self.speakers)


def read_validations(store: Warehouse) -> Iterator[Said]:
    """Yield every cross-validation whose folds together tested at least ten speakers."""
    done: set[str] = set()
    for row in queries.select_models(store).to_pylist():
        model = require_model(store, row["model_id"])
        if row["model_id"] in done or row["labels"] != INTENDED:
            continue
        family = [model, *find_siblings(store, model)]
        done |= {of["model_id"] for of in family}
        held_out = {speaker for of in family for speaker in of["config"]["test_speakers"]}
        everyone = held_out | {speaker for of in family for speaker in of["config"]["dev_speakers"]}
        is_whole = len(model["config"]["clips"]) and len(held_out) >= max(10, len(everyone))
        if len(family) < 2 or not is_whole:
            continue
        parts = [
            read_judgement(store, of, select_judged(store, of, truth=INTENDED).decided())
            for of in family
        ]
        config = model["config"]
        yield Said(
            f"{config['corpus']}, {config['features']['kind']}, seed {config['seed']}, "
            f"{len(family)} folds, {model['model_id']}",
            np.concatenate([posterior for _, posterior in parts]),
            np.concatenate([clips.labels for clips, _ in parts]),
            np.array([name for clips, _ in parts for name in clips.speakers]),
            np.array([str(of) for clips, _ in parts for of in clips.facts["gender"].to_pylist()]),
        )


def split(
    said: Said, way: dict[str, Any], *, coverage: float, speakers: int, seed: int
) -> dict[str, float]:
    """Calibrate on some speakers drawn at random, and return what sets are worth for the others."""
    options = {name: value for name, value in way.items() if name != "grouped"}
    chosen = np.random.default_rng(seed).permutation(said.names)[:speakers]
    is_in = np.isin(said.speakers, chosen)
    groups = said.genders if way.get("grouped") else None
    thresholds = fit_conformal(
        said.posterior[is_in],
        said.labels[is_in],
        coverage=coverage,
        speakers=said.speakers[is_in].tolist(),
        groups=None if groups is None else groups[is_in].tolist(),
        **options,
    )
    out = ~is_in
    sets = thresholds.predict_sets(
        said.posterior[out], None if groups is None else groups[out].tolist()
    )
    labels, speaker = said.labels[out], said.speakers[out]
    found = set_statistic(labels, sets, speaker.tolist()).evaluate()
    found["clips"] = set_statistic(labels, sets).evaluate()["coverage"]
    for gender in np.unique(said.genders).tolist():
        at = said.genders[out] == gender
        of = set_statistic(labels[at], sets[at], speaker[at].tolist()) if at.any() else None
        found[gender] = np.nan if of is None else of.evaluate()["coverage"]
    return found


def left_out(said: Said, way: dict[str, Any], coverage: float) -> str:
    """Return the coverage of each speaker left out, with its interval over speakers."""
    options = {name: value for name, value in way.items() if name != "grouped"}
    speakers = said.speakers.tolist()
    sets = leave_speakers_out(
        said.posterior,
        said.labels,
        speakers=speakers,
        groups=said.genders.tolist() if way.get("grouped") else None,
        coverage=coverage,
        **options,
    )
    counted = None if way.get("per") == "clip" else speakers
    found = bootstrap_metrics(set_statistic(said.labels, sets, counted), speakers)["coverage"]
    return f"{found.estimate:.3f} [{found.low:.3f}, {found.high:.3f}]"


def tell(said: Said, *, coverage: float, splits: int) -> None:
    """Print what is found of one cross-validation."""
    accuracy = (said.posterior.argmax(axis=1) == said.labels).mean()
    speakers = len(said.names) * 4 // 5
    say(
        f"\n{said.name}: {len(said.labels)} clips, {len(said.names)} speakers, {accuracy:.3f} right"
    )
    say(f"{coverage:.0%} promised, {speakers} speakers calibrate, {splits} draws")
    for way in WAYS:
        drawn = [
            split(said, way, coverage=coverage, speakers=speakers, seed=seed)
            for seed in range(splits)
        ]
        held = np.array([of["coverage"] for of in drawn])
        low, high = np.quantile(held, [0.05, 0.95])
        mean = {name: np.nanmean([of[name] for of in drawn]) for name in drawn[0]}
        genders = ", ".join(f"{name} {mean[name]:.3f}" for name in np.unique(said.genders))
        told = " ".join(name if value is True else str(value) for name, value in way.items())
        say(
            f"  {told:29s} coverage {held.mean():.3f} (draws {low:.2f} to {high:.2f}; left out "
            f"{left_out(said, way, coverage)}), {genders}, by clip {mean['clips']:.3f}; size "
            f"{mean['set_size']:.2f}, one class {mean['answered']:.2f}, of them right "
            f"{mean['answered_accuracy']:.3f}"
        )
    for count in (count for count in CALIBRATED if count < speakers):
        drawn = [
            [
                split(said, way, coverage=coverage, speakers=count, seed=seed)["coverage"]
                for way in WAYS[:3]
            ]
            for seed in range(splits)
        ]
        means = np.mean(drawn, axis=0)
        told = ", ".join(
            f"{way['correction']} {mean:.3f}" for way, mean in zip(WAYS, means, strict=False)
        )
        say(f"  {count} speakers calibrate: {told}")
    statistic = selective_statistic(said.labels, said.posterior)
    found = bootstrap_metrics(statistic, said.speakers.tolist())
    shown = ("aurc", "excess_aurc", "accuracy@0.25", "accuracy@0.50", "accuracy@0.75")
    say(
        "  selective: "
        + ", ".join(
            f"{name} {found[name].estimate:.3f} [{found[name].low:.3f}, {found[name].high:.3f}]"
            for name in shown
        )
    )


def main() -> None:
    """Tell of every cross-validation of the given homes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("homes", nargs="+", type=Path, help="homes with cross-validations")
    parser.add_argument("--splits", type=int, default=200, help="draws of calibration speakers")
    parser.add_argument("--coverage", type=float, default=0.9, help="share that is promised")
    given = parser.parse_args()
    for home in given.homes:
        with open_store(Settings(home=home)) as store:
            for said in read_validations(store):
                tell(said, coverage=given.coverage, splits=given.splits)


if __name__ == "__main__":
    main()

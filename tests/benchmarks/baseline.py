"""What knowing a speaker brings, on speakers nobody heard: the five folds of RAVDESS.

Run it on the models of the folds of one recipe, as `serloop crossvalidate` leaves them:

    python tests/benchmarks/baseline.py HOME MODEL MODEL MODEL MODEL MODEL

Clips that a baseline is made of are judged by neither arm. Weight or penalty, and whether it is on,
are decided on the training speakers of each fold: by heads solved without each of them where the
model is one, else by the models of the other folds. `always` uses it whatever they say, `rule`
only where the interval of their gain lies above 0.
"""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import typer

from pipelines.baselines.evidence import read_known
from pipelines.models import load_weights, require_model
from pipelines.settings import load_settings
from pipelines.workspace import open_store
from ser.features.ragged import RaggedFeatures
from ser.inference.baseline_gain import (
    PENALTIES,
    WEIGHTS,
    Known,
    Outcome,
    hear_adapted,
    hear_shifted,
    judge_outcomes,
)
from ser.inference.strangers import Stranger, solve_strangers
from ser.metrics.bootstrap import bootstrap_uar_difference
from ser.metrics.classification import unweighted_average_recall
from ser.threads import use_threads

Hear = Callable[[Sequence[Stranger], Known], list[Outcome]]


@dataclass(frozen=True, eq=False)
class Fold:
    """A model, the clips it was trained on and heads that never heard each of their speakers."""

    model_id: str
    stranger: Stranger
    known: Known
    refits: list[Stranger]


def read_folds(home: Path, model_ids: Sequence[str]) -> tuple[list[Fold], Known]:
    """Return the folds, and the clips of all speakers together."""
    settings = load_settings(home=home)
    folds = []
    with open_store(settings) as store:
        for model_id in model_ids:
            model = require_model(store, model_id)
            trained, known = load_weights(settings, model), read_known(store, model)
            refits: list[Stranger] = []
            if trained.training.get("solver") == "ridge":
                refits = solve_strangers(
                    trained, known.features, known.labels, known.speakers.tolist()
                )
            unheard = tuple(model["config"]["test_speakers"])
            folds.append(Fold(model_id, Stranger(trained, unheard), known, refits))
    first, second = folds[0].known, folds[1].known
    lacking = second.take(np.flatnonzero(~np.isin(second.speakers, first.speakers)))
    everyone = Known(
        RaggedFeatures.concatenate([first.features, lacking.features]),
        np.concatenate([first.labels, lacking.labels]),
        np.concatenate([first.speakers, lacking.speakers]),
        first.n_classes,
    )
    return folds, everyone


def judge(name: str, hear: Hear, choices: Sequence[float], folds: list[Fold], all_: Known) -> None:
    """Print what one way of knowing speakers brings, fold by fold and over all folds."""
    heard = hear([fold.stranger for fold in folds], all_)
    parts: list[tuple[np.ndarray, ...]] = []
    for fold in folds:
        own = set(fold.stranger.speakers)
        told = [of for of in heard if of.speaker not in own]
        if fold.refits:
            told = hear(fold.refits, fold.known)
        gain = judge_outcomes(told, choices, n_classes=all_.n_classes)
        at = 1 + list(choices).index(gain.choice)
        for of in (of for of in heard if of.speaker in own):
            rule = of.said[at if gain.is_help else 0]
            names = np.full(len(rule), of.speaker)
            parts.append((of.labels, of.said[0], of.said[at], rule, names))
        decided = {
            "fold": fold.model_id,
            "choice": gain.choice,
            "training_gain": [
                round(100 * end, 1) for end in (gain.uar.estimate, gain.uar.low, gain.uar.high)
            ],
            "is_on": gain.is_help,
        }
        typer.echo(json.dumps({"what": name, **decided}))
    labels, before, always, rule, names = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    for arm, said in (("always", always), ("rule", rule)):
        ends = bootstrap_uar_difference(
            labels, said, before, names.tolist(), n_classes=all_.n_classes
        )
        uars = [unweighted_average_recall(labels, of, all_.n_classes) for of in (before, said)]
        typer.echo(
            f"{name:24} {arm:7} UAR {uars[0]:.3f} -> {uars[1]:.3f}, gain "
            f"{100 * ends.estimate:+.1f} "
            f"[{100 * ends.low:+.1f}, {100 * ends.high:+.1f}] points, {len(set(names))} speakers, "
            f"{len(labels)} judgements",
        )


def main() -> None:
    """Measure every way on the models that are named."""
    use_threads(1)
    folds, everyone = read_folds(Path(sys.argv[1]), sys.argv[2:])
    for k in (1, 2, 3):
        clips = dict.fromkeys(range(everyone.n_classes), k)
        judge(
            f"{k} labelled of each class",
            lambda strangers, known, c=clips: hear_adapted(strangers, known, clips=c),
            PENALTIES,
            folds,
            everyone,
        )
    neutral = folds[0].stranger.trained.classes.index("neutral")
    for k in (1, 2, 4):
        judge(
            f"{k} neutral clips",
            lambda strangers, known, k=k: hear_shifted(strangers, known, neutral=neutral, clips=k),
            WEIGHTS,
            folds,
            everyone,
        )


if __name__ == "__main__":
    main()

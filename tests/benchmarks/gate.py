"""How often the gate promotes what is no better, and whether it finds out what is worse.

`python -m tests.benchmarks.gate --from HOME --home ELSEWHERE --encoder MODEL` needs a home into
which RAVDESS and URDU were ingested and the statistics of an encoder were computed; it works on
copies of its catalog. Every training and decision is that of the verbs: ridge heads on the encoder.

**Cases.** RAVDESS, eight test speakers, six women and two men, 20 clips of each. A champion that
learned from 120 clips meets a model trained on shuffled labels, one trained on the labels of women
and on shuffled ones of men, and one trained on all labels.

**Repetitions.** URDU, eight test speakers: no p is below 1/256, so luck could pass. Trainings on
four fifths of the clips drawn at random, as good as one another but for that luck: each is made
champion, and the next one is brought to the gate.

**Simulation.** RAVDESS, cross-validated with several seeds before (`serloop crossvalidate ravdess
--seeds 0,1,2`). For every pair of seeds there is what both say of all 24 speakers. `swapped`:
speakers are drawn with replacement, and a coin decides for each which model is called the
candidate, so that neither can be better. `worse`: the candidate is the one whose UAR over all 24,
the population, is no higher, and whole speakers are drawn from it. `guessing`: the candidate gives
its answers about a speaker's clips in any order, and there is no champion. A share of promotions
comes with its exact interval (Clopper and Pearson, 1934).
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

from pipelines.clipset import INTENDED
from pipelines.evaluate import evaluate
from pipelines.gate.checks import check_better
from pipelines.gate.evidence import Evidence
from pipelines.gate.gate import gate
from pipelines.model_pairs import join_pairs, match_folds, read_pair
from pipelines.models import require_model
from pipelines.progress import SilentProgress
from pipelines.registry.change import promote
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import open_store
from tests.pipelines.gate.labelled import put_labels, read_clips, shuffle_labels, true_labels
from tests.pipelines.places import borrow
from warehouse import queries

SILENT = SilentProgress()
RAVDESS, URDU = "ravdess", "urdu"
CHAMPION_CLIPS, JUDGED_CLIPS = 120, 20
DRAWN_SHARE = 0.8
# 174 clips; the default fifth is three speakers, with whom nobody can pass.
URDU_TESTED = ("SF6", "SF7", "SM1", "SM2", "SM24", "SM25", "SM3", "SM6")
SPEAKERS_DRAWN = (5, 8, 12, 24)


def learn(settings: Settings, corpus: str, *, labels: str, tested: tuple[str, ...] = ()) -> str:
    """Train a head at once, and evaluate it."""
    model_id = train(settings, SILENT, corpus=corpus, labels=labels, test_speakers=tested).model_id
    evaluate(settings, SILENT, model_id=model_id)
    return model_id


def put_parts(settings: Settings, corpus: str, count: int) -> list[str]:
    """Store the labels of so many draws of clips, and return their names."""
    clips = read_clips(settings, corpus)
    names = [f"part-{number}" for number in range(count)]
    for seed, name in enumerate(names):
        drawn = np.random.default_rng(seed).random(clips.num_rows) < DRAWN_SHARE
        put_labels(settings, corpus, name, true_labels(clips.filter(drawn)))
    return names


def try_cases(settings: Settings) -> None:
    """Bring three models to the gate of which we know what is wrong with them."""
    clips = read_clips(settings, RAVDESS)
    names = np.array(clips["speaker"].to_pylist())
    speakers = np.unique(names).tolist()
    # Of RAVDESS's actors the even ones are women.
    tested = (*speakers[1:12:2], *speakers[12:16:2])
    mixed = np.random.default_rng(0).permutation(clips.num_rows)
    learned = mixed[~np.isin(names[mixed], tested)][:CHAMPION_CLIPS]
    judged = np.concatenate([mixed[names[mixed] == name][:JUDGED_CLIPS] for name in tested])
    for run, labels in {
        "some": true_labels(clips.take(learned)),
        "judged": true_labels(clips.take(judged)),
        "shuffled": shuffle_labels(clips),
        "men-shuffled": shuffle_labels(clips, gender="male"),
    }.items():
        put_labels(settings, RAVDESS, run, labels)
    champion = learn(settings, RAVDESS, labels="some", tested=tested)
    promote(settings, SILENT, model_id=champion, force=True, reason="the first")
    for labels in ("shuffled", "men-shuffled", "intended"):
        candidate = learn(settings, RAVDESS, labels=labels, tested=tested)
        found = gate(settings, SILENT, model_id=candidate, truth="judged")
        failed = [check.check_name for check in found.checks if not check.is_passed]
        say(f"{labels}: {found.state}, failed {failed}: {found.reason}")


def repeat(settings: Settings, repetitions: int) -> None:
    """Bring trainings to the gate that differ from the champion by luck alone."""
    first, *others = put_parts(settings, URDU, repetitions + 1)
    champion = learn(settings, URDU, labels=first, tested=URDU_TESTED)
    better, promoted = 0, 0
    for labels in others:
        promote(settings, SILENT, model_id=champion, force=True, reason="for the next to meet")
        candidate = learn(settings, URDU, labels=labels, tested=URDU_TESTED)
        found = gate(settings, SILENT, model_id=candidate)
        of = {check.check_name: check for check in found.checks}
        better, promoted = better + of["better"].is_passed, promoted + (found.state == "promoted")
        figures = f"difference {of['better'].difference:+.3f}, p = {of['better'].p_value:.3f}"
        say(f"{labels}: {figures}, {found.state}")
        champion = candidate
    say(f"repetitions: {tell(promoted, repetitions)}; `better` alone: {tell(better, repetitions)}")


def simulate(settings: Settings, simulations: int) -> None:
    """Draw speakers again and again from what trainings on five folds said of all of them."""
    models = find_cross_validated(settings)
    pairs = list(read_pairs(settings, models))
    say(f"{len(models)} trainings, {len(pairs)} pairs whose first is no better over all speakers")
    for name, change in (("swapped", swap), ("worse", as_they_are), ("guessing", guess)):
        for size in SPEAKERS_DRAWN:
            generator = np.random.default_rng(size)
            passed = 0
            for _ in range(simulations):
                pair = pairs[generator.integers(len(pairs))]
                # Changed after the draw, or a speaker drawn twice would share one coin.
                drawn = change(generator, draw_speakers(generator, pair, size))
                passed += check_better(drawn, settings.gate).is_passed
            say(f"{name}, {size} speakers: {tell(passed, simulations)}")


def find_cross_validated(settings: Settings) -> list[list[str]]:
    """Return the models of each seed that together were tested on every speaker once."""
    everybody = sorted(set(read_clips(settings, RAVDESS)["speaker"].to_pylist()))
    found: dict[str, list[tuple[str, list[str]]]] = {}
    with open_store(settings) as store:
        for row in queries.select_models(store).to_pylist():
            config = json.loads(row["config"])
            if (config["corpus"], config["labels"], row["round_id"]) == (RAVDESS, INTENDED, None):
                alike = {name: config[name] for name in ("features", "network", "training")}
                key = json.dumps([row["seed"], alike], sort_keys=True)
                found.setdefault(key, []).append((row["model_id"], config["test_speakers"]))
    return [
        [model_id for model_id, _ in folds]
        for folds in found.values()
        if sorted(name for _, tested in folds for name in tested) == everybody
    ]


def read_pairs(settings: Settings, models: Sequence[Sequence[str]]) -> Iterator[Evidence]:
    """Yield, for any two seeds, what both say of everybody, unless the first is the better one."""
    with open_store(settings) as store:
        for first, second in permutations(models, 2):
            folds = match_folds(store, first, second)
            pair = join_pairs([read_pair(store, *of, truth="intended") for of in folds])
            rows = (require_model(store, of[0]) for of in (first, second))
            evidence = Evidence(pair.clips, *rows, pair.first, pair.second)
            if gain(evidence) <= 0:
                yield evidence


def gain(evidence: Evidence) -> float:
    """Return by how much the UAR of the candidate exceeds that of the champion."""
    truth = evidence.clips.labels
    uars = [
        np.mean([(said.argmax(axis=1)[truth == c] == c).mean() for c in np.unique(truth)])
        for said in (evidence.said, evidence.reference)
    ]
    return float(uars[0] - uars[1])


def as_they_are(generator: np.random.Generator, of: Evidence) -> Evidence:  # noqa: ARG001
    """Return a candidate that is no better than its champion over the population."""
    return of


def swap(generator: np.random.Generator, of: Evidence) -> Evidence:
    """Return two models of which a coin, speaker by speaker, says which is the candidate."""
    names, numbers = np.unique(of.clips.speakers, return_inverse=True)
    is_other = generator.integers(2, size=len(names))[numbers][:, None] > 0
    said = np.where(is_other, of.reference, of.said)
    return replace(of, said=said, reference=np.where(is_other, of.said, of.reference))


def guess(generator: np.random.Generator, of: Evidence) -> Evidence:
    """Return a model whose answers about each speaker were shuffled, and no champion."""
    speakers = np.array(of.clips.speakers)
    places = np.arange(len(speakers))
    for name in np.unique(speakers):
        places[speakers == name] = generator.permutation(places[speakers == name])
    return replace(of, said=of.said[places], champion=None, reference=None)


def draw_speakers(generator: np.random.Generator, of: Evidence, size: int) -> Evidence:
    """Return the clips of speakers drawn with replacement, each draw a speaker of its own."""
    speakers = np.array(of.clips.speakers)
    drawn = generator.choice(np.unique(speakers), size)
    parts = [np.flatnonzero(speakers == name) for name in drawn]
    at: npt.NDArray[np.int64] = np.concatenate(parts)
    names = tuple(f"{n}" for n, part in enumerate(parts) for _ in part)
    return replace(
        of,
        clips=replace(of.clips.take(at), speakers=names),
        said=of.said[at],
        reference=None if of.reference is None else of.reference[at],
    )


def say(line: str) -> None:
    """Print a line at once: a run takes long."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def tell(passed: int, of: int) -> str:
    """Return a share with its exact interval."""
    ends = binomtest(passed, of).proportion_ci()
    return f"{passed} of {of} promoted, {passed / of:.3f} [{ends.low:.3f}, {ends.high:.3f}]"


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", default=["cases", "repetitions", "simulation"])
    parser.add_argument("--from", dest="lender", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--encoder", required=True)
    parser.add_argument("--layers", default="1,2,3,4,5")
    parser.add_argument("--repetitions", type=int, default=20)
    parser.add_argument("--simulations", type=int, default=1000)
    args = parser.parse_args()
    features = {"kind": "encoder_statistics", "encoder": args.encoder, "layers": args.layers}

    def place(name: str) -> Settings:
        home = args.home / name
        if (home / "catalog.sqlite").is_file():
            lent = Settings(home=args.lender)
            of = Settings(
                home=home,
                warehouse={"catalog": str(home / "catalog.sqlite"), "data_path": lent.data_path},
            )
        else:
            of = borrow(Settings(home=args.lender), home)
        return Settings(home=home, warehouse=of.warehouse.model_dump(), features=features)

    if "cases" in args.parts:
        try_cases(place("cases"))
    if "repetitions" in args.parts:
        repeat(place("repetitions"), args.repetitions)
    if "simulation" in args.parts:
        simulate(place("simulation"), args.simulations)


if __name__ == "__main__":
    main()

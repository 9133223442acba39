"""A campaign in a warehouse without audio: clips, rounds, votes, models and predictions."""

import json
from pathlib import Path

import numpy as np

from annotation.simulate import SOURCE
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.annotation.estimates.campaigns import run_campaign
from warehouse import Warehouse
from warehouse.testing import make_rows

CLASSES = ["calm", "fear", "joy"]
CLIPS, SPEAKERS, ROUNDS, VOTES = 300, 12, 2, 3
TEST_SPEAKER = "speaker-11"
IDS = [f"demo/{number:04d}" for number in range(CLIPS)]
SPOKEN_BY = [f"speaker-{number % SPEAKERS:02d}" for number in range(CLIPS)]
POOL = np.flatnonzero(np.array(SPOKEN_BY) != TEST_SPEAKER)
_RNG = np.random.default_rng(0)
TRUTH = _RNG.choice(3, CLIPS, p=[0.6, 0.25, 0.15])
# What the model is unsure of is rarely calm.
DOUBT = np.where(TRUTH > 0, 0.4, 0.1) + 0.2 * _RNG.random(CLIPS)
POSTERIOR = np.eye(3)[TRUTH] * (1 - DOUBT[:, None]) + (1 - np.eye(3)[TRUTH]) * DOUBT[:, None] / 2
ARMS = run_campaign(DOUBT[POOL], _RNG, seed=40, active=30, random=20, rounds=ROUNDS)
MODELS = [f"model-{number}" for number in range(ROUNDS + 1)]


def write_campaign(home: Path) -> Settings:
    """Write a campaign of a seed and two rounds, the last model not asked to predict yet."""
    settings = Settings(home=home)
    with open_store(settings) as store:
        corpora = make_rows("corpora", corpus=["demo"], taxonomy=["demo-3"], classes=[CLASSES])
        store.commit({"corpora": corpora, "clips": _clips(IDS, SPOKEN_BY)}, message="demo")
        store.commit({**_rounds(store.snapshot), "votes": _votes()}, message="asked")
        store.commit(_models(), message="learned")
        for model_id in MODELS[:-1]:
            predict(store, model_id)
    return settings


def predict(store: Warehouse, model_id: str) -> None:
    """Let a model predict every clip that may be asked about."""
    rows = {"model_id": [model_id] * len(POOL), "clip_id": [IDS[at] for at in POOL]}
    posterior = list(POSTERIOR[POOL])
    store.commit(
        {"predictions": make_rows("predictions", **rows, posterior=posterior)}, message="scored"
    )


def add_clips(store: Warehouse, count: int, speaker: str | None = "speaker-00") -> None:
    """Ingest more clips of the corpus."""
    ids = [f"demo/new-{number}" for number in range(count)]
    store.commit({"clips": _clips(ids, [speaker] * count)}, message="more")


def _clips(ids: list[str], speakers: list[str | None]):
    known = dict(zip(IDS, TRUTH, strict=True))
    return make_rows(
        "clips",
        clip_id=ids,
        corpus=["demo"] * len(ids),
        speaker=speakers,
        intended=[CLASSES[known.get(clip_id, 0)] for clip_id in ids],
    )


def _rounds(snapshot: int) -> dict[str, object]:
    names = [f"demo-{number:03d}" for number in range(ROUNDS + 1)]
    rounds = {
        "round_id": names,
        "campaign": ["demo"] * len(names),
        "corpus": ["demo"] * len(names),
        "number": list(range(len(names))),
        "test_speakers": [[TEST_SPEAKER]] * len(names),
        "snapshot": [snapshot] * len(names),
    }
    # When an arm asked what does not matter here: all of it but the seed is of the first round,
    # apart from the last pick of each arm.
    picks = [(0, "seed", at) for at in POOL[ARMS.is_seed]]
    for arm, mask in (("active", ARMS.is_active), ("random", ARMS.is_random)):
        at = POOL[mask]
        picks += [(1, arm, clip) for clip in at[:-1]] + [(2, arm, at[-1])]
    asks = {
        "ask_id": [f"{names[number]}/{arm}/{IDS[at]}" for number, arm, at in picks],
        "round_id": [names[number] for number, _, _ in picks],
        "clip_id": [IDS[at] for _, _, at in picks],
        "arm": [arm for _, arm, _ in picks],
    }
    return {"rounds": make_rows("rounds", **rounds), "asks": make_rows("asks", **asks)}


def _votes():
    """Let three people answer: all say the truth, but one of them errs where the model doubts."""
    asked = POOL[ARMS.is_asked]
    said = [
        (at, person, (TRUTH[at] + (person == 0 and DOUBT[at] > 0.4)) % 3)
        for at in asked
        for person in range(VOTES)
    ]
    columns = {
        "vote_id": [f"vote-{at}-{person}" for at, person, _ in said],
        "clip_id": [IDS[at] for at, _, _ in said],
        "annotator": [f"person-{person}" for _, person, _ in said],
        "label": [CLASSES[label] for _, _, label in said],
        "taxonomy": ["demo-3"] * len(said),
        "modality": ["audio"] * len(said),
        "source": [SOURCE] * len(said),
    }
    return make_rows("votes", **columns)


def _models() -> dict[str, object]:
    count = len(MODELS)
    models = {
        "model_id": MODELS,
        "arm": ["seed"] + ["active"] * (count - 1),
        "round_id": [f"demo-{number:03d}" for number in range(count)],
        "config": [json.dumps({"corpus": "demo"})] * count,
        "taxonomy": ["demo-3"] * count,
        "classes": [CLASSES] * count,
        "metrics": [json.dumps({"votes": 1})] * count,
    }
    evaluations = {"evaluation_id": MODELS, "model_id": MODELS, "part": ["test"] * count}
    return {
        "models": make_rows("models", **models),
        "evaluations": make_rows("evaluations", **evaluations),
    }

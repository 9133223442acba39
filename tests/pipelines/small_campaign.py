"""A campaign of 40 clips without audio, of which a few were asked about by each arm."""

import numpy as np
import pyarrow as pa

from annotation.simulate import SOURCE
from annotation.testing import fill_votes
from pipelines.pool import Pool
from warehouse import Warehouse
from warehouse.schemas import TABLES
from warehouse.testing import make_rows

CLASSES = ("anger", "neutral", "sadness")
IDS = [f"demo/{number:02d}" for number in range(40)]
SEED, ACTIVE, RANDOM = range(8), range(8, 12), range(20, 24)
SURE, UNSURE = [0.96, 0.02, 0.02], [0.5, 0.3, 0.2]


def posterior(**others: list[float]) -> np.ndarray:
    """Return what a model says: sure of anger up to clip 29, then unsure, others as given."""
    rows = np.array([SURE if number < 30 else UNSURE for number in range(40)])
    for name, row in others.items():
        rows[int(name.removeprefix("clip"))] = row
    return rows


def clips_table(audio: dict[str, str] | None = None) -> pa.Table:
    """Return the clips: 2 s each, of four speakers; `audio` names what copies share."""
    clips = make_rows(
        "clips",
        clip_id=IDS,
        corpus=["demo"] * 40,
        duration_s=[2.0] * 40,
        speaker=[f"speaker-{number % 4}" for number in range(40)],
        gender=[None] * 40,
    )
    named = [(audio or {}).get(clip_id, clip_id) for clip_id in IDS]
    return clips.append_column("audio", pa.array(named, pa.string()))


def make_pool(rows: np.ndarray, audio: dict[str, str] | None = None) -> Pool:
    """Return a pool that a model has judged."""
    columns = {
        "model_id": ["m"] * 40,
        "clip_id": IDS,
        "posterior": rows.tolist(),
        "embedding": np.random.default_rng(0).normal(size=(40, 3)).tolist(),
        "disagreement": [None] * 40,
    }
    predictions = pa.table(columns, schema=TABLES["predictions"].schema)
    return Pool.of(predictions, clips_table(audio), CLASSES)


def ask(store: Warehouse, wanted: int = 1) -> None:
    """Write the corpus and three arms that want so many votes on each of their clips."""
    picks = [
        (0, "seed", at) for at in SEED
    ] + [(1, "active", at) for at in ACTIVE] + [(1, "random", at) for at in RANDOM]  # fmt: skip
    asks = make_rows(
        "asks",
        ask_id=[f"demo-{number:03d}/{arm}/{IDS[at]}" for number, arm, at in picks],
        round_id=[f"demo-{number:03d}" for number, _, _ in picks],
        clip_id=[IDS[at] for _, _, at in picks],
        arm=[arm for _, arm, _ in picks],
        votes_wanted=[wanted] * len(picks),
    )
    rounds = make_rows(
        "rounds",
        round_id=["demo-000", "demo-001"],
        campaign=["demo"] * 2,
        corpus=["demo"] * 2,
        number=[0, 1],
        test_speakers=[[]] * 2,
        snapshot=[store.snapshot] * 2,
    )
    corpora = make_rows("corpora", corpus=["demo"], taxonomy=["demo-3"], classes=[list(CLASSES)])
    clips = clips_table().drop_columns(["audio"])
    store.commit(
        {"corpora": corpora, "clips": clips, "rounds": rounds, "asks": asks}, message="asked"
    )


def cast(store: Warehouse, *said: tuple[int, str, str], lead_time_s: float | None = None) -> None:
    """Let people vote: clip, who, what."""
    votes = fill_votes(
        {
            "vote_id": [f"{at}-{who}" for at, who, _ in said],
            "clip_id": [IDS[at] for at, _, _ in said],
            "annotator": [who for _, who, _ in said],
            "label": [label for _, _, label in said],
            "taxonomy": ["demo-3"] * len(said),
            "modality": ["audio"] * len(said),
            "source": [SOURCE] * len(said),
            "lead_time_s": [lead_time_s] * len(said),
        }
    )
    store.commit({"votes": votes}, message="votes")


def answer_all(store: Warehouse, label: str = "anger") -> None:
    """Let one person say the same of every clip of every arm."""
    cast(store, *((at, "ann", label) for at in (*SEED, *ACTIVE, *RANDOM)))

"""The active arm ranks the pool by what the model says and what its own people voted."""

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from annotation.confusion import confusion_for
from annotation.sampling import entropy, expected_change
from annotation.testing import fill_votes
from pipelines.acquire import acquire
from pipelines.active_arm import ActiveChoice, pick_active
from pipelines.answer import answer
from pipelines.arm_votes import VOTES_PER_CELL
from pipelines.campaign import read_asks
from pipelines.errors import PipelineError
from pipelines.pool import Pool
from pipelines.progress import SilentProgress
from pipelines.score import score
from pipelines.sections import RoundSettings
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import open_store
from warehouse import Warehouse
from warehouse.schemas import TABLES
from warehouse.testing import make_rows

SILENT = SilentProgress()
CLASSES = ("anger", "neutral", "sadness")
POOL = [f"demo/{number:03d}" for number in range(200)]
JUDGED = 80


def predict_pool() -> pa.Table:
    """Return what a model says of 200 clips; the odd ones lie apart, and their rows are even."""
    rng = np.random.default_rng(0)
    is_odd = np.arange(200) % 2 == 1
    even = rng.dirichlet([200.0] * 3, 200)
    leaning = rng.dirichlet([30.0, 30.0, 1.0], 200)
    embeddings = rng.normal(size=(200, 4)) + np.where(is_odd, 3.0, -3.0)[:, None]
    columns = {
        "model_id": ["m"] * 200,
        "clip_id": POOL,
        "posterior": np.where(is_odd[:, None], even, leaning).tolist(),
        "embedding": embeddings.tolist(),
        "disagreement": [None] * 200,
    }
    return pa.table(columns, schema=TABLES["predictions"].schema)


def cast(clips: list[str], people: int = 6, modality: str = "audio", **columns) -> pa.Table:
    """Return votes of people who agree on even clips and scatter over odd ones."""
    rows = [
        (clip, f"person-{who}", CLASSES[(int(clip[-3:]) % 2) * who % 3])
        for clip in clips
        for who in range(people)
    ]
    names = ("clip_id", "annotator", "label")
    told = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    told["vote_id"] = [f"{modality}-{row}" for row in range(len(rows))]
    shared = {"taxonomy": "demo-3", "modality": modality, **columns}
    return fill_votes(told | {name: [value] * len(rows) for name, value in shared.items()})


@pytest.fixture
def store(tmp_path: Path):
    """Open an empty warehouse."""
    with open_store(Settings(home=tmp_path)) as opened:
        yield opened


def describe_pool() -> pa.Table:
    """Return the facts of 200 clips of 10 speakers, of 2 s each and of one language."""
    clips = make_rows(
        "clips",
        clip_id=POOL,
        duration_s=[2.0] * 200,
        speaker=[f"speaker-{number // 20}" for number in range(200)],
        gender=["female" if number < 100 else None for number in range(200)],
    )
    return clips.append_column("audio", clips["clip_id"])


def choose(store: Warehouse, budget: int = 20, **rounds) -> ActiveChoice:
    """Let the arm choose after it has asked about the first 80 clips."""
    return pick_active(
        store,
        Pool.of(predict_pool(), describe_pool(), CLASSES),
        asked=set(POOL[:JUDGED]),
        rounds=RoundSettings(**rounds),
        budget=budget,
        taxonomy="demo-3",
        classes=CLASSES,
        rng=np.random.default_rng(0),
    )


def pick(store: Warehouse, strategy: str, aggregator: str = "dawid_skene") -> list:
    """Let the arm choose 20 clips by a utility."""
    return list(choose(store, strategy=strategy, aggregator=aggregator).picks)


def odd(picks: list) -> float:
    """Return the share of odd clips."""
    return float(np.mean([int(of.clip_id[-3:]) % 2 for of in picks]))


def test_reducible_leaves_alone_what_people_scatter_over(store: Warehouse) -> None:
    """Entropy asks about nothing else."""
    store.commit({"votes": cast(POOL[:JUDGED])}, message="votes")
    assert odd(pick(store, "entropy")) == 1
    picks = pick(store, "reducible")
    assert odd(picks) == 0
    assert picks[0].reason.startswith("reducible 0.")
    assert {of.clip_id for of in picks}.isdisjoint(POOL[:JUDGED])


@pytest.mark.parametrize(
    "votes",
    [
        cast(POOL[JUDGED:]),
        cast(POOL[:JUDGED], modality="video"),
        cast(POOL[:JUDGED], source="intended"),
        cast(POOL[:JUDGED], taxonomy="other"),
    ],
    ids=["control", "video", "intended", "taxonomy"],
)
def test_reducible_learns_from_its_own_votes_alone(store: Warehouse, votes: pa.Table) -> None:
    """Not from clips the control arm asked about, nor from other questions."""
    store.commit({"votes": votes}, message="votes")
    with pytest.raises(PipelineError, match=r"`reducible`, which learns from votes.*`entropy`"):
        pick(store, "reducible")


def test_one_vote_a_clip_makes_reducible_the_entropy(store: Warehouse) -> None:
    """Nobody can disagree, so the same is expected of every clip."""
    store.commit({"votes": cast(POOL[:JUDGED], people=1)}, message="votes")
    chosen = [[of.clip_id for of in pick(store, name)] for name in ("entropy", "reducible")]
    assert chosen[0] == chosen[1]


@pytest.mark.parametrize(
    ("clips", "aggregator", "own"),
    [(0, "dawid_skene", False), (14, "dawid_skene", False), (15, "dawid_skene", True),
     (80, "majority", False)],
)  # fmt: skip
def test_expected_change_knows_the_campaigns_people_once_they_voted(
    store: Warehouse, clips: int, aggregator: str, own: bool
) -> None:
    """Before that, and where the aggregator models nobody, listeners of CREMA-D stand in."""
    assert 14 * 6 < VOTES_PER_CELL * 9 <= 15 * 6
    if clips:
        store.commit({"votes": cast(POOL[:clips])}, message="votes")
    picks = pick(store, "expected_change", aggregator)
    told = {row["clip_id"]: row["posterior"] for row in predict_pool().to_pylist()}
    average = expected_change([told[of.clip_id] for of in picks], confusion_for(CLASSES))
    assert np.allclose([of.utility for of in picks], average) is not own


def test_reasons_are_those_of_the_chosen(store: Warehouse) -> None:
    """Each names its own value and its own leading classes."""
    told = {row["clip_id"]: row["posterior"] for row in predict_pool().to_pylist()}
    for of in pick(store, "entropy"):
        assert of.utility == pytest.approx(entropy([told[of.clip_id]])[0])
        first, second = np.argsort(told[of.clip_id])[:-3:-1]
        assert (
            of.reason == f"entropy {of.utility:.2f}, between {CLASSES[first]} and {CLASSES[second]}"
        )


@pytest.mark.parametrize("strategy", ["bald", "expected_change", "reducible"])
def test_a_round_asks_by_each_utility(ingested: Settings, strategy: str) -> None:
    """A single network with dropout, people's votes, and the round says by what it was asked."""
    rounds = ingested.rounds.model_copy(update={"strategy": strategy, "dropout_passes": 4})
    settings = ingested.model_copy(update={"rounds": rounds})
    acquire(settings, SILENT, corpus="synthetic")
    answer(settings, SILENT, campaign="synthetic")
    model_id = train(settings, SILENT, corpus="synthetic", recipe="round").model_id
    score(settings, SILENT, model_id=model_id)
    assert acquire(settings, SILENT, corpus="synthetic", model_id=model_id).strategy == strategy
    with open_store(settings) as store:
        active = read_asks(store, "synthetic", number=1).to_pylist()
    utilities = [row["utility"] for row in active if row["arm"] == "active"]
    assert len(utilities) == 5
    assert all(np.isfinite(utilities))
    words = strategy.replace("_", " ")
    assert all(row["reason"].startswith(words) for row in active if row["arm"] == "active")


def test_a_batch_meets_its_quotas(store: Warehouse) -> None:
    """Each speaker who is left, each gender that is known, and each class the model predicts."""
    choice = choose(store, strategy="entropy", at_least="speaker=2,class=5,gender=9")
    chosen = [int(of.clip_id[-3:]) for of in choice.picks]
    assert len(chosen) == 20
    assert set(Counter(number // 20 for number in chosen).values()) >= {2}
    assert min(Counter(number // 20 for number in chosen).values()) >= 2
    assert sum(number < 100 for number in chosen) >= 9
    assert choice.shortfalls == ()
    assert odd(choice.picks) == 1


def test_a_quota_too_large_for_its_batch_is_told_and_stops_nothing(store: Warehouse) -> None:
    """Six speakers are left, and four clips can be of four of them only."""
    choice = choose(store, budget=4, strategy="entropy", at_least="speaker=1")
    assert len({int(of.clip_id[-3:]) // 20 for of in choice.picks}) == 4
    assert len(choice.shortfalls) == 2
    assert choice.shortfalls[0].endswith("got 0 of 1 clips")


def test_nobody_listens_longer_than_they_have_time(store: Warehouse) -> None:
    """5 votes of 1.5 times 2 s and 3 s each take 30 s, and two people have 100 s each."""
    choice = choose(store, strategy="entropy", listening_s=100, annotators=2)
    assert len(choice.picks) == 6

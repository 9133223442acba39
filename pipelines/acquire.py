"""Acquire: decide which clips to ask people about, and why."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotation.sampling import (
    Pick,
    select_round,
)
from pipelines.active_arm import pick_active
from pipelines.campaign import (
    ARMS,
    SEED_ARM,
    clips_of,
    find_round,
    read_asks,
    read_rounds,
    round_name,
)
from pipelines.clipset import (
    corpus_classes,
    corpus_clips,
    default_test_speakers,
    require_speakers,
)
from pipelines.convert import to_table
from pipelines.errors import PipelineError, PoolExhaustedError
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.task_file import write_task_file
from pipelines.workspace import open_store
from warehouse import Warehouse, queries


@dataclass(frozen=True)
class AcquireResult:
    """What one round asks.

    Args:
        round_id: The round.
        number: Its number in the campaign; 0 is the random seed both arms share.
        strategy: Utility that ranked the pool.
        asks: Clips asked about, by arm.
        tasks: Distinct clips among them.
        votes_wanted: Votes wanted in all.
        out: Task file written, if any.
        is_new: False when the round was there already.
    """

    round_id: str
    number: int
    strategy: str
    asks: dict[str, int]
    tasks: int
    votes_wanted: int
    out: str | None
    is_new: bool

    def rows(self) -> Sequence[Row]:
        """Return one row per round."""
        return [
            {
                "round_id": self.round_id,
                "strategy": self.strategy,
                "asks": ", ".join(f"{count} {arm}" for arm, count in sorted(self.asks.items())),
                "tasks": self.tasks,
                "votes_wanted": self.votes_wanted,
                "file": self.out,
                "new": "yes" if self.is_new else "no",
            }
        ]


def acquire(
    settings: Settings,
    progress: Progress,
    *,
    corpus: str,
    campaign: str | None = None,
    model_id: str | None = None,
    number: int | None = None,
    budget: int | None = None,
    test_speakers: tuple[str, ...] = (),
    out: Path | None = None,
) -> AcquireResult:
    """Choose the clips of a campaign's next round; clips of test speakers are never asked about.

    Round 0 is a random seed. Later rounds have an active arm, the clips of highest utility, and a
    random arm drawn from what a campaign without a model could still ask about, so that the two
    learning curves compare like with like.

    Args:
        settings: Budget, share of the random arm, strategy, votes per clip and seed.
        progress: Where progress is shown.
        corpus: Corpus whose clips are the pool.
        campaign: Name of the series of rounds; default: the corpus.
        model_id: Model whose predictions rank the pool; not for round 0.
        number: Number of the round; default: the next one. One that exists is returned as it is.
        budget: Clips to ask about; default: the setting.
        test_speakers: Speakers never asked about; default: a fifth. Fixed by round 0.
        out: Write the tasks for Label Studio here, with the audio beside it.

    Returns:
        What is asked.

    Raises:
        PoolExhaustedError: If every clip has been asked about.
        PipelineError: If a later round is given no model, or one that was not scored.
    """
    name = campaign or corpus
    with open_store(settings) as store:
        rounds = read_rounds(store, name)
        plan = _RoundPlan(
            campaign=name,
            corpus=corpus,
            number=len(rounds) if number is None else number,
            budget=budget or settings.rounds.budget,
            model_id=model_id,
            test_speakers=tuple(rounds[0]["test_speakers"]) if rounds else test_speakers,
        )
        is_new = find_round(store, name, plan.number) is None
        if is_new:
            _record_round(store, settings, plan)
        asks = read_asks(store, name, number=plan.number)
        if out is not None:
            write_task_file(store, progress, asks, out)
    return _summarise(settings, plan, asks, out, is_new=is_new)


@dataclass(frozen=True)
class _RoundPlan:
    campaign: str
    corpus: str
    number: int
    budget: int
    model_id: str | None
    test_speakers: tuple[str, ...]

    @property
    def round_id(self) -> str:
        return round_name(self.campaign, self.number)


def _record_round(store: Warehouse, settings: Settings, plan: _RoundPlan) -> None:
    clips = corpus_clips(store, plan.corpus)
    require_speakers(clips, plan.test_speakers)
    test_speakers = plan.test_speakers or default_test_speakers(clips)
    held_out = pc.is_in(clips["speaker"], pa.array(test_speakers, pa.string()))
    pool = clips.filter(pc.invert(held_out))["clip_id"].to_pylist()
    picks = _pick_seed(settings, plan, pool) if plan.number == 0 else None
    if picks is None:
        audio = dict(zip(clips["clip_id"].to_pylist(), clips["audio"].to_pylist(), strict=True))
        picks = _pick_arms(store, settings, plan, {clip_id: audio[clip_id] for clip_id in pool})
    if not picks:
        raise PoolExhaustedError(
            f"campaign `{plan.campaign}` has asked about every clip of the "
            f"{len(pool)} that are not held out; ingest more, or start another campaign"
        )
    header = {
        "round_id": plan.round_id,
        "campaign": plan.campaign,
        "corpus": plan.corpus,
        "number": plan.number,
        "model_id": plan.model_id,
        "strategy": _strategy(settings, plan),
        "budget": plan.budget,
        "random_share": settings.rounds.random_share,
        "test_speakers": sorted(test_speakers),
        "seed": settings.training.seed,
        "snapshot": store.snapshot,
    }
    asks = [
        {
            "ask_id": f"{plan.round_id}/{arm}/{pick.clip_id}",
            "round_id": plan.round_id,
            "clip_id": pick.clip_id,
            "arm": arm,
            "utility": pick.utility if arm == "active" else None,
            "reason": pick.reason,
            "votes_wanted": settings.rounds.votes_per_clip,
        }
        for arm, pick in picks
    ]
    store.commit(
        {"rounds": to_table("rounds", [header]), "asks": to_table("asks", asks)},
        message=f"acquire {plan.round_id}",
    )


def _pick_seed(settings: Settings, plan: _RoundPlan, pool: Sequence[str]) -> list[tuple[str, Pick]]:
    chosen = select_round(
        pool, np.zeros(len(pool)), budget=plan.budget, random_share=1.0, rng=_rng(settings, plan)
    )
    return [(SEED_ARM, pick) for pick in chosen.picks]


def _pick_arms(
    store: Warehouse, settings: Settings, plan: _RoundPlan, audio: Mapping[str, str]
) -> list[tuple[str, Pick]]:
    """Let each arm choose from what it has not asked about itself; `audio` is the pool's.

    A control arm kept away from the active arm's earlier picks would draw from the easy rest of
    the pool, and would no longer show what random asking gives.
    """
    pool, rng = list(audio), _rng(settings, plan)
    count = int(plan.budget * settings.rounds.random_share + 0.5)
    asked = {arm: set(clips_of(read_asks(store, plan.campaign, arm=arm))) for arm in ARMS}
    predictions = _read_predictions(store, plan, pool, set(pool) - asked["active"])
    taxonomy, classes = corpus_classes(store, plan.corpus)
    active = pick_active(
        store,
        predictions,
        asked=asked["active"],
        audio=audio,
        rounds=settings.rounds,
        budget=plan.budget - count,
        taxonomy=taxonomy,
        classes=classes,
        rng=rng,
    )
    rest = sorted(set(pool) - asked["random"])
    control = select_round(rest, np.zeros(len(rest)), budget=count, random_share=1.0, rng=rng)
    return [(pick.arm, pick) for pick in (*active, *control.picks)]


def _read_predictions(
    store: Warehouse, plan: _RoundPlan, pool: Sequence[str], wanted: set[str]
) -> pa.Table:
    """Return predictions of the pool in the order of clip ids, those of wanted clips for sure."""
    if plan.model_id is None:
        raise PipelineError(
            f"round {plan.number} of campaign `{plan.campaign}` needs a model to rank the pool; "
            "train one (`serloop train`), score the pool with it (`serloop score MODEL`), and "
            "name it with --model"
        )
    predictions = queries.select_predictions(store, plan.model_id)
    predictions = predictions.filter(pc.is_in(predictions["clip_id"], pa.array(pool, pa.string())))
    missing = sorted(wanted - set(predictions["clip_id"].to_pylist()))
    if missing:
        raise PipelineError(
            f"model `{plan.model_id}` has not scored {len(missing)} clips of the pool, such as "
            f"`{missing[0]}`; run `serloop score {plan.model_id}` first"
        )
    return predictions


def _strategy(settings: Settings, plan: _RoundPlan) -> str:
    """Return what is stored with a round: the utility, and how it became a batch."""
    if plan.number == 0:
        return "random"
    rounds = settings.rounds
    return rounds.strategy if rounds.batch == "top" else f"{rounds.strategy}/{rounds.batch}"


def _rng(settings: Settings, plan: _RoundPlan) -> np.random.Generator:
    return np.random.default_rng([settings.training.seed, plan.number])


def _summarise(
    settings: Settings, plan: _RoundPlan, asks: pa.Table, out: Path | None, *, is_new: bool
) -> AcquireResult:
    distinct = clips_of(asks)
    return AcquireResult(
        round_id=plan.round_id,
        number=plan.number,
        strategy=_strategy(settings, plan),
        asks=dict(Counter(asks["arm"].to_pylist())),
        tasks=len(distinct),
        votes_wanted=len(distinct) * settings.rounds.votes_per_clip,
        out=None if out is None else str(out),
        is_new=is_new,
    )

"""Acquire: decide which clips to ask people about, and why."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.active_arm import ActiveChoice
from pipelines.campaign import (
    AUDIT_ARM,
    SEED_ARM,
    clips_of,
    count_missing,
    find_round,
    read_asks,
    read_rounds,
)
from pipelines.clipset import (
    corpus_clips,
    default_test_speakers,
    require_speakers,
)
from pipelines.convert import to_table
from pipelines.errors import PoolExhaustedError
from pipelines.progress import Progress
from pipelines.publishing.withdrawing import find_open, withdrawal_rows, without
from pipelines.round_picks import RoundPlan, pick_arms, pick_seed
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
        votes_wanted: Votes that these clips still lack.
        out: Task file written, if any.
        is_new: False when the round was there already.
        shortfalls: Groups of which the active arm could not ask about as many clips as wanted, in
            words; told when the round is new.
    """

    round_id: str
    number: int
    strategy: str
    asks: dict[str, int]
    tasks: int
    votes_wanted: int
    out: str | None
    is_new: bool
    shortfalls: tuple[str, ...] = ()

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

    Nor is gold. In a campaign that asks in Label Studio, what earlier rounds asked is withdrawn
    where votes are missing, unless `rounds.keep_open` is set.

    Round 0 is a random seed. Later rounds have an active arm, whose votes teach most, and a random
    arm drawn from what a campaign without a model could still ask about, so that the two learning
    curves compare like with like. A few labels of either are audited by one person more.

    Args:
        settings: Budget, shares of the arms, strategy, quotas, votes per clip and seed.
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
        plan = RoundPlan(
            campaign=name,
            corpus=corpus,
            number=len(rounds) if number is None else number,
            budget=budget or settings.rounds.budget,
            model_id=model_id,
            test_speakers=tuple(rounds[0]["test_speakers"]) if rounds else test_speakers,
        )
        is_new = find_round(store, name, plan.number) is None
        shortfalls = _record_round(store, settings, plan) if is_new else ()
        asks = read_asks(store, name, number=plan.number)
        if out is not None:
            write_task_file(store, settings, progress, asks, out)
    found = _summarise(settings, plan, asks, out, is_new=is_new)
    return replace(found, shortfalls=shortfalls)


def _record_round(store: Warehouse, settings: Settings, plan: RoundPlan) -> tuple[str, ...]:
    """Store a new round, and return what the active arm could not have."""
    clips = corpus_clips(store, plan.corpus)
    require_speakers(clips, plan.test_speakers)
    test_speakers = plan.test_speakers or default_test_speakers(clips)
    held_out = pc.is_in(clips["speaker"], pa.array(test_speakers, pa.string()))
    gold = queries.select_gold(store, campaign=plan.campaign)["clip_id"].combine_chunks()
    pool = clips.filter(pc.invert(pc.or_(held_out, pc.is_in(clips["clip_id"], gold))))
    asks = read_asks(store, plan.campaign)
    withdrawn = find_open(store, settings, plan.campaign, asks)
    if plan.number == 0:
        choice = ActiveChoice(pick_seed(settings, plan, pool["clip_id"].to_pylist()))
    else:
        choice = pick_arms(store, settings, plan, pool, without(asks, withdrawn))
    if not any(pick.arm != AUDIT_ARM for pick in choice.picks):
        raise PoolExhaustedError(
            f"campaign `{plan.campaign}` has asked about every clip of the "
            f"{pool.num_rows} that are not held out; ingest more, or start another campaign"
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
    store.commit(
        {
            "rounds": to_table("rounds", [header]),
            "asks": to_table("asks", _ask_rows(settings, plan, choice)),
            "withdrawals": withdrawal_rows(withdrawn, f"{plan.round_id} asks anew"),
        },
        message=f"acquire {plan.round_id}",
    )
    return choice.shortfalls


def _ask_rows(settings: Settings, plan: RoundPlan, choice: ActiveChoice) -> list[dict[str, Any]]:
    return [
        {
            "ask_id": f"{plan.round_id}/{arm}/{pick.clip_id}",
            "round_id": plan.round_id,
            "clip_id": pick.clip_id,
            "arm": arm,
            "utility": pick.utility if arm == "active" else None,
            "reason": pick.reason,
            "votes_wanted": pick.votes or settings.rounds.votes_per_clip,
        }
        for pick in choice.picks
        for arm in (SEED_ARM if plan.number == 0 else pick.arm,)
    ]


def _strategy(settings: Settings, plan: RoundPlan) -> str:
    """Return what is stored with a round: the utility, and how it became a batch."""
    if plan.number == 0:
        return "random"
    rounds = settings.rounds
    return rounds.strategy if rounds.batch == "top" else f"{rounds.strategy}/{rounds.batch}"


def _summarise(
    settings: Settings, plan: RoundPlan, asks: pa.Table, out: Path | None, *, is_new: bool
) -> AcquireResult:
    distinct = clips_of(asks)
    return AcquireResult(
        round_id=plan.round_id,
        number=plan.number,
        strategy=_strategy(settings, plan),
        asks=dict(Counter(asks["arm"].to_pylist())),
        tasks=len(distinct),
        votes_wanted=sum(count_missing(asks).values()),
        out=None if out is None else str(out),
        is_new=is_new,
    )

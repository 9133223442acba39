"""What each arm of a round picks: the seed before there is a model, then the arms side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypedDict

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotation.sampling import Pick, select_round
from pipelines.active_arm import ActiveChoice, pick_active
from pipelines.audit import pick_audits
from pipelines.campaign import ARMS, SEED_ARM, clips_of, round_name
from pipelines.clipset import corpus_classes
from pipelines.errors import PipelineError
from pipelines.pool import Pool
from pipelines.sections import RoundSettings
from pipelines.settings import Settings
from pipelines.worth_arm import pick_by_worth
from warehouse import Warehouse, queries


@dataclass(frozen=True)
class RoundPlan:
    """A round that is to be asked.

    Args:
        campaign: Its campaign.
        corpus: Corpus of the campaign.
        number: Its number in the campaign.
        budget: Clips to ask about.
        model_id: Model whose predictions rank the pool.
        test_speakers: Speakers never asked about; empty for the default fifth.
    """

    campaign: str
    corpus: str
    number: int
    budget: int
    model_id: str | None
    test_speakers: tuple[str, ...]

    @property
    def round_id(self) -> str:
        """Return the id of the round."""
        return round_name(self.campaign, self.number)


def pick_seed(settings: Settings, plan: RoundPlan, pool: Sequence[str]) -> tuple[Pick, ...]:
    """Draw the first round of a campaign, which both arms share.

    Args:
        settings: Seed.
        plan: The round.
        pool: Clips that may be asked about.
    """
    chosen = select_round(
        pool, np.zeros(len(pool)), budget=plan.budget, random_share=1.0, rng=_rng(settings, plan)
    )
    return chosen.picks


def pick_arms(
    store: Warehouse, settings: Settings, plan: RoundPlan, clips: pa.Table, asks: pa.Table
) -> ActiveChoice:
    """Let each arm choose from the pool's clips by what it has asked itself.

    A control arm kept away from the active arm's earlier picks would draw from the easy rest of
    the pool, and would no longer show what random asking gives.

    Args:
        store: The warehouse.
        settings: Shares of the arms, strategy, quotas and seed.
        plan: The round.
        clips: Clips that may be asked about, as `corpus_clips` returns them.
        asks: The campaign's asks that stand, as `read_asks` returns them.

    Raises:
        PipelineError: If there is no model, one that was not scored, or one that does not say
            what the strategy needs.
    """
    clip_ids, rng = clips["clip_id"].to_pylist(), _rng(settings, plan)
    rounds = settings.rounds
    count = _share(plan.budget, rounds.random_share)
    asked = {arm: set(clips_of(_of_arm(asks, arm))) for arm in ARMS}
    rest = sorted(set(clip_ids) - asked["random"])
    # Drawn first, so that it is the same whatever the active arm does.
    control = select_round(rest, np.zeros(len(rest)), budget=count, random_share=1.0, rng=rng)
    taxonomy, classes = corpus_classes(store, plan.corpus)
    predictions = _read_predictions(store, plan, clip_ids, set(clip_ids) - asked["active"])
    pool = Pool.of(predictions, clips, classes)
    audits = pick_audits(
        store,
        campaign=plan.campaign,
        corpus=plan.corpus,
        pool=clip_ids,
        count=min(_share(plan.budget, rounds.audit_share), plan.budget - count),
        # A draw of its own, so that auditing changes nothing of what the arms draw.
        rng=np.random.default_rng([settings.training.seed, plan.number, len(ARMS)]),
    )
    shared: _Shared = {"rounds": rounds, "taxonomy": taxonomy, "classes": classes, "rng": rng}
    budget = plan.budget - count - len(audits)
    if rounds.strategy == "worth":
        choice = pick_by_worth(
            store,
            pool,
            campaign=plan.campaign,
            corpus=plan.corpus,
            asks=asks,
            budget=budget * rounds.votes_per_clip,
            **shared,
        )
    else:
        choice = pick_active(store, pool, asked=asked["active"], budget=budget, **shared)
    return replace(choice, picks=(*choice.picks, *control.picks, *audits))


def _of_arm(asks: pa.Table, arm: str) -> pa.Table:
    """Return the asks of an arm, and of the seed, which belongs to every arm."""
    return asks.filter(pc.is_in(asks["arm"], pa.array([arm, SEED_ARM])))


class _Shared(TypedDict):
    rounds: RoundSettings
    taxonomy: str
    classes: Sequence[str]
    rng: np.random.Generator


def _share(budget: int, share: float) -> int:
    return int(budget * share + 0.5)


def _read_predictions(
    store: Warehouse, plan: RoundPlan, pool: Sequence[str], wanted: set[str]
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


def _rng(settings: Settings, plan: RoundPlan) -> np.random.Generator:
    return np.random.default_rng([settings.training.seed, plan.number])

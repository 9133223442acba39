"""Pool estimates: what a campaign's answers say of its pool, corrected for whom it asked about."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from annotation.aggregation import AGGREGATORS
from annotation.agreement import people_per_class
from annotation.estimates import (
    METHODS,
    Arms,
    PoolEstimate,
    Quantity,
    agreement_with_intended,
    agreement_with_model,
    class_share,
    estimate_pool,
    pair_disagreement,
    tied_votes,
)
from annotation.votes import build_vote_matrix
from pipelines.campaign import SEED_ARM, clips_of, read_asks, read_rounds
from pipelines.choices import AggregatorName
from pipelines.clipset import INTENDED, corpus_classes, corpus_clips
from pipelines.convert import read_posterior
from pipelines.curve import read_curve
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.models import require_model
from pipelines.progress import Progress
from pipelines.report.pool_estimates import PoolSection, list_shares
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse, queries

# Annotators of a campaign hear clips; votes on the face of the speaker are another question.
HEARD = "audio"


@dataclass(frozen=True)
class PoolEstimatesResult:
    """What a campaign's answers say of its pool.

    Args:
        campaign: The campaign.
        corpus: Corpus of its clips.
        round: Last round whose answers count.
        taxonomy: Class list of the labels.
        aggregator: How votes became labels.
        model_id: The active arm's model after that round.
        is_scored: Whether it has predicted the whole pool in these classes.
        pool: Clips that may be asked about, since round 0 and still.
        newer: Clips that came after round 0 and are left out: its draw could not reach them.
        seed: Clips of the pool that round 0 asked about.
        active: Clips that the active arm did.
        random: Clips that the random arm did.
        asked: Distinct clips asked about.
        answered: Those of them with a vote.
        by_speaker: Whether intervals are about other speakers, too.
        level: Coverage of every interval.
        estimates: The estimates.
    """

    campaign: str
    corpus: str
    round: int
    taxonomy: str
    aggregator: str
    model_id: str
    is_scored: bool
    pool: int
    newer: int
    seed: int
    active: int
    random: int
    asked: int
    answered: int
    by_speaker: bool
    level: float
    estimates: tuple[PoolEstimate, ...]

    def rows(self) -> Sequence[Row]:
        """Return one row per number that is estimated, the ways to estimate it side by side."""
        by_key: dict[tuple[str, str], dict[str, PoolEstimate]] = {}
        for one in self.estimates:
            by_key.setdefault((one.quantity, one.label), {})[one.method] = one
        return [
            {"of the pool": f"{quantity} {label}".strip()} | _cells(ways)
            for (quantity, label), ways in by_key.items()
        ]

    def sentence(self) -> str:
        """Say what was asked and answered, whom intervals are about, and what is missing."""
        about = "speakers like these" if self.by_speaker else "this pool"
        told = (
            f"{self.answered} of {self.asked} clips asked about have an answer ({self.seed} seed, "
            f"{self.active} active, {self.random} random), in a pool of {self.pool}; "
            f"{self.level:.0%} intervals are about {about} and leave out the noise of the votes"
        )
        if self.newer:
            told += f"; {self.newer} clips that came after round 0 are left out"
        if not self.is_scored:
            told += (
                f"; `{self.model_id}` has not predicted the whole pool in these classes, so "
                f"nothing is said of it: run `serloop score {self.model_id}`"
            )
        return told

    def section(self) -> PoolSection:
        """Return what a round's page shows of it."""
        return PoolSection(
            pool=self.pool,
            asked=self.asked,
            answered=self.answered,
            shares=list_shares(self.estimates),
            level=self.level,
        )

    def document(self) -> dict[str, Any]:
        """Return everything as values that JSON can write, None for what is undefined."""
        estimates = [
            {name: _defined(value) for name, value in asdict(one).items()} for one in self.estimates
        ]
        return {**asdict(self), "estimates": estimates}


def pool_estimates(
    settings: Settings,
    progress: Progress,
    *,
    campaign: str,
    number: int | None = None,
    method: AggregatorName | None = None,
    by_speaker: bool = False,
    level: float = 0.95,
) -> PoolEstimatesResult:
    """Estimate what the whole pool of a campaign is like, see `annotation.estimates.Arms`.

    Class shares, how often people disagree, and how often their label is the model's and the
    intended one. The pool is what round 0 could ask about and still is there: with it, seed and
    random arm are a uniform sample whatever was ingested later. Labels are concluded from the
    votes on all clips asked about together, so that both arms are judged alike; a clip's label
    then leans a little on the other clips, unless the method is `majority`.

    Args:
        settings: Where the warehouse is, and the default method.
        progress: Where progress is shown.
        campaign: The campaign.
        number: Last round whose answers count; default: the latest that was learned from.
        method: How votes become labels; default: the setting.
        by_speaker: Widen intervals to what other speakers would have given.
        level: Coverage of each interval, within (0, 1).

    Returns:
        The estimates.

    Raises:
        NothingToDoError: If there is no such campaign, the round was not learned from, or no
            clip of the pool has a vote.
        PipelineError: If `by_speaker` is wanted and a speaker is unknown.
        AnnotationError: If `level` is out of range.
    """
    name = method or settings.rounds.aggregator
    with open_store(settings) as store:
        rounds = read_rounds(store, campaign)
        if not rounds:
            raise NothingToDoError(_explain_unknown(store, campaign))
        number, model_id = _find_model(store, campaign, number)
        corpus = rounds[0]["corpus"]
        taxonomy, classes = corpus_classes(store, corpus)
        clips = _pool(store, rounds[0])
        with open_store(settings, snapshot=rounds[0]["snapshot"]) as past:
            known = queries.select_clips(past, corpus=corpus)["clip_id"].combine_chunks()
        pool = clips.filter(pc.is_in(clips["clip_id"], known))
        asks = read_asks(store, campaign, up_to=number)
        arms = _arms(pool, asks)
        posterior, counts = _conclude(
            store, pool, clips_of(asks), taxonomy=taxonomy, classes=classes, method=name
        )
        predictions = _read_predictions(store, model_id, pool, taxonomy, classes)
    with progress.track("estimate the pool", len(arms), "clips") as advance:
        estimates = estimate_pool(
            _quantities(pool, posterior, counts, predictions, classes),
            arms,
            level=level,
            clusters=_speakers(pool) if by_speaker else None,
        )
        advance(len(arms))
    return PoolEstimatesResult(
        campaign=campaign,
        corpus=corpus,
        round=number,
        taxonomy=taxonomy,
        aggregator=name,
        model_id=model_id,
        is_scored=predictions is not None,
        pool=len(arms),
        newer=clips.num_rows - len(arms),
        seed=int(arms.is_seed.sum()),
        active=int(arms.is_active.sum()),
        random=int(arms.is_random.sum()),
        asked=int(arms.is_asked.sum()),
        answered=int((~np.isnan(posterior[:, 0])).sum()),
        by_speaker=by_speaker,
        level=level,
        estimates=estimates,
    )


def _find_model(store: Warehouse, campaign: str, number: int | None) -> tuple[int, str]:
    """Return a round that was learned from, and the model of the active arm after it."""
    models = {
        point.round: point.model_id
        for point in read_curve(store, campaign)
        if point.arm == "active"
    }
    wanted = max(models, default=0) if number is None else number
    if wanted not in models:
        raise NothingToDoError(
            f"round {wanted} of campaign `{campaign}` has no model yet; `serloop round` learns "
            "from its answers first"
        )
    return wanted, models[wanted]


def _pool(store: Warehouse, first: Mapping[str, Any]) -> pa.Table:
    """Return the clips that may be asked about, as `pipelines.acquire` takes them."""
    clips = corpus_clips(store, first["corpus"])
    held_out = pc.is_in(clips["speaker"], pa.array(first["test_speakers"], pa.string()))
    return clips.filter(pc.invert(held_out))


def _arms(pool: pa.Table, asks: pa.Table) -> Arms:
    def asked_by(arm: str) -> npt.NDArray[np.bool_]:
        chosen = asks.filter(pc.equal(asks["arm"], arm))["clip_id"].combine_chunks()
        return np.asarray(pc.is_in(pool["clip_id"], chosen), np.bool_)

    is_seed = asked_by(SEED_ARM)
    # What the seed asked stays the seed's, though the active arm may want more votes on it.
    return Arms.checked(
        seed=is_seed, active=asked_by("active") & ~is_seed, random=asked_by("random")
    )


def _conclude(
    store: Warehouse,
    pool: pa.Table,
    asked: Sequence[str],
    *,
    taxonomy: str,
    classes: Sequence[str],
    method: str,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return posterior and people per class of each clip of the pool, NaN and 0 without votes."""
    votes = queries.select_effective_votes(store, taxonomy=taxonomy, modality=HEARD, clip_ids=asked)
    # What the corpus's design asked for is nobody's opinion, even where it was counted as a vote.
    kept = pc.and_(
        pc.and_(pc.is_valid(votes["label"]), pc.not_equal(votes["source"], INTENDED)),
        pc.is_in(votes["clip_id"], pool["clip_id"].combine_chunks()),
    )
    matrix = build_vote_matrix(votes.filter(kept), classes)
    if not matrix.clips:
        raise NothingToDoError(
            f"none of the {len(asked)} clips asked about has a vote in `{taxonomy}`; collect "
            "answers with `serloop collect`"
        )
    consensus = AGGREGATORS[method]().aggregate(matrix)
    posterior = np.full((pool.num_rows, len(classes)), np.nan)
    counts = np.zeros(posterior.shape)
    clip_ids = pool["clip_id"].combine_chunks()
    posterior[pc.index_in(pa.array(consensus.items), clip_ids).to_numpy()] = consensus.posterior
    counts[pc.index_in(pa.array(matrix.clips), clip_ids).to_numpy()] = people_per_class(matrix)
    return posterior, counts


def _read_predictions(
    store: Warehouse, model_id: str, pool: pa.Table, taxonomy: str, classes: Sequence[str]
) -> npt.NDArray[np.float64] | None:
    """Return what a model says of the pool, (N, C); None where it does not say it of every clip."""
    model = require_model(store, model_id)
    if (model["taxonomy"], tuple(model["classes"])) != (taxonomy, tuple(classes)):
        return None
    table = queries.select_predictions(store, model_id)
    place = pc.index_in(pool["clip_id"], table["clip_id"].combine_chunks())
    if place.null_count:
        return None
    return read_posterior(table["posterior"].take(place))


def _quantities(
    pool: pa.Table,
    posterior: npt.NDArray[np.float64],
    counts: npt.NDArray[np.float64],
    predictions: npt.NDArray[np.float64] | None,
    classes: Sequence[str],
) -> list[Quantity]:
    quantities = [
        class_share(posterior, classes, predictions),
        pair_disagreement(counts, predictions),
        tied_votes(counts, predictions),
    ]
    if predictions is not None:
        quantities.append(agreement_with_model(posterior, predictions))
    intended = pc.index_in(pool["intended"], pa.array(classes, pa.string()))
    if not intended.null_count:
        quantities.append(agreement_with_intended(posterior, intended.to_numpy(), predictions))
    return quantities


def _speakers(pool: pa.Table) -> list[str]:
    unknown = pool["speaker"].null_count
    if unknown:
        raise PipelineError(
            f"{unknown} of the {pool.num_rows} clips of the pool have no speaker, so that "
            "intervals cannot be about speakers; leave out --by-speaker"
        )
    names: list[str] = pool["speaker"].to_pylist()
    return names


def _explain_unknown(store: Warehouse, campaign: str) -> str:
    names = sorted(set(queries.select_rounds(store)["campaign"].to_pylist()))
    listed = ", ".join(f"`{name}`" for name in names) or "none"
    return (
        f"no campaign `{campaign}` (there: {listed}); `serloop round CORPUS` starts one, named as "
        "its corpus"
    )


def _cells(ways: Mapping[str, PoolEstimate]) -> dict[str, str | float | None]:
    cells: dict[str, str | float | None] = {}
    for method in METHODS:
        one = ways.get(method)
        is_told = one is not None and not math.isnan(one.value)
        cells[method] = one.value if one and is_told else None
        cells[f"{method}_interval"] = (
            f"[{one.low:.3f}, {one.high:.3f}]" if one and is_told else None
        )
    return cells


def _defined(value: str | float) -> str | float | None:
    return None if isinstance(value, float) and math.isnan(value) else value

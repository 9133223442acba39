"""How each annotator of a campaign fares, from the ledger alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from annotation.aggregation import AGGREGATORS
from annotation.annotators.gold import score_gold
from annotation.annotators.judgements import Judgements, build_judgements
from annotation.annotators.lead_times import measure_lead_times
from annotation.annotators.skill import Skills, measure_skill
from annotation.columns import FloatArray, IntArray, as_int64
from annotation.label_studio.parse import SOURCE
from annotation.votes import build_vote_matrix
from pipelines.campaign import count_missing, read_asks
from pipelines.campaign_runs import HEARD
from pipelines.clipset import INTENDED
from pipelines.opinions import classes_of
from pipelines.people.day import Day
from warehouse import Warehouse, queries

REST_S: Final = 600.0
"""Seconds without an answer that count as a rest."""

_FEWEST_MET: Final = 3.0
_FEWEST_CONFUSED: Final = 2.0
_LEAST_CONFUSED: Final = 0.25
_CONFUSIONS_SHOWN: Final = 3
_NAN: Final = float("nan")


@dataclass(frozen=True, slots=True)
class Confusion:
    """One emotion taken for another.

    Attributes:
        heard: What the others heard.
        said: What the annotator said.
        share: How often, of the clips in which the others heard it.
    """

    heard: str
    said: str
    share: float


@dataclass(frozen=True, slots=True)
class Record:
    """One annotator in one campaign.

    Attributes:
        annotator: Who, as in the ledger.
        votes: Answers that stand; a skip is none.
        votes_today: Those of the day.
        last_vote: When the last one was given; None without any.
        days: Days with an answer.
        streak: Days in a row with an answer, up to today or yesterday.
        open_clips: Clips of the campaign that lack an answer.
        open_to_them: Those among them that this annotator has not answered.
        judged: Answers that can be compared with those of others.
        agreement: Expected share of them that the others' consensus holds right; NaN without any.
        low: Lower end of its 95 % interval.
        high: Upper end.
        typical: What an average annotator reaches on the same clips.
        gold_votes: Answers to clips whose class is known.
        gold_right: Right ones among them.
        lead_s: Median time for an answer in seconds; NaN without any.
        clip_s: Median length of the clips answered in seconds.
        sitting_min: Minutes of labelling without a rest, up to now; 0 when not labelling.
        confusions: The most frequent ones.
    """

    annotator: str
    votes: int = 0
    votes_today: int = 0
    last_vote: datetime | None = None
    days: int = 0
    streak: int = 0
    open_clips: int = 0
    open_to_them: int = 0
    judged: int = 0
    agreement: float = _NAN
    low: float = _NAN
    high: float = _NAN
    typical: float = _NAN
    gold_votes: int = 0
    gold_right: int = 0
    lead_s: float = _NAN
    clip_s: float = _NAN
    sitting_min: float = 0.0
    confusions: tuple[Confusion, ...] = ()


@dataclass(frozen=True, slots=True)
class Records:
    """The annotators of a campaign.

    Attributes:
        campaign: The campaign.
        open_clips: Clips that lack an answer.
        by_annotator: Everybody who answered.
    """

    campaign: str
    open_clips: int
    by_annotator: Mapping[str, Record]

    def of(self, annotator: str) -> Record:
        """Return somebody's record; empty for one who has not answered yet."""
        fresh = Record(annotator, open_clips=self.open_clips, open_to_them=self.open_clips)
        return self.by_annotator.get(annotator, fresh)


def read_records(
    store: Warehouse,
    campaign: str,
    day: Day,
    *,
    method: str,
    judged_before: datetime | None = None,
) -> Records:
    """Return how everybody fares who answered in a campaign's Label Studio projects.

    A vote is judged by the consensus of all others on the clip, made afresh of the votes there are,
    so that nobody is their own witness and no vote waits for the next aggregation.

    Args:
        store: The warehouse.
        campaign: The campaign.
        day: Today.
        method: A key of `annotation.aggregation.AGGREGATORS`, which makes the consensus.
        judged_before: Agreement, gold and confusions are of the answers before this moment only.

    Raises:
        NothingToDoError: If the taxonomy of the project is unknown.
    """
    projects = queries.select_projects(store, campaign=campaign)
    missing = {
        clip for clip, lacking in count_missing(read_asks(store, campaign)).items() if lacking
    }
    nobody = Records(campaign, len(missing), {})
    if not projects.num_rows:
        return nobody
    project = projects.slice(projects.num_rows - 1).to_pylist()[0]
    votes = queries.select_effective_votes(
        store, corpus=project["corpus"], taxonomy=project["taxonomy"], modality=HEARD
    )
    own = _select_answers(store, votes, projects["project"].to_pylist())
    if not own.num_rows:
        return nobody
    clips = pc.unique(own["clip_id"])
    people = votes.filter(
        pc.and_(pc.is_in(votes["clip_id"], clips), pc.not_equal(votes["source"], INTENDED))
    )
    answers = _Answers.of(own, _clip_lengths(store, project["corpus"], own))
    records = _count(answers, day, missing)
    judgements = _judge(people, classes_of(store, project["taxonomy"]), method)
    if judgements is not None:
        gold = queries.select_gold(store, campaign=campaign)
        known = dict(zip(*(gold[name].to_pylist() for name in ("clip_id", "label")), strict=True))
        records = _score(records, judgements, known, judged_before)
    return Records(campaign, len(missing), records)


def _select_answers(store: Warehouse, votes: pa.Table, projects: Sequence[str]) -> pa.Table:
    """Return the rows that were answers of named annotators in the projects, without skips."""
    project = pc.list_element(pc.split_pattern(votes["source_ref"], "/", max_splits=1), 0)
    is_own = pc.and_(
        pc.equal(votes["source"], SOURCE),
        pc.and_(
            pc.is_in(project, pa.array(projects, pa.string())), pc.is_valid(votes["annotator"])
        ),
    )
    own = votes.filter(is_own)
    remarks = queries.select_remarks(store, source=SOURCE)
    skipped = remarks.filter(pc.equal(remarks["abstention"], "skipped"))
    keys = ["source_ref", "cast_at"]
    kept = own.select(["clip_id", "annotator", "lead_time_s", *keys])
    kept = kept.filter(pc.is_valid(kept["cast_at"]))
    joined = kept.join(skipped.select(keys), keys, join_type="left anti")
    return joined.sort_by([("annotator", "ascending"), ("cast_at", "ascending")])


def _clip_lengths(store: Warehouse, corpus: str, own: pa.Table) -> FloatArray:
    """Return the seconds of speech in the clip of each answer, (V,); NaN where it is unknown."""
    clips = queries.select_clips(store, corpus=corpus)
    at = pc.index_in(own["clip_id"], value_set=clips["clip_id"].combine_chunks())
    lengths = pc.subtract(clips["speech_end_s"], clips["speech_start_s"])
    found = pc.take(lengths.cast(pa.float64()), at)
    return np.asarray(found.to_numpy(zero_copy_only=False), np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class _Answers:
    """V answers, sorted by annotator and time."""

    annotators: tuple[str, ...]
    who: IntArray
    clip: tuple[str, ...]
    cast_s: FloatArray
    lead_s: FloatArray
    clip_s: FloatArray

    @classmethod
    def of(cls, own: pa.Table, clip_s: FloatArray) -> _Answers:
        names = pc.unique(own["annotator"])
        micros = own["cast_at"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
        return cls(
            annotators=tuple(names.to_pylist()),
            who=as_int64(pc.index_in(own["annotator"], value_set=names)),
            clip=tuple(own["clip_id"].to_pylist()),
            cast_s=np.asarray(micros.to_numpy(), np.float64) / 1e6,
            lead_s=np.asarray(own["lead_time_s"].to_numpy(), np.float64),
            clip_s=clip_s,
        )

    def count(self, weights: FloatArray | None = None) -> IntArray:
        """Count or sum over each annotator, (A,)."""
        return np.bincount(self.who, weights, len(self.annotators)).astype(np.int64)

    def blocks(
        self, starts: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    ) -> tuple[IntArray, ...]:
        """Return first and last row of each annotator's last block, (A,) each."""
        begin = np.flatnonzero(starts | (np.diff(self.who, prepend=-1) != 0))
        last = np.cumsum(self.count()) - 1
        return begin[np.searchsorted(begin, last, side="right") - 1], last


def _count(answers: _Answers, day: Day, missing: set[str]) -> dict[str, Record]:
    days = day.numbers(answers.cast_s)
    today = day.start.toordinal()
    is_new_day = np.diff(days, prepend=days[:1] - 1) != 0
    is_new_day |= np.diff(answers.who, prepend=-1) != 0
    first, last = answers.blocks(np.diff(days, prepend=days[:1] - 2) > 1)
    streak = np.where(days[last] >= today - 1, days[last] - days[first] + 1, 0)
    begun, _ = answers.blocks(np.diff(answers.cast_s, prepend=0.0) > REST_S)
    now_s = day.now.timestamp()
    sitting = now_s - answers.cast_s[begun] + np.nan_to_num(answers.lead_s[begun])
    sitting = np.where(now_s - answers.cast_s[last] <= REST_S, sitting, 0.0)
    votes = answers.count()
    today_votes = answers.count((days == today).astype(np.float64))
    met = answers.count(is_new_day.astype(np.float64))
    splits = np.split(np.arange(len(answers.who)), np.cumsum(votes)[:-1])
    records = {}
    for index, (name, rows) in enumerate(zip(answers.annotators, splits, strict=True)):
        heard = {answers.clip[row] for row in rows}
        records[name] = Record(
            annotator=name,
            votes=int(votes[index]),
            votes_today=int(today_votes[index]),
            last_vote=datetime.fromtimestamp(answers.cast_s[rows[-1]], day.zone),
            days=int(met[index]),
            streak=int(streak[index]),
            open_clips=len(missing),
            open_to_them=len(missing - heard),
            clip_s=_median(answers.clip_s[rows]),
            sitting_min=float(sitting[index]) / 60,
        )
    return records


def _median(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else _NAN


def _judge(votes: pa.Table, classes: Sequence[str], method: str) -> Judgements | None:
    labelled = votes.filter(pc.is_valid(votes["label"]))
    if not labelled.num_rows:
        return None
    consensus = AGGREGATORS[method]().aggregate(build_vote_matrix(labelled, classes))
    return build_judgements(labelled, consensus)


def _score(
    records: Mapping[str, Record],
    judgements: Judgements,
    gold: Mapping[str, str],
    before: datetime | None,
) -> dict[str, Record]:
    times = measure_lead_times(judgements)
    if before is not None:
        judgements = _only(judgements, judgements.cast_at_s < before.timestamp())
    skills = measure_skill(judgements)
    scores = score_gold(judgements, {clip: gold[clip] for clip in judgements.clips if clip in gold})
    scored = dict(records)
    for index, name in enumerate(judgements.annotators):
        if name in records:
            scored[name] = replace(
                records[name],
                judged=int(skills.judged[index]),
                agreement=float(skills.skill[index]),
                low=float(skills.low[index]),
                high=float(skills.high[index]),
                typical=float(skills.typical[index]),
                gold_votes=int(scores.votes[index]),
                gold_right=int(scores.right[index]),
                lead_s=float(times.median_s[index]),
                confusions=_confusions(skills, index, judgements.classes),
            )
    return scored


def _only(
    judgements: Judgements, kept: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
) -> Judgements:
    return replace(
        judgements,
        annotator_index=judgements.annotator_index[kept],
        clip_index=judgements.clip_index[kept],
        label_index=judgements.label_index[kept],
        lead_time_s=judgements.lead_time_s[kept],
        cast_at_s=judgements.cast_at_s[kept],
        reference=judgements.reference[kept],
    )


def _confusions(skills: Skills, index: int, classes: Sequence[str]) -> tuple[Confusion, ...]:
    """Return what an annotator most often takes for something else; chance confuses once."""
    counts = skills.counts[index]
    met = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, met, out=np.zeros_like(counts), where=met >= _FEWEST_MET)
    is_told = (share >= _LEAST_CONFUSED) & (counts >= _FEWEST_CONFUSED)
    np.fill_diagonal(is_told, val=False)
    pairs = sorted(zip(*np.nonzero(is_told), strict=True), key=lambda pair: -counts[pair])
    return tuple(
        Confusion(classes[heard], classes[said], float(share[heard, said]))
        for heard, said in pairs[:_CONFUSIONS_SHOWN]
    )

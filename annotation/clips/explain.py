"""Why a clip has the label it has: every vote, who cast it, what each aggregator makes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from annotation.aggregation.result import Consensus
from annotation.clips.explanation import (
    AnswerLine,
    ClipExplanation,
    PathStep,
    ReliabilityLine,
    VoteLine,
)
from annotation.clips.history import order_events, read_rows, states_of, voter_of
from annotation.clips.replay import VOTE_SHARES, replay
from annotation.columns import FloatArray
from annotation.errors import VoteError

_FLOOR: Final = 1e-300


def explain_clip(
    clip_id: str, ledger: pa.Table, consensuses: Mapping[str, Consensus]
) -> ClipExplanation:
    """Gather what the ledger and the aggregators say of one clip.

    The path replays the clip's rows in time: a vote comes in, a correction or retraction takes
    one away. Rows without a time come first, since nobody can say when they were cast. Each
    aggregator with confusion matrices weighs the votes by what it knows of the annotators *now*,
    starting from its mean posterior: Dawid-Skene's own rule, so its last step is its answer. A
    relative with another rule ends elsewhere, by its `path_gap`. The others' paths
    would need their whole past, so the vote shares stand for them. An annotator no longer among
    an aggregator's weighs as an average one.

    Args:
        clip_id: The clip.
        ledger: Rows in the shape of `VOTE_SCHEMA`, at least all of this clip, superseded ones and
            retractions too; of one taxonomy and modality.
        consensuses: Results by name of aggregator, all in the same classes; those without this
            clip are left out.

    Returns:
        The explanation; its tables render it.

    Raises:
        VoteError: The clip has no rows, its rows are of several modalities or taxonomies, a label
            is none of the classes, or the consensuses differ in their classes or are none.

    Example:
        >>> from annotation.aggregation import DawidSkene
        >>> from annotation.testing import make_votes
        >>> votes = make_votes(["calm", "joy"], clips=40, annotators=5, seed=1)
        >>> fitted = {"dawid_skene": DawidSkene().aggregate(votes.matrix())}
        >>> found = explain_clip(votes.clips[0], votes.table, fitted)
        >>> len(found.votes), found.answers[0].label == votes.truth[0], len(found.path)
        (5, True, 12)
    """
    classes = _shared_classes(consensuses)
    rows = read_rows(clip_id, ledger, classes)
    events = order_events(rows)
    lines = states_of([event.row for event in events])
    modality = rows[0]["modality"]
    known = {name: found for name, found in consensuses.items() if clip_id in found.items}
    path = replay(VOTE_SHARES, classes, events, None)
    for name, found in known.items():
        if found.confusion is not None:
            path += replay(name, classes, events, found)
    standing = [line for line in lines if line.state == "stands"]
    reliability = [
        line
        for name, found in known.items()
        for line in _rely(name, found, standing, clip_id=clip_id, modality=modality)
    ]
    return ClipExplanation(
        clip_id=clip_id,
        modality=modality,
        classes=classes,
        votes=tuple(lines),
        reliability=tuple(reliability),
        answers=tuple(_answer(name, found, clip_id, path) for name, found in known.items()),
        path=tuple(path),
    )


def _shared_classes(consensuses: Mapping[str, Consensus]) -> tuple[str, ...]:
    found = {consensus.classes for consensus in consensuses.values()}
    if len(found) != 1:
        msg = f"`consensuses` must share one list of classes, but have {sorted(found)}"
        raise VoteError(msg)
    return found.pop()


def _answer(name: str, found: Consensus, clip_id: str, path: Sequence[PathStep]) -> AnswerLine:
    at = found.items.index(clip_id)
    last = [step.posterior for step in path if step.aggregator == name][-1:]
    gap = np.abs(np.array(last[0]) - found.posterior[at]).max() if last else np.nan
    return AnswerLine(
        aggregator=name,
        label=None if found.is_tie[at] else found.classes[found.labels[at]],
        is_tie=bool(found.is_tie[at]),
        posterior=tuple(found.posterior[at].tolist()),
        entropy=float(found.entropy[at]),
        votes=int(found.votes[at]),
        converged=found.converged,
        path_gap=float(gap),
    )


def _rely(
    name: str, found: Consensus, standing: Sequence[VoteLine], *, clip_id: str, modality: str
) -> list[ReliabilityLine]:
    posterior = found.posterior[found.items.index(clip_id)]
    leading = np.argsort(-posterior, kind="stable")[:2]
    votes: dict[str, list[VoteLine]] = {}
    for line in standing:
        votes.setdefault(voter_of(line.annotator, line.source, modality), []).append(line)
    lines = []
    for voter in sorted(votes.keys() & set(found.annotators)):
        who = found.annotators.index(voter)
        evidence = np.nan
        if found.confusion is not None and len(leading) > 1:
            evidence = _weigh(found.confusion[who][leading], votes[voter], found.classes)
        count, skill = int(found.annotator_votes[who]), float(found.skill[who])
        lines.append(ReliabilityLine(name, voter, count, skill, evidence))
    return lines


def _weigh(chance: FloatArray, votes: Sequence[VoteLine], classes: tuple[str, ...]) -> float:
    """Return the log odds of the first row over the second, (2, C), that these votes give."""
    first, second = np.log(np.maximum(chance, _FLOOR))
    labels = [(line.count, classes.index(line.label)) for line in votes if line.label]
    return float(sum(count * (first[label] - second[label]) for count, label in labels))

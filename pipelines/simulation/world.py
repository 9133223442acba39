"""The world that strategies are replayed in: clips, who is held out, and what people would say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from annotation.simulate import SimulatedAnnotators
from annotation.votes import VoteMatrix
from pipelines.errors import NothingToDoError

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class World:
    """Everything a campaign could learn, which it pays for vote by vote.

    Args:
        clip_ids: The N clips of the pool, ascending.
        classes: C names.
        truth: Class of each, the intended emotion, ``(N,)``.
        speakers: Who speaks in each.
        duration_s: Length of each, ``(N,)``.
        annotators: Names of the A simulated annotators.
        who: The annotator of each clip's first, second, … vote, ``(N, V)``.
        label: What they say, ``(N, V)``.
        lead_s: How long it takes them, ``(N, V)``.
        test_ids: The T clips of the test speakers, ascending.
        test_truth: Their classes, ``(T,)``.
        test_speakers: The test speakers, S names.
        test_speaker: Which of them speaks, ``(T,)``.
    """

    clip_ids: tuple[str, ...]
    classes: tuple[str, ...]
    truth: IntArray
    speakers: tuple[str, ...]
    duration_s: FloatArray
    annotators: tuple[str, ...]
    who: IntArray
    label: IntArray
    lead_s: FloatArray
    test_ids: tuple[str, ...]
    test_truth: IntArray
    test_speakers: tuple[str, ...]
    test_speaker: IntArray

    def votes(self, count: IntArray) -> VoteMatrix:
        """Return the first `count` votes of each clip, ``(N,)``; clips without are left out."""
        clip = np.repeat(np.arange(len(count)), count)
        nth = np.arange(len(clip)) - np.repeat(np.cumsum(count) - count, count)
        who, label = self.who[clip, nth], self.label[clip, nth]
        order = np.lexsort((label, who, clip))
        voted, row = np.unique(clip[order], return_inverse=True)
        asked, column = np.unique(who[order], return_inverse=True)
        return VoteMatrix(
            clips=tuple(self.clip_ids[at] for at in voted),
            annotators=tuple(self.annotators[at] for at in asked),
            classes=self.classes,
            clip_index=row.reshape(-1),
            annotator_index=column.reshape(-1),
            label_index=label[order],
            count=np.ones(len(clip), np.int64),
            modality="audio",
        )

    def seconds(self, count: IntArray) -> float:
        """Return the time that the first `count` votes of each clip, ``(N,)``, took."""
        is_cast = np.arange(self.lead_s.shape[1]) < count[:, None]
        return float(self.lead_s[is_cast].sum())

    def confusions(self, predicted: IntArray) -> tuple[tuple[int, ...], ...]:
        """Return the C · C counts of each test speaker, rows = truth, for predictions ``(T,)``."""
        classes = len(self.classes)
        cell = (self.test_speaker * classes + self.test_truth) * classes + predicted
        counts = np.bincount(cell, minlength=len(self.test_speakers) * classes * classes)
        rows = counts.reshape(len(self.test_speakers), -1).tolist()
        return tuple(tuple(row) for row in rows)


def build_world(
    clips: pa.Table,
    classes: tuple[str, ...],
    test_speakers: tuple[str, ...],
    annotators: SimulatedAnnotators,
    *,
    most_votes: int,
) -> World:
    """Let simulated annotators judge every clip of the pool; nobody knows it yet.

    Args:
        clips: Clips of a corpus, as `pipelines.clipset.corpus_clips` returns them.
        classes: C names.
        test_speakers: Speakers who are never asked about.
        annotators: The group, of at least `most_votes` people.
        most_votes: V, votes a clip can have.

    Raises:
        NothingToDoError: If a clip has no intended emotion or no speaker.
    """
    intended = clips["intended"].to_pylist()
    speakers = clips["speaker"].to_pylist()
    unknown = sum(
        name is None or speaker is None for name, speaker in zip(intended, speakers, strict=True)
    )
    if unknown:
        raise NothingToDoError(
            f"{unknown} of {len(intended)} clips of corpus `{clips['corpus'][0]}` have no intended "
            "emotion or no speaker, so nobody can be simulated on them and nobody held out; "
            "simulate with a corpus that has both, such as RAVDESS"
        )
    held_out = np.isin(speakers, test_speakers)
    pool, test = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    ids = clips["clip_id"].to_numpy(zero_copy_only=False)
    truth = np.array([classes.index(name) for name in intended], np.int64)
    duration = clips["duration_s"].to_numpy()
    said = annotators.answer(
        ids[pool].tolist(),
        [classes[index] for index in truth[pool]],
        votes_per_clip=most_votes,
        taxonomy="simulation",
        duration_s=duration[pool].tolist(),
    )
    shape = (len(pool), most_votes)
    names = tuple(sorted(test_speakers))
    return World(
        clip_ids=tuple(ids[pool]),
        classes=classes,
        truth=truth[pool],
        speakers=tuple(speakers[at] for at in pool),
        duration_s=duration[pool],
        annotators=annotators.annotators,
        who=_number(said["annotator"], annotators.annotators).reshape(shape),
        label=_number(said["label"], classes).reshape(shape),
        lead_s=said["lead_time_s"].to_numpy().reshape(shape),
        test_ids=tuple(ids[test]),
        test_truth=truth[test],
        test_speakers=names,
        test_speaker=np.array([names.index(speakers[at]) for at in test], np.int64),
    )


def _number(column: pa.ChunkedArray, names: tuple[str, ...]) -> IntArray:
    place = {name: index for index, name in enumerate(names)}
    return np.array([place[value] for value in column.to_pylist()], np.int64)

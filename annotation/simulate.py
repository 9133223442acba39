"""Simulated annotators: they err as real listeners do, and answer the same ask the same way."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from annotation.columns import FloatArray
from annotation.confusion import confusion_for
from annotation.errors import AnnotationError
from annotation.sampling.pace import Pace
from annotation.votes import VOTE_SCHEMA

SOURCE: Final = "simulated"
"""The `source` of every simulated vote, so that none is mistaken for a person's."""

LEAD_TIME_SIGMA: Final = 0.4
"""Standard deviation of log lead time: two thirds of answers within ±49 % of the median."""


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedAnnotators:
    """A group of A annotators, each with an individual confusion of the C classes.

    Everything they do is a function of `seed`, the clip id and the annotator, so a repeated ask
    gets the same votes, and asking for more votes adds annotators without changing the earlier.

    They are a little less consistent than people: with the CREMA-D confusion two votes on a clip
    agree in 43 % of pairs, where on CREMA-D itself 47 % do, because real clips of one class
    differ in how clear they are and here they do not.

    Attributes:
        annotators: A ids, `simulated:<seed>:<number>`.
        classes: C class names.
        confusion: P(vote | truth) per annotator, (A, C, C), truth on axis 1.
        seed: Seed of the group and of all its answers.
    """

    annotators: tuple[str, ...]
    classes: tuple[str, ...]
    confusion: FloatArray
    seed: int

    @classmethod
    def recruit(
        cls,
        size: int,
        classes: Sequence[str],
        *,
        seed: int,
        skill_spread: float = 0.08,
        base: FloatArray | None = None,
    ) -> Self:
        """Draw annotators whose mean accuracy scatters around that of a base confusion.

        Each gets an accuracy of the base's mean accuracy plus a normal offset, cut off
        symmetrically at 95 % of the room there is, so the group's expected accuracy is the
        base's. A better annotator's matrix is the base mixed with the identity, a worse one's
        the base mixed with guessing evenly.

        Args:
            size: Number of annotators A, at least 1.
            classes: C class names.
            seed: Equal seeds give equal groups.
            skill_spread: Standard deviation of accuracy between annotators, at least 0. The
                default is what remains between the 49 annotators with 50 votes or more on the
                `dog` pictures (Zhou et al. 2012) after their sampling error is taken off.
            base: (C, C) P(vote | truth); None means `confusion_for(classes)`.

        Returns:
            The group.

        Raises:
            AnnotationError: `size` is below 1, `skill_spread` below 0, or `base` is not a
                (C, C) matrix of probabilities with rows summing to 1.
        """
        average = confusion_for(classes) if base is None else _check_base(base, len(classes))
        if size < 1 or skill_spread < 0:
            msg = (
                f"`size` must be at least 1 and `skill_spread` at least 0, but got {size} "
                f"and {skill_spread}"
            )
            raise AnnotationError(msg)
        rng = np.random.default_rng(seed)
        names = tuple(f"{SOURCE}:{seed}:{number:04d}" for number in range(size))
        offsets = rng.normal(0.0, skill_spread, size)
        return cls(names, tuple(classes), _individualise(average, offsets), seed)

    def answer(
        self,
        clip_ids: Sequence[str],
        truth: Sequence[str],
        *,
        votes_per_clip: int,
        taxonomy: str,
        duration_s: Sequence[float] | None = None,
        answered: Sequence[int] | None = None,
        modality: str = "audio",
    ) -> pa.Table:
        """Let the group answer asks, each clip by distinct annotators.

        Args:
            clip_ids: The clips asked about, N distinct ids.
            truth: What each clip sounds like, N of the classes. A corpus's intended emotion is a
                stand-in that makes people look better than they are: see `confusion`.
            votes_per_clip: Votes wanted on each clip; at most the group's size.
            taxonomy: Name of the class list, stored with each vote.
            duration_s: Length of each clip in seconds; lead times are log-normal around
                1.5 · duration + 3 s. None leaves lead times null.
            answered: How many votes of this group each clip already has; the next annotators
                in the clip's own order answer. None means none.
            modality: What the annotators perceive.

        Returns:
            N · votes_per_clip rows in the shape of `VOTE_SCHEMA`, in order of `clip_ids`.

        Raises:
            AnnotationError: Lengths differ, a clip is asked twice, a truth is not a class, or
                the group has too few annotators left for a clip.
        """
        first = np.zeros(len(clip_ids), np.int64) if answered is None else np.asarray(answered)
        self._check_asks(clip_ids, truth, duration_s, first, votes_per_clip)
        target = np.array([self.classes.index(name) for name in truth], dtype=np.int64)
        who, chance, noise = self._draw(clip_ids, first, votes_per_clip)
        label = _invert(self.confusion[who, target[:, None]], chance)
        lead = None if duration_s is None else _lead_time_s(np.asarray(duration_s, float), noise)
        return self._tabulate(clip_ids, who, label, lead=lead, shared=(taxonomy, modality))

    def _check_asks(
        self,
        clip_ids: Sequence[str],
        truth: Sequence[str],
        duration_s: Sequence[float] | None,
        first: npt.NDArray[np.int64],
        votes_per_clip: int,
    ) -> None:
        durations = len(clip_ids) if duration_s is None else len(duration_s)
        lengths = {len(clip_ids), len(truth), len(first), durations}
        if len(lengths) > 1 or len(set(clip_ids)) != len(clip_ids):
            msg = (
                "`clip_ids` must be distinct, and `truth`, `duration_s` and `answered` as long, "
                f"but the lengths are {sorted(lengths)} for {len(set(clip_ids))} distinct clips"
            )
            raise AnnotationError(msg)
        for clip_id, name in zip(clip_ids, truth, strict=True):
            if name not in self.classes:
                msg = f"`truth` `{name}` of clip `{clip_id}` is none of {list(self.classes)}"
                raise AnnotationError(msg)
        wanted = int(first.max(initial=0)) + votes_per_clip
        if votes_per_clip < 1 or first.min(initial=0) < 0 or wanted > len(self.annotators):
            msg = (
                f"`votes_per_clip` must be at least 1 and leave every clip distinct annotators, "
                f"but {wanted} are needed of {len(self.annotators)}; recruit more"
            )
            raise AnnotationError(msg)

    def _draw(
        self, clip_ids: Sequence[str], first: npt.NDArray[np.int64], votes: int
    ) -> tuple[npt.NDArray[np.int64], FloatArray, FloatArray]:
        """Return annotator, uniform draw and normal draw per (clip, vote), each (N, votes)."""
        size = len(self.annotators)
        who = np.empty((len(clip_ids), votes), np.int64)
        chance, noise = np.empty(who.shape), np.empty(who.shape)
        for row, clip_id in enumerate(clip_ids):
            # One stream per clip, drawn for the whole group: no answer depends on who else or
            # how many were asked.
            rng = np.random.default_rng([self.seed, _number(clip_id)])
            turn = slice(first[row], first[row] + votes)
            who[row] = rng.permutation(size)[turn]
            chance[row] = rng.random(size)[turn]
            noise[row] = rng.standard_normal(size)[turn]
        return who, chance, noise

    def _tabulate(
        self,
        clip_ids: Sequence[str],
        who: npt.NDArray[np.int64],
        label: npt.NDArray[np.int64],
        *,
        lead: FloatArray | None,
        shared: tuple[str, str],
    ) -> pa.Table:
        rows, votes = who.size, who.shape[1]
        clips = np.repeat(np.asarray(clip_ids, dtype=object), votes).tolist()
        names = [self.annotators[index] for index in who.ravel()]
        refs = [f"{name}/{clip}" for name, clip in zip(names, clips, strict=True)]
        taxonomy, modality = shared
        columns: dict[str, Sequence[object]] = {
            "vote_id": [_digest(SOURCE, taxonomy, modality, ref) for ref in refs],
            "clip_id": clips,
            "modality": [modality] * rows,
            "annotator": names,
            "taxonomy": [taxonomy] * rows,
            "label": [self.classes[index] for index in label.ravel()],
            "count": [1] * rows,
            "lead_time_s": [None] * rows if lead is None else lead.ravel().tolist(),
            "source": [SOURCE] * rows,
            "source_ref": refs,
            "is_retraction": [False] * rows,
        }
        missing = [None] * rows
        return pa.table(
            {name: columns.get(name, missing) for name in VOTE_SCHEMA.names}, schema=VOTE_SCHEMA
        )


def _check_base(base: FloatArray, classes: int) -> FloatArray:
    matrix = np.asarray(base, dtype=np.float64)
    is_stochastic = matrix.shape == (classes, classes) and bool(
        (matrix >= 0).all() and np.allclose(matrix.sum(axis=1), 1)
    )
    if not is_stochastic:
        msg = (
            f"`base` must be ({classes}, {classes}) with rows of probabilities summing to 1, "
            f"but has shape {matrix.shape} and row sums {matrix.sum(axis=-1).tolist()}"
        )
        raise AnnotationError(msg)
    return matrix


def _individualise(base: FloatArray, offsets: FloatArray) -> FloatArray:
    """Shift the mean accuracy of the base by each offset, (A, C, C)."""
    classes = len(base)
    accuracy = float(np.diag(base).mean())
    up, down = 1 - accuracy, accuracy - 1 / classes
    room = 0.95 * max(min(up, down), 0.0)
    offset = np.clip(offsets, -room, room)[:, None, None]
    # A base without room on one side has room 0, so the offset is 0 and any divisor will do.
    weight = np.where(offset > 0, offset / (up or 1.0), -offset / (down or 1.0))
    ideal = np.where(offset > 0, np.eye(classes), np.full((classes, classes), 1 / classes))
    return np.asarray((1 - weight) * base + weight * ideal)


def _invert(probability: FloatArray, chance: FloatArray) -> npt.NDArray[np.int64]:
    """Return the class whose share of [0, 1) each uniform draw falls into, (N, votes)."""
    steps = probability.cumsum(axis=-1)[..., :-1]
    return np.asarray((steps <= chance[..., None]).sum(axis=-1), dtype=np.int64)


def _lead_time_s(duration_s: FloatArray, noise: FloatArray) -> FloatArray:
    return np.asarray(Pace().expect(duration_s)[:, None] * np.exp(LEAD_TIME_SIGMA * noise))


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]

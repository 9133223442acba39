"""Whether knowing a speaker helps, found out on speakers whose clips are labelled."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.inference.adapter import fit_adapter
from ser.inference.baseline import clip_means, find_shift, mean_over_speakers
from ser.inference.predictor import Prediction, predict
from ser.inference.strangers import Stranger
from ser.metrics.bootstrap import Interval, bootstrap_uar_difference
from ser.metrics.classification import Labels, unweighted_average_recall

WEIGHTS = (0.25, 0.5, 1.0)
PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0)
FEWEST_SPEAKERS = 5


@dataclass(frozen=True, eq=False)
class Known:
    """Labelled clips of the speakers a model was trained on.

    Args:
        features: N clips.
        labels: Class of each, int ``(N,)``.
        speakers: Speaker of each, ``(N,)``.
        n_classes: C.
    """

    features: RaggedFeatures
    labels: Labels
    speakers: npt.NDArray[np.str_]
    n_classes: int

    def take(self, at: npt.NDArray[np.int64]) -> "Known":
        """Return the clips at positions."""
        kept = self.features.take(at), self.labels[at], self.speakers[at]
        return Known(*kept, self.n_classes)


@dataclass(frozen=True)
class Gain:
    """What knowing each of several speakers brought, judged by models that never heard them.

    Args:
        uar: UAR it brought, with its 95 % interval over speakers.
        before: UAR without it, on the same clips.
        choice: The weight or penalty to use, the best over all these speakers.
        clips: Clips judged.
        speakers: Their speakers.
    """

    uar: Interval
    before: float
    choice: float
    clips: int
    speakers: int

    @property
    def is_help(self) -> bool:
        """Whether it helped beyond what other speakers might have undone."""
        return self.uar.low > 0


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a model that never heard a speaker says of them, without and with knowing them.

    Args:
        speaker: The speaker.
        labels: True class of N clips, int ``(N,)``.
        said: Class predicted without, then under each of K choices, int ``(1 + K, N)``.
    """

    speaker: str
    labels: Labels
    said: npt.NDArray[np.int64]


def hear_shifted(
    strangers: Sequence[Stranger],
    known: Known,
    *,
    neutral: int,
    clips: int,
    draws: int = 1,
    seed: int = 0,
    weights: Sequence[float] = WEIGHTS,
) -> list[Outcome]:
    """Hear speakers relative to a few of their neutral clips, and not; see `find_shift`.

    Each speaker in turn is one whom nobody knows: the model never heard them, and those it heard
    are the reference. The clips that a baseline is made of are judged in neither way.

    Args:
        strangers: Models, each with speakers of `known` whom it never heard.
        known: The labelled clips.
        neutral: Class that is neutral.
        clips: Neutral clips given of a speaker, at least 1; who has fewer gives all.
        draws: How often they are drawn anew.
        seed: Of the draws.
        weights: Values to choose from.
    """
    rng = np.random.default_rng(seed)
    outcomes = []
    for stranger, name, at in _each(strangers, known):
        means = clip_means(stranger.trained, known.features)
        is_neutral = known.labels == neutral
        others = is_neutral & ~np.isin(known.speakers, stranger.speakers)
        own = at[is_neutral[at]]
        if not own.size or not others.any():
            continue
        reference = mean_over_speakers(means[others], known.speakers[others])
        for _ in range(draws):
            given = rng.permutation(own)[:clips]
            scored = known.take(np.setdiff1d(at, given))
            told = [predict(stranger.trained, scored.features)]
            for weight in weights:
                shift = find_shift(means[given], reference, weight=weight)
                told.append(predict(stranger.trained, shift.take_off(scored.features)))
            said = np.stack([of.labels for of in told])
            outcomes.append(Outcome(name, scored.labels, said))
    return outcomes


def hear_adapted(
    strangers: Sequence[Stranger],
    known: Known,
    *,
    clips: Mapping[int, int],
    draws: int = 1,
    seed: int = 0,
    penalties: Sequence[float] = PENALTIES,
) -> list[Outcome]:
    """Adapt to a few labelled clips of speakers, and do not; see `fit_adapter`.

    Args:
        strangers: Models, each with speakers of `known` whom it never heard.
        known: The labelled clips.
        clips: How many labelled clips are given of each class; one of a class at least is left
            to be judged.
        draws: How often they are drawn anew.
        seed: Of the draws.
        penalties: Values to choose from.
    """
    rng = np.random.default_rng(seed)
    outcomes = []
    for stranger, name, at in _each(strangers, known):
        own = known.take(at)
        said = predict(stranger.trained, own.features)
        for _ in range(draws):
            given = draw_per_class(own.labels, clips, rng)
            if not given.size:
                continue
            scored = np.setdiff1d(np.arange(len(at)), given)
            lesson, exam = take_prediction(said, given), take_prediction(said, scored)
            told: list[npt.NDArray[np.int64]] = [exam.labels]
            for penalty in penalties:
                adapter = fit_adapter(lesson, own.labels[given], penalty=penalty)
                told.append(np.asarray(adapter.apply(exam).argmax(axis=1), np.int64))
            outcomes.append(Outcome(name, own.labels[scored], np.stack(told)))
    return outcomes


def draw_per_class(
    labels: Labels, clips: Mapping[int, int], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Return the positions of a few clips of each class, of which one at least stays behind.

    Args:
        labels: Class of each of N clips.
        clips: How many of each class; none of a class that is not named.
        rng: What draws them.

    Example:
        >>> drawn = draw_per_class(np.array([0, 0, 1, 1]), {1: 5}, np.random.default_rng(0))
        >>> len(drawn)
        1
    """
    drawn: list[npt.NDArray[np.int64]] = [np.empty(0, np.int64)]
    for label, wanted in sorted(clips.items()):
        own = rng.permutation(np.flatnonzero(labels == label))
        drawn.append(own[: max(min(wanted, len(own) - 1), 0)])
    return np.sort(np.concatenate(drawn))


def take_prediction(said: Prediction, at: npt.NDArray[np.int64]) -> Prediction:
    """Return what was said of the clips at positions."""
    return Prediction(
        posterior=said.posterior[at],
        embeddings=said.embeddings[at],
        ratings=said.ratings[at],
        members=said.members[:, at],
    )


def _each(
    strangers: Sequence[Stranger], known: Known
) -> Iterator[tuple[Stranger, str, npt.NDArray[np.int64]]]:
    """Yield each speaker with a model that never heard them, and the positions of their clips."""
    for stranger in strangers:
        for name in stranger.speakers:
            at = np.flatnonzero(known.speakers == name)
            if at.size:
                yield stranger, name, at


def judge_outcomes(
    outcomes: Sequence[Outcome], choices: Sequence[float], *, n_classes: int
) -> Gain:
    """Return what knowing speakers brought, each with the choice that is best for all others.

    Args:
        outcomes: Of several speakers, from `hear_shifted` or `hear_adapted`.
        choices: The K weights or penalties under which they were heard.
        n_classes: C.

    Raises:
        ConfigurationError: If they are of fewer than 5 speakers.
    """
    names = sorted({of.speaker for of in outcomes})
    if len(names) < FEWEST_SPEAKERS:
        raise ConfigurationError(
            f"`outcomes` must be of at least {FEWEST_SPEAKERS} speakers, but are of {len(names)}"
        )
    speakers = np.concatenate([np.full(len(of.labels), of.speaker) for of in outcomes])
    labels = np.concatenate([of.labels for of in outcomes])
    said = np.concatenate([of.said for of in outcomes], axis=1)
    picked = np.empty_like(labels)
    for name in names:
        own = speakers == name
        picked[own] = said[_best(labels[~own], said[:, ~own], n_classes), own]
    uar = bootstrap_uar_difference(labels, picked, said[0], speakers.tolist(), n_classes=n_classes)
    best = _best(labels, said, n_classes)
    before = unweighted_average_recall(labels, said[0], n_classes)
    return Gain(uar, before, choices[best - 1], len(labels), len(names))


def _best(labels: Labels, said: npt.NDArray[np.int64], n_classes: int) -> int:
    """Return which choice, from 1, has the best UAR; the first of equals."""
    uars = [unweighted_average_recall(labels, of, n_classes) for of in said[1:]]
    return 1 + int(np.argmax(uars))

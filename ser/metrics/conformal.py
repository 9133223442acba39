"""Sets of classes that hold the right one as often as promised, for speakers never met.

Clips of one speaker are alike, so what is exchangeable is the speaker, and K calibration speakers
are worth far less than their hundreds of clips. The threshold of a set is a quantile of their
scores; three ways of choosing its level differ in what they promise:

* ``none`` takes the quantile as it is. It falls short with few speakers.
* ``left_out`` takes the level at which calibration speakers, each left out in turn, are covered
  as often as promised. It is close to nominal, and promises so only for many speakers.
* ``hierarchical`` counts the new speaker as one more whose scores are infinite. Its coverage,
  on average over calibrations and new speakers, is at least nominal for any K and any
  distribution. It is too high by up to 1 / (K + 1).

None of them promises anything about one given speaker.

Reference:
    R. Dunn, L. Wasserman and A. Ramdas, "Distribution-free prediction sets for two-layer
    hierarchical models", JASA 118, 2023; Y. Lee, R. F. Barber and R. Willett,
    "Distribution-free inference with hierarchical data", 2023 (`hierarchical`); leaving out as in
    R. F. Barber et al., "Predictive inference with the jackknife+", Annals of Statistics 49, 2021.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self, get_args

import numpy as np
import numpy.typing as npt

from ser.errors import ConfigurationError
from ser.metrics.classification import Labels, check_labels
from ser.metrics.posteriors import Posterior, check_posterior
from ser.metrics.speaker_quantiles import Correction, Unit, choose_threshold
from ser.metrics.statistic import FloatArray, IntArray, number_speakers

ConformalMethod = Literal["lac", "aps"]
BoolArray = npt.NDArray[np.bool_]

EVERYONE = "all"


@dataclass(frozen=True)
class ConformalThresholds:
    """How high the score of a class may be for it to enter the set of a clip.

    Args:
        method: The score, see `class_scores`.
        coverage: Share of clips of new speakers whose set shall hold the right class.
        correction: How the level of the quantile was chosen, see the module.
        per: What the coverage is a mean over: speakers, each counted alike, or their clips.
        thresholds: C thresholds of each group, alike unless they are conditional on the class;
            infinite where there are too few speakers to promise anything. The group `all` is
            always there, for clips of a group that has none of its own.
        clips: Clips calibrated on.
        speakers: Their speakers.
    """

    method: ConformalMethod
    coverage: float
    correction: Correction
    per: Unit
    thresholds: Mapping[str, tuple[float, ...]]
    clips: int
    speakers: int

    def predict_sets(
        self, posterior: Posterior, groups: Sequence[str | None] | None = None
    ) -> BoolArray:
        """Return whether each class is in the set of each clip, ``(N, C)``.

        A set of `lac` may be empty: no class is as likely as right classes are.

        Args:
            posterior: P(class), ``(N, C)``.
            groups: Group of each clip; one that was not calibrated, and None, takes that of all.

        Raises:
            ConfigurationError: If it is no posterior of these classes, or groups are not N.
        """
        scores = class_scores(posterior, self.method)
        everyone = self.thresholds[EVERYONE]
        if scores.shape[1] != len(everyone):
            raise ConfigurationError(
                f"`posterior` has {scores.shape[1]} classes, but the thresholds are of "
                f"{len(everyone)}; calibrate the model that gave it"
            )
        if groups is None:
            return np.asarray(scores <= np.array(everyone))
        if len(groups) != len(scores):
            raise ConfigurationError(
                f"`groups` must name one for each of {len(scores)} clips, but has {len(groups)}"
            )
        limits = [self.thresholds.get(str(group), everyone) for group in groups]
        return np.asarray(scores <= np.array(limits))

    def abstains(
        self, posterior: Posterior, groups: Sequence[str | None] | None = None
    ) -> BoolArray:
        """Return whether the set of each clip is not exactly one class, ``(N,)``.

        Args:
            posterior: P(class), ``(N, C)``.
            groups: As `predict_sets`.
        """
        return np.asarray(self.predict_sets(posterior, groups).sum(axis=1) != 1)

    def document(self) -> dict[str, Any]:
        """Return everything as values that JSON can write; an infinite threshold is None."""
        return {
            "method": self.method,
            "coverage": self.coverage,
            "correction": self.correction,
            "per": self.per,
            "thresholds": {
                group: [value if math.isfinite(value) else None for value in limits]
                for group, limits in self.thresholds.items()
            },
            "clips": self.clips,
            "speakers": self.speakers,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Return what `document` wrote.

        Raises:
            ConfigurationError: If it is no such document.
        """
        try:
            thresholds = {
                str(group): tuple(math.inf if value is None else float(value) for value in limits)
                for group, limits in document["thresholds"].items()
            }
            thresholds[EVERYONE]
            return cls(**{**document, "thresholds": thresholds})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ConfigurationError(
                f"no thresholds of a calibration: {error!r}; calibrate the model again"
            ) from error


def fit_conformal(
    posterior: Posterior,
    labels: Labels,
    *,
    coverage: float,
    groups: Sequence[str | None] | None = None,
    speakers: Sequence[str] | None = None,
    method: ConformalMethod = "lac",
    correction: Correction = "left_out",
    per: Unit = "speaker",
    is_class_conditional: bool = False,
    fewest: int | None = None,
) -> ConformalThresholds:
    """Choose thresholds on clips of speakers that the model did not learn from.

    Args:
        posterior: P(class) of N clips, ``(N, C)``.
        labels: Their right classes, int ``(N,)``.
        coverage: Share of clips of new speakers whose set shall hold the right class, in (0, 1).
        groups: Group of each clip, such as its gender, for thresholds of each group by itself
            (Mondrian); None, or a clip's None, for no group.
        speakers: Speaker of each clip; None makes each clip a speaker of its own, whereupon
            `hierarchical` is the usual split conformal prediction.
        method: Score by which classes enter a set.
        correction: How the level of the quantile is chosen, see the module.
        per: What the coverage is a mean over. Of speakers, a person with two clips counts as much
            as one with eighty. `hierarchical` promises for speakers alone.
        is_class_conditional: Whether each class gets a threshold, so that each is covered as
            promised, for larger sets.
        fewest: Speakers below which a group takes the thresholds of all; None for
            `fewest_speakers`.

    Raises:
        ConfigurationError: If an argument is malformed or out of range.

    Example:
        >>> posterior = np.linspace([0.99, 0.01], [0.0, 1.0], 100)
        >>> found = fit_conformal(
        ...     posterior, np.zeros(100, int), coverage=0.5, correction="hierarchical"
        ... )
        >>> [round(value, 2) for value in found.thresholds["all"]]
        [0.51, 0.51]
        >>> found.predict_sets(np.array([[0.9, 0.1], [0.495, 0.505]])).tolist()
        [[True, False], [True, True]]
    """
    _check(coverage, method, correction, per)
    table = class_scores(posterior, method)
    check_labels("labels", labels, table.shape[1])
    n_clips, n_classes = table.shape
    _check_one_per_clip(n_clips, labels=labels, groups=groups)
    n_speakers, numbers = number_speakers(
        [f"{clip}" for clip in range(n_clips)] if speakers is None else speakers, n_clips
    )
    scores = table[np.arange(n_clips), labels]

    def threshold(at: IntArray) -> float:
        return choose_threshold(
            scores[at], numbers[at], coverage=coverage, correction=correction, per=per
        )

    def fit(at: IntArray) -> tuple[float, ...]:
        if not is_class_conditional:
            return (threshold(at),) * n_classes
        return tuple(threshold(at[labels[at] == number]) for number in range(n_classes))

    thresholds = {EVERYONE: fit(np.arange(n_clips))}
    needed = fewest_speakers(coverage) if fewest is None else fewest
    names = np.array([EVERYONE if name is None else name for name in groups or ()], dtype=str)
    for name in np.unique(names).tolist():
        at = np.flatnonzero(names == name)
        if name != EVERYONE and len(np.unique(numbers[at])) >= needed:
            thresholds[name] = fit(at)
    return ConformalThresholds(method, coverage, correction, per, thresholds, n_clips, n_speakers)


def leave_speakers_out(
    posterior: Posterior,
    labels: Labels,
    *,
    speakers: Sequence[str],
    coverage: float,
    groups: Sequence[str | None] | None = None,
    method: ConformalMethod = "lac",
    correction: Correction = "left_out",
    per: Unit = "speaker",
    is_class_conditional: bool = False,
    fewest: int | None = None,
) -> BoolArray:
    """Return the sets of each speaker's clips under thresholds of all others, ``(N, C)``.

    They say what coverage and size of sets a calibration on one speaker less has on speakers it
    never met, for any of its corrections.

    Args:
        posterior: P(class) of N clips, ``(N, C)``.
        labels: Their right classes, int ``(N,)``.
        speakers: Speaker of each clip, at least two.
        coverage: As `fit_conformal`; so are all others.
        groups: Group of each clip.
        method: Score by which classes enter a set.
        correction: How the level of the quantile is chosen.
        per: What the coverage is a mean over.
        is_class_conditional: Whether each class gets a threshold.
        fewest: As `fit_conformal`, before one of them is left out.

    Raises:
        ConfigurationError: As `fit_conformal`, and with fewer than two speakers.
    """
    n_speakers, numbers = number_speakers(speakers, len(posterior))
    if n_speakers < 2:
        raise ConfigurationError("`speakers` must be at least two for one to be left out, got 1")
    # Leaving one out must not take a group's own thresholds away.
    needed = (fewest_speakers(coverage) if fewest is None else fewest) - 1
    sets = np.zeros(posterior.shape, bool)
    for number in range(n_speakers):
        rest, out = np.flatnonzero(numbers != number), np.flatnonzero(numbers == number)
        found = fit_conformal(
            posterior[rest],
            labels[rest],
            coverage=coverage,
            groups=None if groups is None else [groups[at] for at in rest],
            speakers=[speakers[at] for at in rest],
            method=method,
            correction=correction,
            per=per,
            is_class_conditional=is_class_conditional,
            fewest=needed,
        )
        own = None if groups is None else [groups[at] for at in out]
        sets[out] = found.predict_sets(posterior[out], own)
    return sets


def class_scores(posterior: Posterior, method: ConformalMethod) -> FloatArray:
    """Return how badly each class fits each clip, ``(N, C)`` in [0, 1].

    `lac`, the least ambiguous sets: 1 − P(class), which gives the smallest sets on average.
    `aps`, adaptive sets: the probability of all classes above it. The likeliest class is
    at 0 and so in every set, and hard clips get larger ones; where more clips are right than are
    to be covered, sets are of one class and cover more.

    Args:
        posterior: P(class), ``(N, C)``.
        method: `lac` or `aps`.

    Raises:
        ConfigurationError: If it is no posterior.

    Example:
        >>> class_scores(np.array([[0.2, 0.5, 0.3]]), "aps").tolist()
        [[0.8, 0.0, 0.5]]

    Reference:
        M. Sadinle, J. Lei and L. Wasserman, "Least ambiguous set-valued classifiers with bounded
        error levels", JASA 114, 2019; Y. Romano, M. Sesia and E. Candès, "Classification with
        valid and adaptive coverage", NeurIPS 2020, without their randomisation.
    """
    values = check_posterior("posterior", posterior)
    if method == "lac":
        return np.asarray(1 - values)
    order = np.argsort(-values, axis=1, kind="stable")
    ranked = np.take_along_axis(values, order, axis=1)
    above = np.zeros_like(ranked)
    above[:, 1:] = np.minimum(ranked.cumsum(axis=1)[:, :-1], 1)
    scores = np.empty_like(values)
    np.put_along_axis(scores, order, above, axis=1)
    return scores


def fewest_speakers(coverage: float) -> int:
    """Return how many speakers there must be for `hierarchical` sets not to hold every class.

    Args:
        coverage: Coverage to be promised, in (0, 1).

    Example:
        >>> [fewest_speakers(coverage) for coverage in (0.8, 0.9, 0.95)]
        [4, 9, 19]
    """
    # Rounded, for 1 / (1 - 0.9) is a little above 10 in floats.
    return math.ceil(round(1 / (1 - coverage), 9)) - 1


def _check(coverage: float, method: str, correction: str, per: str) -> None:
    if not 0 < coverage < 1:
        raise ConfigurationError(f"`coverage` must lie in (0, 1), got {coverage}")
    choices = (
        ("method", method, get_args(ConformalMethod)),
        ("correction", correction, get_args(Correction)),
        ("per", per, get_args(Unit)),
    )
    for name, value, known in choices:
        if value not in known:
            raise ConfigurationError(f"`{name}` must be one of {list(known)}, got `{value}`")
    if correction == "hierarchical" and per == "clip":
        raise ConfigurationError(
            "`hierarchical` promises coverage of speakers alone, so that `per` must be `speaker`, "
            "got `clip`; take the correction `left_out`"
        )


def _check_one_per_clip(clips: int, **given: Sequence[Any] | Labels | None) -> None:
    for name, values in given.items():
        if values is not None and len(values) != clips:
            raise ConfigurationError(
                f"`{name}` must have one entry for each of {clips} clips, but has {len(values)}"
            )

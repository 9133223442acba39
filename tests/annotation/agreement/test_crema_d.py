"""The agreement figures known of CREMA-D, from its anonymous counts."""

import time
from collections.abc import Callable

import numpy as np
import pytest

from annotation.agreement import (
    agreement_with_reference,
    count_alpha,
    estimate,
    estimate_by_group,
    fleiss_kappa,
    people_per_class,
)
from annotation.confusion import CREMA_D_CLASSES
from annotation.errors import VoteError
from annotation.votes import VoteMatrix

Reader = Callable[[str], tuple[VoteMatrix, np.ndarray]]


@pytest.mark.parametrize(
    ("modality", "expected", "ties"),
    [
        ("audio", (0.278, 0.281, 0.400, 0.416), 644),
        ("video", (0.456, 0.458, 0.574, 0.663), 470),
        ("audiovisual", (0.494, 0.497, 0.631, 0.722), 420),
    ],
    ids=["audio", "video", "audiovisual"],
)
def test_the_published_figures(
    read_crema_d: Reader, modality: str, expected: tuple[float, ...], ties: int
) -> None:
    """Kappa, alpha, votes and majorities equal to the intended emotion, and ties."""
    votes, intended = read_crema_d(modality)
    counts = people_per_class(votes)
    reference = agreement_with_reference(counts, intended, resamples=0)
    found = (
        estimate(fleiss_kappa(counts), resamples=0),
        estimate(count_alpha(counts), resamples=0),
        reference.single,
        reference.majority,
    )
    # The published .663 for faces is rounded from .66259.
    assert [each.value for each in found] == pytest.approx(expected, abs=5e-4)
    assert reference.ties == ties
    assert reference.majority.value < reference.majority_split.value


def test_a_third_of_the_voice_clips_has_no_absolute_majority(read_crema_d: Reader) -> None:
    """About a third has no label above half of the votes."""
    votes, intended = read_crema_d("audio")
    found = agreement_with_reference(people_per_class(votes), intended, resamples=0)
    assert found.decided / 7_442 == pytest.approx(0.673, abs=1e-3)
    assert found.single.votes == 68_568


def test_a_thousand_resamples_take_less_than_a_second(read_crema_d: Reader) -> None:
    """All 7,442 voice clips resampled 1,000 times (0.3 s when measured)."""
    statistic = fleiss_kappa(people_per_class(read_crema_d("audio")[0]))
    seconds = []
    for _ in range(3):
        start = time.process_time()
        found = estimate(statistic)
        seconds.append(time.process_time() - start)
    assert min(seconds) < 1.0
    assert found.resamples == 1000
    assert found.low == pytest.approx(0.271, abs=2e-3)
    assert found.high == pytest.approx(0.285, abs=2e-3)


def test_agreement_by_intended_emotion(read_crema_d: Reader) -> None:
    """Neutral clips agree by chance, angry ones most: the table has a row per emotion."""
    votes, intended = read_crema_d("audio")
    groups = [CREMA_D_CLASSES[index] for index in intended]
    table = estimate_by_group(fleiss_kappa(people_per_class(votes)), groups, resamples=100)
    assert [row.group for row in table] == sorted(CREMA_D_CLASSES)
    assert sum(row.clips for row in table) == 7_442
    assert all(row.low < row.value < row.high for row in table)


def test_clips_without_a_reference_are_left_out() -> None:
    """A reference of −1 is none, and one outside the classes is refused."""
    counts = np.array([[3.0, 1.0], [0.0, 2.0]])
    found = agreement_with_reference(counts, np.array([0, -1]), resamples=0)
    assert (found.majority.clips, found.single.value) == (1, 0.75)
    with pytest.raises(VoteError, match="`reference` must hold 2 class indices"):
        agreement_with_reference(counts, np.array([0, 2]))

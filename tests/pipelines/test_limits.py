"""Quotas of the settings become quotas that a batch can meet."""

import numpy as np
import pytest
from pydantic import ValidationError

from pipelines.limits import Limits, list_shortfalls
from pipelines.sections import RoundSettings
from tests.pipelines.small_campaign import CLASSES, make_pool, posterior

EVERY = np.arange(40)


def quotas(text: str, size: int) -> list:
    """Return the quotas of a pool of 40 clips of four speakers, all predicted to be angry."""
    limits = Limits.of(RoundSettings(at_least=text))
    return limits.quotas(make_pool(posterior()), CLASSES, EVERY, size, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("size", "at_least", "groups"), [(40, 5, 4), (12, 3, 4), (4, 1, 4), (3, 1, 3), (1, 1, 1)]
)
def test_a_small_batch_owes_less_to_each_group(size: int, at_least: int, groups: int) -> None:
    """As much as fits, and where not even one of each does, one of some."""
    (quota,) = quotas("speaker=5", size)
    assert quota.at_least == at_least
    assert len(set(quota.values) - {None}) == groups


def test_classes_are_those_the_model_predicts() -> None:
    """Nothing else is known of clips that nobody has heard."""
    (quota,) = quotas("class=5", 20)
    assert set(quota.values) == {"anger"}


def test_nothing_is_wanted_by_default() -> None:
    """Neither quotas nor a limit of listening."""
    assert Limits.of(RoundSettings()) == Limits({}, None)


@pytest.mark.parametrize("text", ["speaker", "speaker=0", "mood=1", "speaker=1;class=2", ""])
def test_other_quotas_are_refused(text: str) -> None:
    """A misspelt quota would never be missed."""
    with pytest.raises(ValidationError, match="at_least"):
        RoundSettings(at_least=text)


def test_many_shortfalls_are_a_line() -> None:
    """The first few are enough to see what is missing."""
    told = list_shortfalls([f"speaker `{number}` got 0 of 1 clips" for number in range(50)])
    assert told.endswith("speaker `5` got 0 of 1 clips; and 44 more")

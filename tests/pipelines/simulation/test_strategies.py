"""Strategies: how many further votes each clip gets."""

import numpy as np
import pytest

from pipelines.errors import PipelineError
from pipelines.simulation.strategies import AskState, Strategy, find_strategies
from tests.pipelines.simulation.testing import CONFUSION, make_world

MINE = Strategy("mine", lambda state, budget, rng: np.zeros_like(state.votes), first=2)  # noqa: ARG005


def make_state(votes, posterior=None) -> AskState:
    """Return what is known after `votes` on the first clips of a world."""
    world, kernels = make_world(clips=60)
    count = np.zeros(len(world.clip_ids), int)
    count[: len(votes)] = votes
    belief = np.full((len(count), 3), 1 / 3)
    if posterior is not None:
        belief[: len(posterior)] = posterior
    return AskState(
        posterior=belief,
        model=belief,
        votes=count,
        labels=world.votes(count),
        voted=np.flatnonzero(count),
        embeddings=kernels.embeddings,
        confusion=CONFUSION,
        seconds=1.5 * world.duration_s + 3,
        most=5,
    )


@pytest.mark.parametrize(
    "name", ["random-3", "margin-3", "badge-3", "typical-3", "reducible-3", "expected_change-3"]
)
def test_new_clips_get_a_fixed_number_of_votes(name: str) -> None:
    """Whatever chooses them: clips nobody heard, three votes each, and no more than the budget."""
    state = make_state([3, 3, 3, 3])
    (strategy,) = find_strategies([name])
    given = strategy.ask(state, 20, np.random.default_rng(0))
    assert sorted(set(given)) == [0, 3]
    assert given.sum() == 18
    assert not given[:4].any()
    assert strategy.first == 3


def test_a_pool_that_was_heard_ends_the_campaign() -> None:
    """Where no clip is new, nothing is asked."""
    state = make_state([1] * 40)
    (strategy,) = find_strategies(["margin-1"])
    assert not strategy.ask(state, 10, np.random.default_rng(0)).any()


def test_worth_comes_back_to_disputed_clips() -> None:
    """A heard clip that is open is asked about again, one that is settled and full ones are not."""
    sure = [0.998, 0.001, 0.001]
    posterior = [[1 / 3] * 3, sure, [1 / 3] * 3] + [sure] * 37
    state = make_state([1, 1, 5], posterior)
    (strategy,) = find_strategies(["worth-votes"])
    given = strategy.ask(state, 2, np.random.default_rng(0))
    assert given[0] == 2
    assert given.sum() == 2


def test_worth_prefers_clips_that_take_less_time() -> None:
    """Between clips of which equally little is known, the shortest come first."""
    state = make_state([])
    (strategy,) = find_strategies(["worth"])
    given = strategy.ask(state, 10, np.random.default_rng(0))
    assert set(np.flatnonzero(given)) == set(np.argsort(state.seconds)[:10])


def test_a_strategy_of_ones_own_is_imported() -> None:
    """A module and a name lead to it, and its start is its own."""
    (found,) = find_strategies([f"{__name__}:MINE"])
    assert (found.name, found.first) == (f"{__name__}:MINE", 2)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["maximum"], "`maximum` is no strategy"),
        (["random-0"], "`random-0` is no strategy"),
        (["bald-1"], "`bald-1` is no strategy"),
        (["nowhere.at_all:f"], "cannot be imported"),
        ([f"{__name__}:nothing"], "cannot be imported"),
        ([], "at least one"),
        (["worth", "worth"], "once"),
    ],
)
def test_what_is_no_strategy_is_refused(names: list[str], message: str) -> None:
    """The message names it and says what there is."""
    with pytest.raises(PipelineError, match=message):
        find_strategies(names)

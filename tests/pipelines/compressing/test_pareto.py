"""The front holds what nothing beats, and its picture can be made again."""

import numpy as np

from pipelines.compressing.pareto import Spot, draw_front, find_front


def spot(ms: float, size: int, uar: float) -> Spot:
    """Return a form with these figures."""
    return Spot(f"{ms} ms", ms, size, uar, uar - 0.1, uar + 0.1)


def test_the_front_holds_what_is_best_in_something() -> None:
    """The fastest, the smallest and the most accurate stay; what is worse in all goes."""
    spots = [spot(1, 9, 0.6), spot(9, 1, 0.6), spot(9, 9, 0.9), spot(9, 9, 0.5)]
    assert find_front(spots).tolist() == [True, True, True, False]


def test_equals_are_both_on_the_front() -> None:
    """Neither of two like forms beats the other."""
    assert find_front([spot(1, 1, 0.5), spot(1, 1, 0.5)]).tolist() == [True, True]


def test_the_front_of_any_forms_beats_the_others() -> None:
    """Each form off the front is beaten by one on it."""
    rng = np.random.default_rng(0)
    spots = [spot(*rng.integers(1, 6, 3).tolist()) for _ in range(60)]
    front = find_front(spots)
    best = [of for of, is_front in zip(spots, front, strict=True) if is_front]
    for of in spots:
        assert any(up.ms <= of.ms and up.size <= of.size and up.uar >= of.uar for up in best)


def test_equal_tables_give_equal_pictures(tmp_path) -> None:
    """Nothing of the time is in the file."""
    for name in ("first", "second"):
        draw_front([spot(1, 2, 0.5), spot(3, 1, 0.6)], tmp_path / name / "of.png", title="of")
    first = (tmp_path / "first" / "of.png").read_bytes()
    assert first[:4] == b"\x89PNG"
    assert first == (tmp_path / "second" / "of.png").read_bytes()

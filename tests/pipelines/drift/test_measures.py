"""Each measure tells what differs in its own unit, and what is not known of clips."""

import math

import numpy as np
import pyarrow as pa
import pytest

from pipelines.drift.measures import measure_features, measure_sound, measure_words
from pipelines.drift.sides import Sides

NAN = math.nan


def make_sides(known: int, came: int, **columns: list[float | None]) -> Sides:
    """Return clips of a speaker each, a second long, at −20 dBFS without noise."""
    count = known + came
    plain = {
        "level_dbfs": [-20.0] * count,
        "snr_db": [NAN] * count,
        "speech_start_s": [0.0] * count,
        "speech_end_s": [1.0] * count,
    }
    who = [f"speaker-{number}" for number in range(count)]
    floats = {name: pa.array(values, pa.float64()) for name, values in (plain | columns).items()}
    return Sides(pa.table({"who": who, **floats}), known)


def value(measure) -> float:
    """Return the distance between what is known and what came in."""
    return float(measure.distance.between(measure.bundles.is_incoming[None].astype(float))[0])


def test_sound_is_told_in_its_units() -> None:
    """Loudness in dB, duration in seconds; what matters follows from the known clips."""
    sides = make_sides(2, 2, level_dbfs=[-30, -20, -10, -10], speech_end_s=[1, 3, 2, 5])
    loudness, _, duration = measure_sound(sides)
    assert (loudness.unit, value(loudness), loudness.floor) == ("dB", 15, 1)
    assert loudness.detail == "mean level -10.0 dBFS against -25.0 dBFS"
    assert (duration.unit, value(duration)) == ("s", 1.5)
    assert loudness.clips == (2, 2)


def test_noise_is_compared_by_how_many_clips_are_how_noisy() -> None:
    """Of clean clips the ratio is undefined, which is a class of its own and not left out."""
    _, snr, _ = measure_sound(make_sides(4, 2, snr_db=[NAN, NAN, NAN, 35, 5, 25]))
    assert (snr.unit, value(snr)) == ("share", 1)
    assert snr.detail == "no noise to be told from speech: 0% of the clips against 75%"


def test_silence_is_as_quiet_as_it_gets() -> None:
    """A level of −∞ does not make the distance infinite."""
    loudness, *_ = measure_sound(make_sides(1, 1, level_dbfs=[-math.inf, -20]))
    assert value(loudness) == 80


@pytest.mark.parametrize(("level", "count"), [([None, -20, -20], 2), ([None, None, -20], 0)])
def test_clips_of_unknown_level_are_left_out(level: list[float | None], count: int) -> None:
    """Where none is left on a side, there is no such measure."""
    found = {of.name: of for of in measure_sound(make_sides(2, 1, level_dbfs=level))}
    assert ("loudness" in found) == bool(count)
    assert not count or sum(found["loudness"].clips) == count


def test_features_tell_the_band_that_moved_most() -> None:
    """In standard deviations of the known clips, with its sign."""
    profiles = np.array([[0, 0, 1], [2, 1, 1], [1, -2, 1]], dtype=float)
    found = measure_features(profiles, make_sides(2, 1))
    assert found.detail == "most moved is band 2 of 3, by -5.0 SD"
    assert found.unit == "SD"


def test_a_model_tells_the_class_that_changed_most() -> None:
    """By mean probabilities; a model of ratings alone has none."""
    posterior, embeddings = np.array([[0.9, 0.1], [0.7, 0.3], [0.1, 0.9]]), np.eye(3)
    classes, embedding = measure_words(posterior, embeddings, ["calm", "joy"], make_sides(2, 1))
    assert value(classes) == pytest.approx(0.7)
    assert classes.detail == "calm: 10% of the clips against 80%"
    assert embedding.name == "embedding"
    found = measure_words(np.empty((3, 0)), embeddings, [], make_sides(2, 1))
    assert [of.name for of in found] == ["embedding"]

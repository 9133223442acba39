"""The z-normalised mean against its formula."""

import numpy as np

from annotation.ratings import ZMean, build_rating_matrix
from annotation.testing import fill_votes


def table(values: np.ndarray) -> dict[str, list[object]]:
    """Return rows of (clips, annotators) ratings."""
    clips, annotators = values.shape
    rows = {"clip_id": np.repeat([f"{clip:02d}" for clip in range(clips)], annotators).tolist()}
    return rows | {
        "annotator": list("xyzw"[:annotators]) * clips,
        "arousal": values.ravel().tolist(),
    }


def test_it_equals_the_bare_formula() -> None:
    """Standardise each column, average, and return to the common scale."""
    values = np.random.default_rng(1).normal([1, 5, 9], [0.5, 1, 3], size=(30, 3))
    consensus = ZMean().aggregate(build_rating_matrix(fill_votes(table(values)), "arousal"))
    deviation = values - values.mean(axis=0)
    expected = (deviation / values.std(axis=0)).mean(axis=1)
    expected = values.mean() + expected * np.sqrt((deviation**2).mean())
    np.testing.assert_allclose(consensus.rating, expected)


def test_constant_annotators_are_left_out() -> None:
    """One who always gives the same number changes nothing, and alone leaves a clip undefined."""
    values = np.random.default_rng(2).normal(size=(10, 3))
    values[:, 2] = 0.3
    matrix = build_rating_matrix(fill_votes(table(values)), "arousal")
    alone = build_rating_matrix(fill_votes(table(values[:, 2:])), "arousal")
    consensus = ZMean().aggregate(matrix)
    assert consensus.weight[2] == 0
    z = (values[:, :2] - values[:, :2].mean(axis=0)) / values[:, :2].std(axis=0)
    np.testing.assert_allclose(np.corrcoef(consensus.rating, z.mean(axis=1))[0, 1], 1.0)
    assert np.isnan(ZMean().aggregate(alone).rating).all()

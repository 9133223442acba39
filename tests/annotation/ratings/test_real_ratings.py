"""Every aggregator of ratings on the published affect ratings."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

from annotation.ratings import (
    BayesianRaters,
    EvaluatorWeighted,
    MeanRating,
    RatingAggregator,
    RatingMatrix,
    ZMean,
    build_rating_matrix,
)
from annotation.testing import fill_votes


@pytest.fixture(scope="module")
def snow(serloop_data: Path) -> tuple[RatingMatrix, np.ndarray]:
    """Provide the 7,000 ratings of 700 affects by 38 annotators, and the experts' ratings."""
    types = {"question": pa.string(), "worker": pa.string()}
    types |= {"answer": pa.float64(), "truth": pa.float64()}
    options = pa_csv.ConvertOptions(column_types=types)
    folder = serloop_data / "crowd-votes" / "snow_affect_text"
    answers = pa_csv.read_csv(folder / "answer.csv", convert_options=options)
    truth = pa_csv.read_csv(folder / "truth.csv", convert_options=options).to_pylist()
    rows = {"clip_id": "question", "annotator": "worker", "valence": "answer"}
    table = fill_votes({new: answers[old].to_pylist() for new, old in rows.items()})
    ratings = build_rating_matrix(table, "valence")
    known = {row["question"]: row["truth"] for row in truth}
    return ratings, np.array([known[clip] for clip in ratings.clips])


@pytest.mark.parametrize(
    ("aggregator", "correlation", "error"),
    [
        (MeanRating(), 0.7255, 17.835),
        (ZMean(), 0.7194, 18.056),
        (EvaluatorWeighted(), 0.7316, 17.827),
        (EvaluatorWeighted(leave_one_out=True), 0.7321, 17.819),
        (BayesianRaters(), 0.7236, 17.822),
        (BayesianRaters(smoothing=100.0), 0.7288, 17.682),
    ],
    ids=["mean", "z_mean", "evaluator", "evaluator_loo", "bayesian", "bayesian_smoothed"],
)
def test_affect_ratings_have_their_stated_figures(
    snow: tuple[RatingMatrix, np.ndarray],
    aggregator: RatingAggregator,
    correlation: float,
    error: float,
) -> None:
    """Correlation and RMSE against the experts; the evaluator weighted beats the mean on both."""
    ratings, truth = snow
    found = aggregator.aggregate(ratings).rating
    assert np.corrcoef(found, truth)[0, 1] == pytest.approx(correlation, abs=5e-5)
    assert np.sqrt(np.mean((found - truth) ** 2)) == pytest.approx(error, abs=5e-4)

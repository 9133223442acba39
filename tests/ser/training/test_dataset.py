"""Checked clips, decided labels and training statistics."""

import numpy as np
import pyarrow as pa
import pytest
import torch

from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.training.dataset import (
    TrainingClips,
    band_statistics,
    harden,
    rating_statistics,
    smooth,
)

CLASSES = ("anger", "sadness")


def make_clips(*lengths: int, bands: int = 3) -> RaggedFeatures:
    """Return clips of the given lengths, filled with random frames."""
    rng = np.random.default_rng(0)
    return RaggedFeatures.from_list([rng.normal(-5, 2, (n, bands)) for n in lengths])


def test_checked_clips_know_the_length_of_every_version():
    """Versions are rows and clips columns."""
    clips = TrainingClips.checked(
        [make_clips(4, 2), make_clips(5, 3)], np.eye(2), CLASSES, decided=False
    )
    assert clips.lengths.tolist() == [[4, 2], [5, 3]]
    assert clips.targets.posterior.dtype == torch.float32


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        (np.eye(3), r"shape \(clips, classes\) = \(2, 2\).*has \(3, 3\)"),
        (np.array([[1.0, 0.0], [0.6, 0.6]]), r"row 1 is \[0.6, 0.6\]"),
        (np.array([[1.0, 0.0], [1.5, -0.5]]), "row 1 is"),
        (np.array([[1.0, 0.0], [np.nan, 0.0]]), "row 1 is"),
        (np.array([[1.0, 0.0], [1.0, 0.0]]), r"only \['anger'\] has any; label"),
    ],
    ids=["shape", "sum", "negative", "nan", "one class only"],
)
def test_targets_that_are_no_posteriors_are_refused(targets, message):
    """The message shows the row or the class."""
    with pytest.raises(ConfigurationError, match=message):
        TrainingClips.checked([make_clips(4, 2)], targets, CLASSES, decided=False)


@pytest.mark.parametrize(
    "version", [make_clips(4), make_clips(4, 2, bands=2)], ids=["clips", "bands"]
)
def test_versions_that_do_not_align_are_refused(version):
    """A speed copy of other clips would teach wrong labels."""
    with pytest.raises(ConfigurationError, match="`augmented` must hold the same clips"):
        TrainingClips.checked([make_clips(4, 2), version], np.eye(2), CLASSES, decided=False)


def test_repeated_classes_are_refused():
    """Each class has one column."""
    with pytest.raises(ConfigurationError, match="`classes` must be distinct"):
        TrainingClips.checked([make_clips(4, 2)], np.eye(2), ("anger", "anger"), decided=False)


def test_augmented_clips_that_are_not_finite_are_refused():
    """Every version is checked, not only the original."""
    broken = make_clips(4, 2)
    broken.values[5] = np.nan
    with pytest.raises(ConfigurationError, match=r"clips at \[1\] hold NaN"):
        TrainingClips.checked([make_clips(4, 2), broken], np.eye(2), CLASSES, decided=False)


def test_one_class_that_always_wins_is_refused_only_where_labels_are_decided():
    """Its share of the votes is enough to learn posteriors, but not decided labels."""
    targets = np.array([[0.9, 0.1], [0.6, 0.4]])
    clips = TrainingClips.checked([make_clips(4, 2)], targets, CLASSES, decided=False)
    assert clips.targets.posterior.sum(dim=0)[1] == pytest.approx(0.5)
    with pytest.raises(ConfigurationError, match="at least two classes"):
        TrainingClips.checked([make_clips(4, 2)], targets, CLASSES, decided=True)


def test_hard_targets_stay_as_they_are():
    """One-hot rows are decided already."""
    assert torch.equal(harden(torch.eye(4)), torch.eye(4))


def test_smoothed_targets_are_still_posteriors():
    """Rows sum to 1 and the order of classes is kept."""
    smoothed = smooth(torch.tensor([[0.7, 0.2, 0.1]]), 0.3)
    torch.testing.assert_close(smoothed.sum(dim=1), torch.ones(1))
    assert smoothed.argsort(dim=1).tolist() == [[2, 1, 0]]


def test_band_statistics_equal_those_of_numpy():
    """Each band by itself over all frames, also far from zero."""
    features = make_clips(50, 70, 9)
    features.values[:] += 1000
    mean, deviation = band_statistics(features)
    values = features.values.astype(np.float64)
    np.testing.assert_allclose(mean, values.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(deviation, values.std(axis=0), rtol=1e-4)


def check(**options: object) -> TrainingClips:
    """Check three clips, two of each class at least in part."""
    targets = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    return TrainingClips.checked([make_clips(4, 2, 3)], targets, CLASSES, decided=True, **options)


def test_weights_are_scaled_to_the_mean_one():
    """Only how clips compare matters, so that the learning rate keeps its meaning."""
    weights = check(weights=np.array([1.0, 0.0, 5.0])).targets.weights
    torch.testing.assert_close(weights, torch.tensor([0.5, 0.0, 2.5]))


def test_without_weights_and_ratings_there_are_none():
    """Clips count alike and have no dimension."""
    targets = check().targets
    assert targets.weights is None
    assert targets.ratings.shape == (3, 0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"weights": np.ones(2)}, r"`weights` must hold one .* 3 clips, but got the shape \(2,\)"),
        ({"weights": np.array([1.0, -1.0, 1.0])}, r"`weights` must hold .* the smallest -1\.0"),
        ({"weights": np.array([1.0, np.nan, 1.0])}, "`weights` must hold one finite"),
        ({"weights": np.zeros(3)}, "`weights` must not all be 0"),
        ({"rated": ("arousal",)}, r"`ratings` must have the shape .* \(3, 1\), but has \(3, 0\)"),
        (
            {"rated": ("arousal",), "ratings": np.array([[1.0], [np.nan], [np.nan]])},
            r"at least two clips of each dimension, but not of \['arousal'\]",
        ),
        (
            {"rated": ("arousal",), "ratings": np.array([[1.0], [2.0], [np.inf]])},
            "`ratings` must be finite",
        ),
    ],
    ids=["too few", "negative", "nan", "all zero", "no ratings", "one rating", "infinite"],
)
def test_weights_and_ratings_that_teach_nothing_are_refused(wrong, message):
    """The message says what was found."""
    with pytest.raises(ConfigurationError, match=message):
        check(**wrong)


def test_ratings_alone_are_enough():
    """A network without classes needs no posterior."""
    ratings = np.array([[1.0, 5.0], [2.0, 4.0]])
    clips = TrainingClips.checked(
        [make_clips(4, 2)], np.empty((2, 0)), (), decided=True, ratings=ratings, rated=("a", "v")
    )
    assert clips.targets.ratings.tolist() == ratings.tolist()


def test_rating_statistics_leave_unknown_ratings_out():
    """Each dimension by itself, as numpy computes them."""
    ratings = np.array([[1.0, np.nan], [2.0, 7.0], [6.0, 4.0], [np.nan, 1.0]])
    mean, deviation = rating_statistics(torch.from_numpy(ratings))
    np.testing.assert_allclose(mean, np.nanmean(ratings, axis=0))
    np.testing.assert_allclose(deviation, np.nanstd(ratings, axis=0), rtol=1e-6)


def test_features_of_an_arrow_table_are_not_copied():
    """What training reads is the memory of the table itself."""
    frames = pa.array(np.arange(24, dtype=np.float32))
    column = pa.ListArray.from_arrays(pa.array([0, 12, 24], pa.int32()), frames)
    flat = column.flatten().to_numpy(zero_copy_only=True)
    features = RaggedFeatures.from_flat(flat, np.array([4, 4]), 3)
    clips = TrainingClips.checked([features], np.eye(2), CLASSES, decided=True)
    assert clips.versions[0].values.ctypes.data == frames.buffers()[1].address

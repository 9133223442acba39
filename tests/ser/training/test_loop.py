"""Training: repeatable, honest about bad input, and able to learn."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ser.audio.augment.record import Augmentation
from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.features.spectral import LogMel
from ser.inference.predictor import predict
from ser.metrics.classification import unweighted_average_recall
from ser.metrics.ratings import concordance_correlation
from ser.models.parameters import NetworkParameters
from ser.models.trained import TrainedModel
from ser.training.loop import train_classifier
from ser.training.parameters import TrainingParameters

SMALL = NetworkParameters(channels=(4, 8), time_pools=(2, 2), recurrent_size=8, embedding_size=8)
QUICK = TrainingParameters(epochs=2, batch_size=8)
CLASSES = ("anger", "neutral", "sadness")


def make_clips(clips: int, seed: int) -> tuple[RaggedFeatures, np.ndarray]:
    """Return noise in which the class of a clip decides which third of the bands is loud."""
    rng = np.random.default_rng(seed)
    labels = np.arange(clips) % 3
    frames = [rng.normal(-6, 1, (rng.integers(8, 40), 16)) for _ in labels]
    for clip, label in zip(frames, labels, strict=True):
        clip[:, 5 * label : 5 * label + 5] += 2
    return RaggedFeatures.from_list(frames), labels


def train(seed: int = 0, training: TrainingParameters = QUICK, **options: object) -> TrainedModel:
    """Train a small network on 24 clips."""
    features, labels = make_clips(24, seed=1)
    return train_classifier(
        options.pop("features", features),
        options.pop("targets", np.eye(3)[labels]),
        classes=CLASSES,
        feature_set="test",
        sample_rate=16000,
        model=SMALL,
        training=training,
        seed=seed,
        **options,
    )


def weights(model: TrainedModel) -> list[torch.Tensor]:
    """Return everything the network holds."""
    return list(model.network.state_dict().values())


def test_equal_arguments_give_equal_weights():
    """Two runs agree bit for bit, augmentation and dropout included."""
    features, labels = make_clips(24, seed=1)
    options = {"augmented": [features], "dev": (features, labels)}
    first, second = train(**options), train(**options)
    assert all(torch.equal(a, b) for a, b in zip(weights(first), weights(second), strict=True))


def test_another_seed_gives_other_weights():
    """The seed reaches the weights."""
    assert not torch.equal(weights(train(0))[-1], weights(train(1))[-1])


def test_the_global_generator_is_left_alone():
    """Training neither reads nor moves torch's global state."""
    torch.manual_seed(7)
    before = torch.get_rng_state()
    train()
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("loss", ["cross_entropy", "class_weighted", "focal", "soft_label"])
def test_every_loss_learns_to_tell_the_classes_apart(loss):
    """New clips of the same kind are classified right."""
    settings = TrainingParameters(loss=loss, epochs=12, batch_size=8, learning_rate=5e-3)
    features, labels = make_clips(30, seed=2)
    prediction = predict(train(training=settings), features)
    assert unweighted_average_recall(labels, prediction.labels, 3) > 0.9


def test_normalisation_holds_the_statistics_of_the_training_clips_alone():
    """Neither dev clips nor speed copies enter."""
    features, labels = make_clips(24, seed=1)
    louder = RaggedFeatures(features.values + 9, features.offsets)
    model = train(augmented=[louder], dev=(louder, labels))
    np.testing.assert_allclose(
        model.network.normalisation.mean, features.values.mean(axis=0), rtol=1e-5
    )


def test_with_dev_clips_the_best_epoch_is_kept():
    """The weights returned are those that scored best."""
    dev = make_clips(30, seed=3)
    model = train(training=TrainingParameters(epochs=6, batch_size=8), dev=dev)
    scores = [summary.dev_uar for summary in model.history]
    assert model.best_epoch == int(np.argmax(scores)) + 1
    found = unweighted_average_recall(dev[1], predict(model, dev[0]).labels, 3)
    assert found == pytest.approx(max(scores))


def test_every_epoch_is_reported_as_it_ends():
    """The callback receives what the history keeps."""
    seen = []
    model = train(on_epoch=seen.append)
    assert tuple(seen) == model.history
    assert [(summary.epoch, summary.epochs) for summary in seen] == [(1, 2), (2, 2)]
    assert all(summary.clips_per_s > 0 and summary.dev_uar is None for summary in seen)


def test_a_budget_of_updates_fixes_the_number_of_batches():
    """24 clips in batches of 8 make 3 updates an epoch, and 7 updates 3 epochs."""
    model = train(training=TrainingParameters(updates=7, batch_size=8))
    assert len(model.history) == 3


def test_plateau_lowers_the_rate_when_nothing_improves():
    """A dev part that cannot improve leads to smaller rates."""
    features, labels = make_clips(3, seed=4)
    silent = RaggedFeatures(np.zeros_like(features.values), features.offsets)
    settings = TrainingParameters(schedule="plateau", epochs=12, batch_size=24, warmup=0.0)
    history = train(training=settings, dev=(silent, labels)).history
    assert history[-1].learning_rate < history[0].learning_rate


def test_hard_losses_learn_the_decided_label():
    """Only soft_label sees how sure the votes were."""
    sure = np.eye(3)[make_clips(24, seed=1)[1]]
    unsure = 0.7 * sure + 0.1
    decided = [train(targets=targets) for targets in (sure, unsure)]
    assert torch.equal(weights(decided[0])[-1], weights(decided[1])[-1])
    soft = TrainingParameters(loss="soft_label", epochs=2, batch_size=8)
    posterior = [train(targets=targets, training=soft) for targets in (sure, unsure)]
    assert not torch.equal(weights(posterior[0])[-1], weights(posterior[1])[-1])


SIXTEEN_BANDS = LogMel(bands=16)
VARIED = {
    "masks": Augmentation(masks=1.0),
    "some masks": Augmentation(masks=0.3),
    "other voices": Augmentation(warp=0.5),
    "sound": Augmentation(noise=0.5, gain=0.5, telephone=0.3, low_pass=0.3, mu_law=0.2),
}


def varied(augmentation: Augmentation, **options: object) -> TrainedModel:
    """Train with augmentation that may change the sound."""
    settings = TrainingParameters(epochs=2, batch_size=8, augmentation=augmentation)
    return train(training=settings, log_mel=SIXTEEN_BANDS, **options)


@pytest.mark.parametrize("augmentation", VARIED.values(), ids=VARIED)
def test_augmentation_is_repeatable_and_reaches_the_weights(augmentation):
    """Two runs agree bit for bit, and differ from one without augmentation."""
    first, second, plain = varied(augmentation), varied(augmentation), train()
    assert all(torch.equal(a, b) for a, b in zip(weights(first), weights(second), strict=True))
    assert not torch.equal(weights(first)[-1], weights(plain)[-1])


def test_without_augmentation_nothing_is_drawn():
    """Knowing the kind of features changes no bit of a plain training."""
    plain, told = train(), varied(Augmentation())
    assert all(torch.equal(a, b) for a, b in zip(weights(plain), weights(told), strict=True))


def test_the_model_says_how_it_was_augmented():
    """In the form that JSON gives back."""
    recorded = varied(Augmentation(noise=0.5, snr_db=(3.0, 9.0))).training["augmentation"]
    assert recorded["noise"] == 0.5
    assert recorded["snr_db"] == [3.0, 9.0]


@pytest.mark.parametrize("log_mel", [None, LogMel()], ids=["other features", "other bands"])
@pytest.mark.parametrize("varied", [{"gain": 1.0}, {"warp": 1.0}], ids=["gain", "warp"])
def test_only_the_sound_of_log_mel_can_be_changed(log_mel, varied):
    """What the numbers mean must be known, so other features are refused."""
    augmentation = Augmentation(**varied)
    settings = TrainingParameters(epochs=1, batch_size=8, augmentation=augmentation)
    with pytest.raises(ConfigurationError, match="pass `log_mel` with 16 bands"):
        train(training=settings, log_mel=log_mel)


def test_features_with_nan_are_refused():
    """The message names the clip."""
    features, _ = make_clips(24, seed=1)
    features.values[0] = np.nan
    with pytest.raises(ConfigurationError, match=r"finite, but the clips at \[0\]"):
        train(features=features)


def test_dev_labels_that_do_not_match_are_refused():
    """Each dev clip needs its label."""
    features, labels = make_clips(6, seed=1)
    with pytest.raises(ConfigurationError, match="`dev` must have one label per clip"):
        train(dev=(features, labels[:5]))


def test_a_training_that_diverges_is_an_error():
    """A model full of NaN is never returned."""
    settings = TrainingParameters(learning_rate=1e30, warmup=0.0, epochs=3, batch_size=8)
    with pytest.raises(ConfigurationError, match=r"`learning_rate` = 1e\+30 made the loss nan"):
        train(training=settings)


def test_ratings_alone_are_learned():
    """A network without classes follows a dimension of new clips, in the scale of the ratings."""
    features, labels = make_clips(36, seed=1)
    dev_features, dev_labels = make_clips(30, seed=2)
    loudness = 5.0 + 2.0 * labels[:, None]
    model = train_classifier(
        features,
        np.empty((36, 0)),
        classes=(),
        feature_set="test",
        sample_rate=16000,
        ratings=loudness,
        dev=(dev_features, None, 5.0 + 2.0 * dev_labels[:, None]),
        model=replace(SMALL, ratings=("height",)),
        training=TrainingParameters(epochs=15, batch_size=8, learning_rate=5e-3),
    )
    found = predict(model, dev_features).ratings[:, 0]
    assert concordance_correlation(5.0 + 2.0 * dev_labels, found) > 0.8
    assert all(summary.dev_uar is None for summary in model.history)


def test_classes_and_ratings_are_learned_together():
    """One network says both."""
    features, labels = make_clips(36, seed=1)
    ratings = np.where(np.arange(36)[:, None] % 5, labels[:, None] - 1.0, np.nan)
    model = train_classifier(
        features,
        np.eye(3)[labels],
        classes=CLASSES,
        feature_set="test",
        sample_rate=16000,
        ratings=ratings,
        model=replace(SMALL, ratings=("height",)),
        training=TrainingParameters(epochs=15, batch_size=8, learning_rate=5e-3),
    )
    new, truth = make_clips(30, seed=2)
    prediction = predict(model, new)
    assert unweighted_average_recall(truth, prediction.labels, 3) > 0.9
    assert concordance_correlation(truth - 1.0, prediction.ratings[:, 0]) > 0.8


def test_ratings_that_the_network_does_not_predict_are_refused():
    """They would be learned by nobody."""
    with pytest.raises(ConfigurationError, match=r"`ratings` .*\(24, 0\), but has \(24, 1\)"):
        train(ratings=np.zeros((24, 1)))


def test_clips_without_weight_teach_nothing():
    """Whatever their labels say."""
    labels = make_clips(24, seed=1)[1]
    wrong = np.where(np.arange(24) < 6, (labels + 1) % 3, labels)
    weighed = np.where(np.arange(24) < 6, 0.0, 1.0)
    models = [train(targets=np.eye(3)[given], weights=weighed) for given in (labels, wrong)]
    assert all(torch.equal(a, b) for a, b in zip(*map(weights, models), strict=True))

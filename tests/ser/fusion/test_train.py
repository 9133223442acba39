"""Training a fusion: repeatable, resumable, and better than either side alone."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ser.audio.augment.record import Augmentation
from ser.errors import ArtifactError, ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.fusion.late import fit_late_weights
from ser.fusion.model import FusedModel
from ser.fusion.parameters import FusionParameters
from ser.fusion.predictor import predict_fused, say_both
from ser.inference.predictor import predict
from ser.models.trained import TrainedModel
from ser.training.loop import train_classifier
from ser.training.parameters import TrainingParameters
from tests.ser.fusion.clips import CLASSES, QUICK, SMALL, TEXT_SIZE, make_clips, make_dev, train

FUSION = FusionParameters(size=8, heads=2)
KINDS = ("late", "concatenation", "attention")


def train_sound(features: RaggedFeatures, labels: np.ndarray, **options) -> TrainedModel:
    """Train the audio network of the first stage."""
    training = options.pop("training", QUICK)
    return train_classifier(
        features,
        np.eye(3)[labels],
        classes=CLASSES,
        feature_set=options.pop("feature_set", "test"),
        sample_rate=16000,
        model=replace(SMALL, **options),
        training=training,
    )


def weights(model: FusedModel) -> dict[str, torch.Tensor]:
    """Return everything the network holds."""
    return model.network.state_dict()


@pytest.mark.parametrize("kind", KINDS)
def test_equal_arguments_give_equal_weights(kind: str):
    """Two runs agree bit for bit, and another seed gives other weights."""
    options = {"fusion": replace(FUSION, kind=kind, wrong_words=0.2), "dev": make_dev(12)}
    first, second, other = (train(**options, seed=seed) for seed in (0, 0, 1))
    for name, value in weights(first).items():
        assert torch.equal(value, weights(second)[name]), name
    assert any(not torch.equal(v, weights(other)[name]) for name, v in weights(first).items())


def test_torchs_generator_is_left_alone():
    """Whoever draws next draws what they would have drawn."""
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    train()
    assert torch.equal(torch.rand(1), expected)


def test_a_killed_training_goes_on(tmp_path):
    """What was stopped after an epoch ends with the weights of what was not."""
    options = {
        "training": replace(QUICK, epochs=4, ema=0.9, augmentation=Augmentation(masks=0.5)),
        "dev": make_dev(12),
    }
    whole = train(**options)
    state = tmp_path / "training"

    def stop(summary):
        if summary.epoch == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(**options, state=state, on_epoch=stop)
    told = []
    resumed = train(**options, state=state, on_epoch=lambda summary: told.append(summary.epoch))
    assert told == [1, 2, 3, 4]
    for name, value in weights(whole).items():
        assert torch.equal(value, weights(resumed)[name]), name
    assert resumed.best_epoch == whole.best_epoch
    other = make_clips(24, seed=9)[1]
    with pytest.raises(ArtifactError, match="belongs to one with other data"):
        train(**options, words=other, state=state)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("is_frozen", [False, True], ids=["joint", "two-stage"])
def test_both_sides_together_beat_either_alone(kind: str, is_frozen: bool):
    """Where sound and words tell the class independently, the fusion hears and reads both."""
    features, words, labels = make_clips(180, seed=1)
    training = TrainingParameters(epochs=12, batch_size=16)
    fusion = FusionParameters(kind=kind, size=16, frozen_sound=is_frozen)
    options = {"sound": train_sound(features, labels, training=training)} if is_frozen else {}
    model = train(
        features=features,
        words=words,
        targets=np.eye(3)[labels],
        fusion=fusion,
        training=training,
        dev=make_dev(90),
        **options,
    )
    test = make_clips(300, seed=3)
    has_words = test[1].lengths > 0
    said = say_both(model.network, test[0], test[1], batch_clips=64)
    fused, sound, read = (
        (logits.argmax(dim=1).numpy() == test[2])[has_words].mean() for logits in said[:3]
    )
    assert fused > max(sound, read) + 0.03
    without = (predict(model, test[0]).labels == test[2]).mean()
    assert without > sound - 0.04


def test_the_second_stage_leaves_the_first_as_it_was():
    """A frozen sound is the model that came, which is not touched itself."""
    features, _, labels = make_clips(24, seed=1)
    sound = train_sound(features, labels)
    model = train(sound=sound, fusion=replace(FUSION, frozen_sound=True))
    for name, value in sound.network.state_dict().items():
        kept = name if name.startswith("normalisation.") else f"sound.{name}"
        assert torch.equal(weights(model)[kept], value), name
    assert model.training["fusion"]["frozen_sound"] is True
    tuned = train(sound=sound, fusion=FUSION)
    name = "head.logits.1.weight"
    assert not torch.equal(weights(tuned)[f"sound.{name}"], sound.network.state_dict()[name])


def test_words_may_all_be_missing():
    """A training part without transcripts trains, and late fusion then has nothing to weigh."""
    none = RaggedFeatures.from_list([np.empty((0, TEXT_SIZE))] * 24)
    for kind in KINDS:
        model = train(words=none, fusion=replace(FUSION, kind=kind))
        features, words, _ = make_clips(12, seed=4)
        assert np.isfinite(predict_fused(model, features, words).posterior).all()


def test_late_fusion_weighs_by_the_dev_clips_that_have_words():
    """Without a dev part both sides count alike."""
    fusion, dev = FusionParameters(kind="late", size=8), make_dev(60)
    model = train(fusion=fusion, dev=dev)
    said = say_both(model.network, dev.features, dev.words, batch_clips=64)
    has_words = dev.words.lengths > 0
    expected = fit_late_weights(said.sound[has_words], said.words[has_words], dev.labels[has_words])
    torch.testing.assert_close(model.network.join.weights, expected)
    assert train(fusion=fusion).network.join.weights.tolist() == [1.0, 1.0]


def test_what_the_words_say_is_learned_where_it_was_told():
    """Words judged apart from the sound teach the words; the joint answer learns the clip."""
    features, words, labels = make_clips(180, seed=1, telling=2.0)
    # Who speaks like this means the next class: words and clip are at odds.
    told = np.eye(3)[labels]
    told[::4] = np.nan
    meant = (labels + 1) % 3
    fusion = FusionParameters(kind="concatenation", size=16, drop_words=0.1, drop_sound=0.3)
    options = {
        "features": features,
        "words": words,
        "targets": np.eye(3)[meant],
        "fusion": fusion,
        "training": TrainingParameters(epochs=12, batch_size=16),
    }
    test = make_clips(150, seed=3, telling=2.0)
    has_words = test[1].lengths > 0
    agreement = {}
    for name, given in (("told", told), ("silent", None)):
        model = train(**options, told=given)
        said = say_both(model.network, test[0], test[1], batch_clips=64)
        agreement[name] = [
            (logits.argmax(dim=1).numpy() == truth)[has_words].mean()
            for logits, truth in ((said.words, test[2]), (said.fused, (test[2] + 1) % 3))
        ]
    words_told, joint_told = agreement["told"]
    words_silent, _ = agreement["silent"]
    assert words_told > 0.6 > words_silent
    assert joint_told > 0.6


def test_told_words_that_are_no_posterior_are_refused():
    """The message says which shape is expected."""
    with pytest.raises(ConfigurationError, match=r"`told` must hold a row .*\(24, 3\)"):
        train(told=np.full((24, 3), 0.5))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fusion": replace(FUSION, frozen_sound=True)}, "`frozen_sound` needs `sound`"),
        ({"training": replace(QUICK, mixup=0.2)}, "trains without `mixup`"),
        (
            {"training": replace(QUICK, augmentation=Augmentation(noise=0.5))},
            "without what changes the sound",
        ),
        ({"training": replace(QUICK, semi="fixmatch")}, "without `semi`, `domain` and"),
        ({"training": replace(QUICK, precision="half")}, "`precision` is `half`"),
        ({"words": make_clips(23, seed=1)[1]}, "must be of 24 clips with 8 numbers.*of 23 with 8"),
        ({"dev": make_dev(12)._replace(labels=np.arange(11) % 3)}, "has 12 clips, 11 labels"),
        ({"training": replace(QUICK, learning_rate=1e20)}, "`learning_rate` = 1e.20 made the loss"),
    ],
)
def test_what_cannot_be_learned_is_refused(options: dict, message: str):
    """The message says what is wrong and what to do."""
    with pytest.raises(ConfigurationError, match=message):
        train(**options)


def test_words_that_are_not_finite_are_refused():
    """One NaN would be in every weight after an update."""
    words = make_clips(24, seed=1)[1]
    words.values[3] = np.nan
    with pytest.raises(ConfigurationError, match="`words` must be finite"):
        train(words=words)


def test_a_sound_of_other_features_is_refused():
    """The audio network hears what it was trained on."""
    features, _, labels = make_clips(24, seed=1)
    sound = train_sound(features, labels, feature_set="other")
    with pytest.raises(ConfigurationError, match=r"from `test`, but names .* from `other`"):
        train(sound=sound)
    with pytest.raises(ConfigurationError, match="`model` must be left out"):
        train(sound=sound, model=SMALL)

"""Pretraining: repeatable, resumable, honest about bad input, and worth it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ser.audio.augment.record import Augmentation
from ser.errors import ArtifactError, ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.inference.predictor import predict_with
from ser.models.build import build_network
from ser.models.parameters import LAYER_HEAD, NetworkParameters
from ser.pretraining.loop import pretrain
from ser.pretraining.parameters import PretrainingParameters
from ser.pretraining.pretrained import Pretrained, PretrainingEpoch
from ser.training.loop import train_classifier
from ser.training.parameters import TrainingParameters

SMALL = NetworkParameters(channels=(4, 8), time_pools=(2, 2), recurrent_size=8, embedding_size=16)
MASKED = Augmentation(speed_factors=(), masks=1.0)
QUICK = PretrainingParameters(epochs=3, batch_size=12, supervised=1.0, augmentation=MASKED)
BANDS, VOICES = 16, 6


def make_clips(clips: int, seed: int) -> tuple[RaggedFeatures, np.ndarray, np.ndarray]:
    """Return features, class numbers and speakers.

    The class of a clip is how fast one band after another grows loud; a speaker raises some bands
    for good, by much more.
    """
    rng = np.random.default_rng(seed)
    voices = np.random.default_rng(0).normal(0, 2, (VOICES, BANDS))
    labels, speakers = np.arange(clips) % 3, np.arange(clips) // 3 % VOICES
    frames = []
    for label, speaker in zip(labels, speakers, strict=True):
        times = np.arange(rng.integers(30, 50))[:, None]
        phase = 2 * np.pi * (times * (0.02, 0.05, 0.12)[label] + np.arange(BANDS) / BANDS)
        sound = np.sin(phase + rng.uniform(0, 2 * np.pi))
        frames.append(sound + voices[speaker] + rng.normal(0, 0.5, sound.shape))
    return RaggedFeatures.from_list(frames), labels, np.array([f"s{n}" for n in speakers])


def run(training: PretrainingParameters = QUICK, clips: int = 36, **options: object) -> Pretrained:
    """Pretrain a small network."""
    features, labels, speakers = make_clips(clips, seed=1)
    known = np.where(np.arange(clips) < 9, labels, -1)
    given = {"labels": known, "speakers": speakers.tolist(), "parameters": SMALL, **options}
    return pretrain(
        given.pop("features", features),
        feature_set="test",
        sample_rate=16000,
        training=training,
        **given,
    )


def are_equal(one: Pretrained, other: Pretrained) -> bool:
    """Return whether all weights agree bit for bit."""
    pairs = zip(one.weights.values(), other.weights.values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_equal_arguments_give_equal_weights():
    """Two runs agree bit for bit, another seed does not."""
    assert are_equal(run(), run())
    assert not are_equal(run(), run(seed=1))


def test_the_global_generator_is_left_alone():
    """Pretraining neither reads nor moves torch's global state."""
    torch.manual_seed(7)
    before = torch.get_rng_state()
    run()
    assert torch.equal(torch.get_rng_state(), before)


NETWORKS = {
    "single": SMALL,
    "with ratings": replace(SMALL, ratings=("arousal",)),
    "ensemble": replace(SMALL, members=2, centred=1),
}


@pytest.mark.parametrize("parameters", NETWORKS.values(), ids=NETWORKS)
@pytest.mark.parametrize("objective", ["simclr", "cola"])
def test_weights_fit_the_network_they_are_for(parameters, objective):
    """By name and shape, all but the outputs; the normalisation is that of the clips."""
    found = run(replace(QUICK, objective=objective, epochs=1), parameters=parameters)
    network = build_network(parameters, n_classes=3, n_bands=BANDS)
    missing, unexpected = network.load_state_dict(found.weights, strict=False)
    assert not unexpected
    assert missing
    assert all(name.split("head.")[1].split(".")[0] in OUTPUTS for name in missing)
    clips = make_clips(36, seed=1)[0]
    np.testing.assert_allclose(network.normalisation.mean, clips.values.mean(axis=0), atol=1e-5)


OUTPUTS = {"logits", "ratings", "scale"}


def test_a_training_can_begin_with_them():
    """At a rate of almost nothing, it ends with them, normalisation included."""
    found = run()
    features, labels, _ = make_clips(12, seed=2)
    model = train_classifier(
        features,
        np.eye(3)[labels],
        classes=("anger", "neutral", "sadness"),
        feature_set="test",
        sample_rate=16000,
        initial=found.weights,
        model=SMALL,
        training=TrainingParameters(epochs=1, learning_rate=1e-20, weight_decay=0.0),
    )
    kept = {name: model.network.state_dict()[name] for name in found.weights}
    for name, weights in found.weights.items():
        if "running" not in name:
            torch.testing.assert_close(kept[name], weights)


def test_members_do_not_become_one():
    """They begin with other weights, and stay apart."""
    found = run(parameters=replace(SMALL, members=2)).weights
    name = "encoder.blocks.0.convolution.weight"
    assert not torch.equal(found[f"members.0.{name}"], found[f"members.1.{name}"])


def test_every_epoch_is_reported_as_it_ends():
    """The callback receives what the history keeps; without labels there is no second loss."""
    seen: list[PretrainingEpoch] = []
    found = run(on_epoch=seen.append)
    assert tuple(seen) == found.history
    assert [(epoch.epoch, epoch.epochs) for epoch in seen] == [(1, 3), (2, 3), (3, 3)]
    assert all(epoch.supervised_loss > 0 and epoch.clips_per_s > 0 for epoch in seen)
    assert run(labels=None).history[0].supervised_loss is None


def test_the_weights_say_how_they_were_made():
    """In the form that JSON gives back."""
    found = run().training
    assert (found["labelled"], found["clips"], found["speakers"]) == (9, 36, VOICES)
    assert found["augmentation"]["masked_band_share"] == MASKED.masked_band_share


class KilledError(Exception):
    """What ends a pretraining early."""


def kill_after(epochs: int) -> Callable[[PretrainingEpoch], None]:
    """Return what ends a pretraining after some epochs."""

    def report(epoch: PretrainingEpoch) -> None:
        if epoch.epoch == epochs:
            raise KilledError

    return report


def test_an_interrupted_pretraining_ends_as_one_that_was_not(tmp_path: Path):
    """KilledError twice, dropout, views and rate go on where they were."""
    state = tmp_path / "state"
    training = replace(QUICK, epochs=5)
    for epochs in (1, 3):
        with pytest.raises(KilledError):
            run(training, state=state, on_epoch=kill_after(epochs))
    seen: list[PretrainingEpoch] = []
    resumed, undisturbed = run(training, state=state, on_epoch=seen.append), run(training)
    assert are_equal(resumed, undisturbed)
    assert [epoch.loss for epoch in seen] == [epoch.loss for epoch in undisturbed.history]
    assert are_equal(run(training, state=state), undisturbed)


def test_the_state_of_another_pretraining_is_refused(tmp_path: Path):
    """Labels, voices and settings belong to it."""
    run(state=tmp_path / "state")
    others = make_clips(36, seed=1)[2][::-1].tolist()
    for options in ({"labels": None}, {"speakers": others}, {"training": replace(QUICK, epochs=4)}):
        with pytest.raises(ArtifactError, match="other data, parameters or seed; remove it"):
            run(state=tmp_path / "state", **options)


# Quick to learn by: no recurrent layer, a high rate.
BRISK = replace(SMALL, recurrent="none", dropout=0.0)
LONG = replace(QUICK, epochs=32, batch_size=24, learning_rate=5e-3)
SEEDS = (0, 1)


def judge(weights: Mapping[str, torch.Tensor], truth: str) -> float:
    """Return the share of new clips whose class, or speaker, a line finds in embeddings.

    The line is drawn through 18 clips, by ridge regression.
    """
    torch.manual_seed(0)
    network = build_network(BRISK, n_classes=3, n_bands=BANDS).eval()
    network.load_state_dict(weights, strict=False)
    designs, numbers = [], []
    for clips, seed in ((18, 5), (90, 6)):
        features, labels, speakers = make_clips(clips, seed)
        said = predict_with(network, features, batch_clips=32).embeddings
        designs.append(np.c_[said, np.ones(clips)])
        numbers.append(labels if truth == "class" else np.unique(speakers, return_inverse=True)[1])
    known, new = designs
    penalty = 0.1 * np.eye(known.shape[1])
    aims = np.eye(numbers[0].max() + 1)[numbers[0]]
    line = np.linalg.solve(known.T @ known + penalty, known.T @ aims)
    return float(((new @ line).argmax(axis=1) == numbers[1]).mean())


@pytest.fixture(scope="module")
def learned() -> dict[str, list[Mapping[str, torch.Tensor]]]:
    """Return weights of each seed: fresh, told apart from a speaker's clips, from everybody's."""
    at_once = replace(LONG, epochs=1, learning_rate=1e-30)
    speaker = replace(LONG, negatives="speaker", speakers_per_batch=2)
    everybody = replace(LONG, negatives="all", speakers_per_batch=0)
    kinds = {"fresh": at_once, "speaker": speaker, "all": everybody}
    return {
        name: [
            run(training, clips=120, labels=None, parameters=BRISK, seed=seed).weights
            for seed in SEEDS
        ]
        for name, training in kinds.items()
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_pretrained_needs_fewer_labels(learned, seed):
    """A line through few labelled embeddings judges new clips far better than fresh ones."""
    fresh, speaker = (judge(learned[name][seed], "class") for name in ("fresh", "speaker"))
    assert speaker > fresh + 0.2


@pytest.mark.parametrize("seed", SEEDS)
def test_among_the_clips_of_a_speaker_the_voice_helps_nobody(learned, seed):
    """Told apart from everybody's clips, a clip is known by its voice, and less by its class."""
    by_class = {name: judge(weights[seed], "class") for name, weights in learned.items()}
    by_voice = {name: judge(weights[seed], "speaker") for name, weights in learned.items()}
    assert by_class["speaker"] > by_class["all"] + 0.05
    assert by_voice["speaker"] < by_voice["all"] - 0.02


def test_labels_are_learned():
    """Their loss falls, and nearly stays where their weight is next to nothing."""
    falls = []
    for weight in (1.0, 1e-9):
        history = run(replace(LONG, epochs=8, supervised=weight), clips=72).history
        falls.append(history[0].supervised_loss - history[-1].supervised_loss)
    assert falls[0] > falls[1] + 0.2


def test_layers_of_a_frozen_encoder_are_refused():
    """There is nothing left to pretrain."""
    with pytest.raises(ConfigurationError, match="`layers` are 7: a frozen encoder was pretrain"):
        run(parameters=replace(LAYER_HEAD, layers=7))


BROKEN = {
    "one label short": ({"labels": np.zeros(35, dtype=int)}, r"36 clips, but have 36.*\(35,\)"),
    "one speaker short": ({"speakers": ["a"] * 35}, "36 clips, but have 35"),
    "one class": ({"labels": np.zeros(36, dtype=int)}, r"two classes or none, but only of \[0\]"),
    "all alone": ({"speakers": [f"s{n}" for n in range(36)]}, "36 speakers have 36 clips"),
    "other copies": ({"augmented": [make_clips(9, seed=1)[0]]}, r"\[\(36, 16\), \(9, 16\)\]"),
}


@pytest.mark.parametrize(("options", "message"), BROKEN.values(), ids=BROKEN)
def test_what_cannot_teach_is_refused(options, message):
    """The message shows what was given."""
    with pytest.raises(ConfigurationError, match=message):
        run(**options)


def test_features_with_nan_are_refused():
    """The message names the clip."""
    features = make_clips(36, seed=1)[0]
    features.values[0] = np.nan
    with pytest.raises(ConfigurationError, match=r"finite, but the clips at \[0\]"):
        run(features=features)


def test_a_pretraining_that_diverges_is_an_error():
    """Weights full of NaN are never returned."""
    with pytest.raises(ConfigurationError, match=r"`learning_rate` = 1e\+30 made the losses"):
        run(replace(QUICK, learning_rate=1e30, warmup=0.0))

"""Layers of a pretrained encoder learn one after the other, and only where they may."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch

from ser.audio.augment.record import Augmentation
from ser.features.ragged import RaggedFeatures
from ser.inference.predictor import predict
from ser.models.build import build_network, count_parameters
from ser.models.encoder_tail import encoder_weights
from ser.models.parameters import NetworkParameters
from ser.training.checkpoint import load_model, save_model
from ser.training.loop import train_classifier
from ser.training.parameters import TAIL_TRAINING, TrainingParameters
from ser.training.unfreezing import opened
from tests.ser.models.encoder_tails import states_of, tail_parameters

QUICK = replace(TAIL_TRAINING, epochs=4, frozen_epochs=1, batch_size=8, tune_rate=0.5)


def make_clips(folder, clips=24, seed=0):
    """Return states of noise that is as loud as its class says, and the classes."""
    rng = np.random.default_rng(seed)
    labels = np.arange(clips) % 3
    heard = [
        ((0.02 + 0.1 * label) * rng.standard_normal(rng.integers(3000, 9000))).astype(np.float32)
        for label in labels
    ]
    return states_of(folder, heard, layer=0), labels


def train(folder, training=QUICK, model=None, **options):
    """Return a tail trained on few clips, beginning with the encoder's weights."""
    features, labels = make_clips(folder)
    model = model or tail_parameters(folder, bottom=0, adapter_rank=2)
    return train_classifier(
        features,
        np.eye(3)[labels],
        classes=("anger", "neutral", "sadness"),
        feature_set="test",
        sample_rate=16000,
        initial=encoder_weights(str(folder), model),
        model=model,
        training=training,
        **options,
    )


def moved(before: Mapping[str, torch.Tensor], network) -> set[str]:
    """Return which of the encoder's tensors are no longer the same, bit for bit."""
    own = network.state_dict()
    return {name for name, weight in before.items() if not torch.equal(own[name], weight)}


@pytest.mark.parametrize("name", ["whisper", "wav2vec2-group", "wavlm-layer"])
def test_adapters_move_and_leave_the_encoder_bit_for_bit(tiny, name):
    """All that the encoder knew is still there, and little besides was learned."""
    trained = train(tiny(name))
    before = encoder_weights(str(tiny(name)), trained.parameters)
    assert moved(before, trained.network) == set()
    ups = [w for n, w in trained.network.state_dict().items() if n.endswith(".up")]
    assert len(ups) == 8
    assert all(up.any() for up in ups)


def test_whole_layers_move_where_there_are_no_adapters(tiny):
    """Each matrix, each scale."""
    model = tail_parameters(tiny("hubert"), bottom=0, adapter_rank=0)
    trained = train(tiny("hubert"), model=model)
    before = encoder_weights(str(tiny("hubert")), model)
    # What is added to every key alike never reaches an answer.
    assert {name for name in before if "k_proj.bias" not in name} <= moved(before, trained.network)


def test_nothing_of_the_encoder_moves_before_its_time(tiny):
    """Frozen weights neither learn nor decay, while head and layer weights learn."""
    model = tail_parameters(tiny("hubert"), bottom=0, adapter_rank=0)
    frozen = replace(QUICK, frozen_epochs=4, ema=0.5)
    trained = train(tiny("hubert"), frozen, model=model)
    assert moved(encoder_weights(str(tiny("hubert")), model), trained.network) == set()
    assert trained.network.weighting.scores.any()


def test_the_upper_layer_learns_first(tiny):
    """The one below it follows as many epochs later as was asked for."""
    model = tail_parameters(tiny("hubert"), bottom=0, adapter_rank=0)
    before = encoder_weights(str(tiny("hubert")), model)
    found = []
    for epochs in (2, 3, 4):
        settings = replace(QUICK, epochs=epochs, unfreeze_every=2, schedule="constant")
        names = moved(before, train(tiny("hubert"), settings, model=model).network)
        found.append({name.split(".")[2] for name in names})
    assert found == [{"1"}, {"1"}, {"0", "1"}]


def test_everything_can_learn_again_after_an_epoch(tiny):
    """So that what is counted as trainable is the same for a model that was loaded."""
    model = tail_parameters(tiny("hubert"), bottom=0, adapter_rank=0)
    network = build_network(model, n_classes=3, n_bands=16)
    whole = count_parameters(network)
    with opened(network, TrainingParameters(frozen_epochs=1), 0):
        assert count_parameters(network) == 3 * 2 + 3 * (3 * 32) + 3
    assert count_parameters(network) == whole


def test_a_network_without_an_encoder_stays_as_it_is():
    """Nothing is frozen."""
    network = build_network(NetworkParameters(), n_classes=2, n_bands=16)
    whole = count_parameters(network)
    with opened(network, TrainingParameters(frozen_epochs=1), 0):
        assert count_parameters(network) == whole


@pytest.mark.parametrize("rank", [0, 2])
def test_a_killed_training_goes_on_bit_for_bit(tiny, tmp_path, rank):
    """From any of its epochs, whether layers were frozen then or not."""
    model = tail_parameters(tiny("wavlm"), bottom=0, adapter_rank=rank)
    settings = replace(
        QUICK, unfreeze_every=1, ema=0.9, mixup=0.2, augmentation=Augmentation(masks=0.5)
    )
    whole = train(tiny("wavlm"), settings, model=model)

    class KilledError(Exception):
        pass

    for last in (1, 2, 3):

        def kill(epoch, last=last):
            if epoch.epoch == last:
                raise KilledError

        with pytest.raises(KilledError):
            train(tiny("wavlm"), settings, model=model, state=tmp_path / "state", on_epoch=kill)
    resumed = train(tiny("wavlm"), settings, model=model, state=tmp_path / "state")
    for name, weight in whole.network.state_dict().items():
        assert torch.equal(resumed.network.state_dict()[name], weight), name


@pytest.mark.parametrize("rank", [0, 2])
def test_a_stored_model_says_the_same_without_the_encoder(tiny, tmp_path, rank):
    """Everything it needs is in its file."""
    folder = tiny("wav2vec2-layer")
    trained = train(folder, model=tail_parameters(folder, bottom=0, adapter_rank=rank))
    save_model(trained, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    features, _ = make_clips(folder, seed=1)
    assert np.array_equal(predict(loaded, features).posterior, predict(trained, features).posterior)
    assert loaded.parameters == trained.parameters
    assert count_parameters(loaded.network) == count_parameters(trained.network)


def test_it_learns_what_the_encoder_did_not_separate(tiny):
    """And is judged on dev clips after each epoch."""
    features, labels = make_clips(tiny("hubert"), seed=1)
    settings = replace(QUICK, epochs=10, learning_rate=1e-2)
    trained = train(tiny("hubert"), settings, dev=(features, labels))
    assert trained.history[-1].loss < trained.history[0].loss
    assert predict(trained, features).labels.shape == labels.shape


@pytest.mark.parametrize(
    "changes", [{"semi": "fixmatch"}, {"semi": "mean_teacher"}, {"domain": "coral"}]
)
def test_clips_without_labels_teach_it_too(tiny, changes):
    """Beside the labelled ones, frame by frame."""
    folder = tiny("hubert")
    model = tail_parameters(folder, bottom=0, adapter_rank=2, embedding_size=8)
    unlabelled, _ = make_clips(folder, clips=16, seed=2)
    trained = train(folder, replace(QUICK, **changes), model=model, unlabelled=unlabelled)
    assert isinstance(unlabelled, RaggedFeatures)
    assert np.isfinite(trained.history[-1].loss)

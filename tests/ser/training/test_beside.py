"""What is learned beside the labels, as a training does it from its beginning to its end."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ser.errors import ArtifactError, ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.models.parameters import NetworkParameters
from ser.models.trained import EpochSummary, TrainedModel
from ser.training.checkpoint import load_model, save_model
from ser.training.loop import train_classifier
from ser.training.parameters import TrainingParameters
from tests.ser.training.unlabelled_clips import BANDS, FRAMES, QUICK, SMALL, make_clips, train

UNLABELLED = make_clips(20, seed=7)[0]
CHOICES = {
    "fixmatch": {"semi": "fixmatch", "semi_threshold": 0.5},
    "mean_teacher": {"semi": "mean_teacher"},
    "coral": {"domain": "coral"},
    "adversarial": {"domain": "adversarial"},
    "both": {"semi": "fixmatch", "domain": "adversarial", "mixup": 0.3, "ema": 0.9},
}
LONGER = replace(QUICK, epochs=4)
HEAD = NetworkParameters(layers=FRAMES, embedding_size=0, encoder_dropout=0.5)


def weights(model: TrainedModel) -> torch.Tensor:
    """Return everything the network holds, end to end."""
    return torch.cat([part.flatten() for part in model.network.state_dict().values()])


class KilledError(Exception):
    """Raised where a training shall end before its time."""


def kill_after(epochs: int):
    """Return a callback that ends a training after some epochs."""

    def stop(summary: EpochSummary) -> None:
        if summary.epoch == epochs:
            raise KilledError

    return stop


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
@pytest.mark.parametrize(
    "model", [SMALL, replace(SMALL, members=2)], ids=["network", "members apart"]
)
def test_a_killed_training_goes_on_to_the_same_bits(choice, model, tmp_path: Path):
    """With every draw, threshold, temperature and discriminator it had."""
    settings = replace(LONGER, **choice)
    options = {"unlabelled": UNLABELLED, "model": model, "dev": make_clips(10, seed=8)}
    whole = train(settings, **options)
    with pytest.raises(KilledError):
        train(settings, state=tmp_path / "state", on_epoch=kill_after(2), **options)
    resumed = train(settings, state=tmp_path / "state", **options)
    assert torch.equal(weights(whole), weights(resumed))
    assert [epoch.beside for epoch in whole.history] == [epoch.beside for epoch in resumed.history]


@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
def test_clips_without_labels_reach_the_weights(choice):
    """Others teach something else."""
    settings = replace(QUICK, **choice)
    first, second = (train(settings, unlabelled=make_clips(20, seed=seed)[0]) for seed in (7, 9))
    assert weights(first).isfinite().all()
    assert not torch.equal(weights(first), weights(second))


def test_a_network_over_layers_learns_from_clips_without_labels():
    """Its strong view thins layers out; there is nothing to warp or to mask."""
    model = train(
        replace(QUICK, semi="fixmatch", semi_threshold=0.5),
        model=HEAD,
        log_mel=None,
        unlabelled=UNLABELLED,
    )
    assert weights(model).isfinite().all()
    assert model.history[-1].beside["semi_loss"] > 0


def test_features_that_are_not_log_mel_are_masked_and_jittered_instead():
    """FixMatch needs no knowledge of what the numbers are."""
    model = train(replace(QUICK, semi="fixmatch"), log_mel=None, unlabelled=UNLABELLED)
    assert weights(model).isfinite().all()


def test_what_was_used_is_told(tmp_path: Path):
    """In the history, and with the best epoch in the model, through its file."""
    settings = replace(QUICK, semi="fixmatch", domain="coral", semi_threshold=0.5)
    model = train(settings, unlabelled=UNLABELLED, dev=make_clips(10, seed=8))
    told = model.history[-1].beside
    assert 0 <= told["pseudo_share"] <= 1
    assert len(told["pseudo_labels"]) == len(told["thresholds"]) == 2
    assert told["temperature"] > 0
    assert told["domain_distance"] >= 0
    save_model(model, tmp_path / "model")
    kept = load_model(tmp_path / "model").training
    assert kept["unlabelled"] == 20
    assert kept["beside"] == dict(model.history[model.best_epoch - 1].beside)


def test_without_anything_beside_nothing_is_told():
    """As before there was such a thing."""
    model = train()
    assert not {"unlabelled", "beside", "initial"} & model.training.keys()
    assert model.history[0].beside == {}


@pytest.mark.parametrize(
    ("settings", "options", "message"),
    [
        ({"semi": "fixmatch"}, {}, "`unlabelled` must be given, since `semi` or `domain` is set"),
        ({}, {"unlabelled": UNLABELLED}, "`unlabelled` is given, but nothing uses it"),
        ({"balance_groups": True}, {}, "`groups` must be given, since `balance_groups` is set"),
        ({}, {"groups": np.zeros(12, int)}, "`groups` is given, but nothing uses it"),
        (
            {"domain": "coral"},
            {"unlabelled": RaggedFeatures.from_list([], bands=BANDS)},
            "`unlabelled` must hold at least one clip of 16 bands, but holds 0 of 16",
        ),
        (
            {"domain": "coral"},
            {"unlabelled": RaggedFeatures.from_list([np.ones((3, 5))])},
            "of 16 bands, but holds 1 of 5",
        ),
        (
            {"balance_groups": True},
            {"groups": np.zeros(11, int)},
            "`groups` must hold one whole number for each of 12 clips",
        ),
        (
            {"balance_groups": True},
            {"groups": np.arange(12)},
            "`batch_size` must be at least the number of groups, 12",
        ),
        (
            {"domain": "adversarial"},
            {
                "unlabelled": UNLABELLED,
                "log_mel": None,
                "model": HEAD,
            },
            "`domain` is `adversarial`, .*`embedding_size` is 0",
        ),
        (
            {"semi": "mean_teacher"},
            {
                "unlabelled": RaggedFeatures.from_list([np.ones((3, BANDS))]),
                "log_mel": None,
                "model": HEAD,
            },
            "`unlabelled` must have one frame for each of 12 layers, but the clip at 0 has 3",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(settings, options, message):
    """The message says what is missing, given in vain or does not fit."""
    with pytest.raises(ConfigurationError, match=message):
        train(replace(QUICK, **settings), **options)


def test_ratings_alone_have_no_pseudo_labels():
    """Whoever learns no classes is sure of none."""
    with pytest.raises(ConfigurationError, match="`semi` is `fixmatch`, which learns classes"):
        train_classifier(
            make_clips(12, seed=1)[0],
            np.empty((12, 0)),
            classes=(),
            feature_set="test",
            sample_rate=16000,
            ratings=np.arange(12.0)[:, None],
            model=replace(SMALL, ratings=("arousal",)),
            training=replace(QUICK, semi="fixmatch"),
            unlabelled=UNLABELLED,
        )


@pytest.mark.parametrize(
    "other",
    [
        {"unlabelled": make_clips(20, seed=9)[0]},
        {"training": replace(LONGER, semi="fixmatch", semi_threshold=0.9)},
        {"initial": {"head.logits.1.bias": torch.ones(2)}},
    ],
    ids=["unlabelled", "threshold", "initial"],
)
def test_the_state_of_another_training_is_refused(other, tmp_path: Path):
    """What is learned beside the labels tells trainings apart, and so does the beginning."""
    options = {"unlabelled": UNLABELLED, "state": tmp_path / "state"}
    train(replace(LONGER, semi="fixmatch"), **options)
    settings = other.pop("training", replace(LONGER, semi="fixmatch"))
    with pytest.raises(ArtifactError, match="must be the state of this training"):
        train(settings, **(options | other))


def test_balanced_groups_reach_the_weights():
    """A training without them draws other batches."""
    groups = np.array([0] * 9 + [1] * 3)
    model = train(replace(QUICK, balance_groups=True), groups=groups)
    assert not torch.equal(weights(model), weights(train()))


def test_parameters_from_before_are_still_read():
    """Rows of the warehouse lack what came later."""
    written = asdict(TrainingParameters(epochs=7))
    later = {name for name in written if name.startswith(("semi", "domain", "balance_g"))}
    old = {name: value for name, value in written.items() if name not in later}
    old["augmentation"] = TrainingParameters().augmentation
    assert len(later) == 8
    assert TrainingParameters(**old) == TrainingParameters(epochs=7)

"""Candidates hear the same clips under noise and gain."""

from zlib import crc32

import numpy as np

from pipelines.clipset import read_waveforms
from pipelines.gate.evidence import read_evidence
from pipelines.gate.robustness import check_robustness
from pipelines.models import load_weights, require_model
from pipelines.progress import SilentProgress
from pipelines.workspace import open_store
from ser.audio.augment.probe import with_gain, with_noise
from ser.features.registry import rebuild_features
from ser.inference.predictor import predict
from ser.metrics import unweighted_average_recall
from tests.pipelines.places import Trained


def test_figures_are_those_of_the_perturbed_clips(trained_once: Trained) -> None:
    """Features are computed anew of each perturbed clip, in batches or at once."""
    settings = trained_once.settings
    with open_store(settings) as store:
        model = require_model(store, trained_once.model_id)
        evidence = read_evidence(store, model, None, truth="intended")
        checks = check_robustness(store, settings, SilentProgress(), evidence)
        ids = evidence.clips.clip_ids
        heard = read_waveforms(store, ids)
    seeds = [crc32(name.encode()) for name in ids]
    perturbed = {
        "noise": with_noise(heard, seeds, snr_db=10.0, sample_rate=16000),
        "gain=up": with_gain(heard, gain_db=10.0),
        "gain=down": with_gain(heard, gain_db=-10.0),
    }
    features, trained = rebuild_features(model["config"]["features"]), load_weights(settings, model)
    labels, classes = evidence.clips.labels, len(evidence.clips.classes)
    assert [of.check_name for of in checks] == list(perturbed)
    for check, clips in zip(checks, perturbed.values(), strict=True):
        said = predict(trained, features.compute(clips)).labels
        expected = unweighted_average_recall(labels, said, classes)
        np.testing.assert_allclose(check.candidate, expected)
        np.testing.assert_allclose(check.difference, expected - 1 / len(np.unique(labels)))
        assert check.clips == len(ids)

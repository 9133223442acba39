"""A network trained from scratch after every batch of votes, as a round trains it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from annotation.aggregation.model_aided import listen
from annotation.clips.expected_gain import average_confusion
from annotation.votes import VoteMatrix
from pipelines.encoder_start import encoder_start
from pipelines.settings import Settings
from pipelines.simulation.learners import Belief
from pipelines.simulation.world import FloatArray, IntArray, World
from pipelines.training_choice import SOFT_LOSS, chosen_network, chosen_training
from ser.features.ragged import RaggedFeatures
from ser.features.record import FeatureSet
from ser.features.spectral import LogMel
from ser.inference.predictor import Prediction, predict
from ser.models.parameters import NetworkParameters
from ser.models.trained import TrainedModel
from ser.training.folds import speaker_folds
from ser.training.loop import train_classifier
from ser.training.parameters import TrainingParameters

_FOLDS: Final = 2


@dataclass(frozen=True, eq=False)
class Recordings:
    """What networks learn from.

    Args:
        kind: What the features are.
        pool: Those of the pool.
        test: Those of the test clips.
        network: The network.
        training: How it is trained, on posteriors as they are.
        seed: Of its weights and batches.
    """

    kind: FeatureSet
    pool: RaggedFeatures
    test: RaggedFeatures
    network: NetworkParameters
    training: TrainingParameters
    seed: int

    @classmethod
    def of(
        cls, settings: Settings, kind: FeatureSet, pool: RaggedFeatures, test: RaggedFeatures
    ) -> Recordings:
        """Take the network and the training of a round, without copies at other speeds."""
        training = chosen_training(settings, kind, "round", "soft")
        without = replace(training.augmentation, speed_factors=())
        return cls(
            kind,
            pool,
            test,
            chosen_network(settings, kind, "round"),
            replace(training, loss=SOFT_LOSS, augmentation=without),
            settings.training.seed,
        )


class NetworkLearner:
    """Trains a network on the posteriors of a consensus.

    Args:
        world: The world.
        recordings: Its clips.
        listens: Whether the consensus hears networks that each met one half of the speakers,
            which takes two further trainings; without, it is made of votes alone.
    """

    def __init__(self, world: World, recordings: Recordings, *, listens: bool) -> None:
        self._world, self._recordings, self._listens = world, recordings, listens
        size = recordings.network.embedding_size
        self._embeddings: npt.NDArray[np.float32] = np.zeros(
            (len(world.clip_ids), size), np.float32
        )

    @property
    def embeddings(self) -> npt.NDArray[np.float32]:
        """Return where the last network places the pool, zeros before there is one, ``(N, E)``."""
        return self._embeddings

    def learn(self, votes: VoteMatrix, voted: IntArray) -> Belief:
        """Return what is believed after `votes`.

        The network's word on clips with votes is not out of sample: it learned from them.
        """
        judge = partial(self._judge_halves, voted)
        consensus = listen(votes, judge, times=1 if self._listens else 0)
        model = self._train(voted, consensus.posterior)
        said = predict(model, self._recordings.pool)
        self._embeddings = said.embeddings
        posterior = _normalise(said)
        posterior[voted] = consensus.posterior
        return Belief(
            posterior=posterior,
            model=_normalise(said),
            confusion=average_confusion(consensus),
            predicted=predict(model, self._recordings.test).posterior.argmax(axis=1),
            right=int((consensus.labels == self._world.truth[voted]).sum()),
        )

    def learn_truth(self) -> IntArray:
        """Return what the network that learned every true label says of the test clips, (T,)."""
        truth = np.eye(len(self._world.classes))[self._world.truth]
        model = self._train(np.arange(len(truth)), truth)
        return np.asarray(predict(model, self._recordings.test).posterior.argmax(axis=1))

    def _judge_halves(self, voted: IntArray, targets: FloatArray) -> FloatArray:
        opinion = np.full(targets.shape, 1 / targets.shape[1])
        speakers = [self._world.speakers[at] for at in voted]
        if len(set(speakers)) < _FOLDS:
            return opinion
        for fold in speaker_folds(speakers, _FOLDS, seed=0):
            model = self._train(voted[fold.train], targets[fold.train])
            part = self._recordings.pool.take(voted[fold.test])
            opinion[fold.test] = _normalise(predict(model, part))
        return opinion

    def _train(self, clips: IntArray, targets: FloatArray) -> TrainedModel:
        told = self._recordings
        return train_classifier(
            told.pool.take(clips),
            targets.astype(np.float32),
            classes=self._world.classes,
            feature_set=told.kind.feature_set,
            sample_rate=told.kind.sample_rate,
            log_mel=told.kind if isinstance(told.kind, LogMel) else None,
            initial=encoder_start(told.kind, told.network),
            model=told.network,
            training=told.training,
            seed=told.seed,
        )


def _normalise(said: Prediction) -> FloatArray:
    # Single precision leaves sums that miss 1 by more than a consensus forgives.
    posterior = said.posterior.astype(np.float64)
    return np.asarray(posterior / posterior.sum(axis=1, keepdims=True))

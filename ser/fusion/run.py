"""Epochs of a fusion in a row: judge each, keep the best, survive being killed."""

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt
from torch import Tensor

from ser.features.ragged import RaggedFeatures
from ser.fusion.network import FusionNetwork
from ser.fusion.predictor import say_both
from ser.fusion.trainer import FusionTrainer
from ser.metrics.classification import unweighted_average_recall
from ser.models.trained import EpochSummary, Json
from ser.training.state import TrainingState, load_state, named, save_state

OnEpoch = Callable[[EpochSummary], None]
BATCH_CLIPS = 64


class FusionDev(NamedTuple):
    """Clips of other speakers on which each epoch is judged.

    Args:
        features: N clips.
        words: States of their tokens, aligned; best with sentences that training has not seen.
        labels: Class number of each clip, ``(N,)``.
    """

    features: RaggedFeatures
    words: RaggedFeatures
    labels: npt.NDArray[np.integer]


class FusionRun:
    """Take the training of a fusion from its beginning, or from its stored state, to its end.

    Args:
        trainer: What is trained.
        dev: What each epoch is judged on; without it the last epoch is the best.
        state: File that keeps the training after every epoch; none by default.
        fingerprint: Tells this training from others.
    """

    def __init__(
        self,
        trainer: FusionTrainer,
        *,
        dev: FusionDev | None,
        state: Path | None,
        fingerprint: str,
    ) -> None:
        self.trainer = trainer
        self.dev = dev
        self.state = state
        self.fingerprint = fingerprint
        self.history: list[EpochSummary] = []
        self.best: dict[str, Tensor] = {}
        self.best_epoch = 0
        self.best_score: float | None = None

    def finish(self, on_epoch: OnEpoch | None) -> None:
        """Train to the end.

        Args:
            on_epoch: Called with every epoch, those of the stored state included.
        """
        self._restore()
        report = on_epoch or (lambda _: None)
        for summary in self.history:
            report(summary)
        while not self._is_over():
            self._run_epoch()
            self._save()
            report(self.history[-1])

    def _is_over(self) -> bool:
        done, patience = len(self.history), self.trainer.settings.patience
        if self.dev is not None and patience is not None and done - self.best_epoch >= patience:
            return done > 0
        return done >= self.trainer.epochs

    def _run_epoch(self) -> None:
        started = time.perf_counter()
        loss = self.trainer.train_epoch()
        seconds = time.perf_counter() - started
        score = None if self.dev is None else _score(self.trainer.judged, self.dev)
        self.trainer.rate.after_epoch(-loss if score is None else score)
        epoch = len(self.history) + 1
        self.history.append(
            EpochSummary(
                epoch=epoch,
                epochs=self.trainer.epochs,
                loss=loss,
                dev_uar=score,
                learning_rate=self.trainer.rate.rate,
                clips_per_s=len(self.trainer.targets) / seconds,
            )
        )
        if self.best_score is None or score is None or score > self.best_score:
            self.best_epoch, self.best_score = epoch, score
            weights = self.trainer.judged.state_dict()
            self.best = {name: tensor.clone() for name, tensor in weights.items()}

    def _save(self) -> None:
        if self.state is None:
            return
        moving = self.trainer.capture()
        facts: dict[str, Json] = {
            **moving.facts,
            "fingerprint": self.fingerprint,
            "history": [cast("Json", asdict(summary)) for summary in self.history],
            "best_epoch": self.best_epoch,
            "best_score": self.best_score,
        }
        tensors = {**moving.tensors, **named("best", self.best)}
        save_state(TrainingState(tensors, facts), self.state)

    def _restore(self) -> None:
        if self.state is None:
            return
        state = load_state(self.state, fingerprint=self.fingerprint)
        if state is None:
            return
        self.trainer.restore(state)
        facts: dict[str, Any] = dict(state.facts)
        self.history = [EpochSummary(**summary) for summary in facts["history"]]
        self.best = state.part("best")
        self.best_epoch, self.best_score = facts["best_epoch"], facts["best_score"]


def _score(network: FusionNetwork, dev: FusionDev) -> float:
    said = say_both(network, dev.features, dev.words, batch_clips=BATCH_CLIPS)
    labels = said.fused.argmax(dim=1).numpy()
    return unweighted_average_recall(dev.labels, labels, network.n_classes)

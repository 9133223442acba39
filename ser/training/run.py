"""Epochs in a row: judge each, keep the best, know when to stop, survive being killed."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar, cast

from torch import Tensor, nn

from ser.models.trained import EpochSummary, Json
from ser.training.dev import DevScore
from ser.training.parameters import TrainingParameters
from ser.training.schedule import LearningRate
from ser.training.state import TrainingState, load_state, named, save_state

OnEpoch = Callable[[EpochSummary], None]
Network = TypeVar("Network", bound=nn.Module)
Moved_co = TypeVar("Moved_co", bound=nn.Module, covariant=True)
Heard_contra = TypeVar("Heard_contra", bound=nn.Module, contravariant=True)


class Learner(Protocol[Moved_co]):
    """What moves by epochs: networks of sound (`Trainer`), or of sound and words."""

    settings: TrainingParameters
    epochs: int
    rate: LearningRate

    @property
    def clips(self) -> int:
        """N, the number of labelled clips."""

    @property
    def judged(self) -> Moved_co:
        """The network whose judgement counts."""

    def train_epoch(self) -> float:
        """Train on every clip once, and return the mean loss."""

    def finish_epoch(self, score: DevScore | None) -> dict[str, Json]:
        """Take note of an epoch, and tell its figures."""

    def capture(self) -> TrainingState:
        """Return what `restore` needs to go on as if nothing had happened."""

    def restore(self, state: TrainingState) -> None:
        """Go on from what `capture` returned."""


class Judge(Protocol[Heard_contra]):
    """Clips of other speakers on which each epoch is judged."""

    def score(self, network: Heard_contra) -> DevScore:
        """Return how good a network is on them."""


@dataclass(frozen=True)
class Store:
    """Say where a training is kept.

    Args:
        path: The file.
        fingerprint: Tells this training from others.
        is_writer: Whether this process writes it.
    """

    path: Path
    fingerprint: str
    is_writer: bool = True


class Run(Generic[Network]):
    """Take a training from its beginning, or from its stored state, to its end.

    Args:
        trainer: What is trained.
        dev: What each epoch is judged on; without it the last epoch is the best.
        store: Where to keep the state after every epoch; nowhere by default.
    """

    def __init__(
        self, trainer: Learner[Network], *, dev: Judge[Network] | None, store: Store | None
    ) -> None:
        self.trainer = trainer
        self.dev = dev
        self.store = store
        self.history: list[EpochSummary] = []
        self.best: dict[str, Tensor] = {}
        self.best_epoch = 0
        self.best_score: float | None = None

    def finish(self, on_epoch: OnEpoch | None = None) -> None:
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
        judged = None if self.dev is None else self.dev.score(self.trainer.judged)
        score = None if judged is None else judged.deciding
        self.trainer.rate.after_epoch(-loss if score is None else score)
        epoch = len(self.history) + 1
        self.history.append(
            EpochSummary(
                epoch=epoch,
                epochs=self.trainer.epochs,
                loss=loss,
                dev_uar=None if judged is None else judged.uar,
                learning_rate=self.trainer.rate.rate,
                clips_per_s=self.trainer.clips / seconds,
                dev_ccc=None if judged is None else judged.ccc,
                beside=self.trainer.finish_epoch(judged),
            )
        )
        if self.best_score is None or score is None or score > self.best_score:
            self.best_epoch, self.best_score = epoch, score
            weights = self.trainer.judged.state_dict()
            self.best = {name: tensor.clone() for name, tensor in weights.items()}

    def _save(self) -> None:
        if self.store is None or not self.store.is_writer:
            return
        moving = self.trainer.capture()
        state = TrainingState(
            tensors={**moving.tensors, **named("best", self.best)},
            facts={
                **moving.facts,
                "fingerprint": self.store.fingerprint,
                "history": [cast("Json", asdict(summary)) for summary in self.history],
                "best_epoch": self.best_epoch,
                "best_score": self.best_score,
            },
        )
        save_state(state, self.store.path)

    def _restore(self) -> None:
        if self.store is None:
            return
        state = load_state(self.store.path, fingerprint=self.store.fingerprint)
        if state is None:
            return
        self.trainer.restore(state)
        facts: dict[str, Any] = dict(state.facts)
        self.history = [EpochSummary(**summary) for summary in facts["history"]]
        self.best = state.part("best")
        self.best_epoch, self.best_score = facts["best_epoch"], facts["best_score"]

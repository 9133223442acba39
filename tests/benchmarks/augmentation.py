"""What augmentation costs, as a share of a training step.

`python -m tests.benchmarks.augmentation` takes the steps of the full CRNN (batch of 16 clips of
2.3 s, one thread) and, in turn, what each kind of augmentation adds to a step when it is applied
to every clip; it prints medians and bests of 25. The last row is what is avoided: the same effects
on the waveforms of the batch, whose features then have to be computed again.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import numpy as np
import torch

from ser.audio.augment.log_mel import LogMelAugmenter
from ser.audio.augment.masks import mask_clips
from ser.audio.augment.noise import NoiseBank, make_noise
from ser.audio.augment.record import Augmentation, draw_effects
from ser.audio.augment.sound import augment_waveforms
from ser.features.spectral import LogMel
from ser.models.build import build_network
from ser.models.network import EmotionNetwork
from ser.models.parameters import CRNN
from ser.training.losses import build_loss
from ser.training.parameters import TrainingParameters
from ser.training.schedule import build_optimiser

ROUNDS = 25
CLIP_S = 2.3  # of a trimmed RAVDESS clip
CLASSES = 8
LOG_MEL = LogMel()
CASES = {
    "SpecAugment": Augmentation(masks=1.0),
    "gain": Augmentation(gain=1.0),
    "noise at an SNR": Augmentation(noise=1.0),
    "telephone band": Augmentation(telephone=1.0),
    "µ-law codec": Augmentation(mu_law=1.0),
    "all, every clip": Augmentation(
        noise=1.0, telephone=1.0, low_pass=1.0, gain=1.0, mu_law=1.0, masks=1.0
    ),
    "all, half the clips": Augmentation(
        noise=0.5, telephone=0.5, low_pass=0.5, gain=0.5, mu_law=0.5, masks=0.5
    ),
}


@dataclass(frozen=True)
class Batch:
    """Clips as a training step gets them, and the sound under them."""

    waveforms: torch.Tensor
    features: torch.Tensor
    lengths: torch.Tensor
    targets: torch.Tensor


def make_batch(clips: int) -> Batch:
    """Return clips of noise: what they sound like does not change the cost."""
    rng = np.random.default_rng(0)
    sound = (0.1 * rng.standard_normal((clips, round(CLIP_S * 16000)))).astype(np.float32)
    features = torch.from_numpy(np.stack(list(LOG_MEL.compute(list(sound)))))
    lengths = torch.full((clips,), features.shape[1])
    targets = torch.eye(CLASSES)[torch.arange(clips) % CLASSES]
    return Batch(torch.from_numpy(sound), features, lengths, targets)


class Step:
    """One update of the full network on features that are ready."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        torch.manual_seed(0)
        self.network: EmotionNetwork = build_network(CRNN, n_classes=CLASSES, n_bands=LOG_MEL.bands)
        settings = TrainingParameters()
        self.loss = build_loss(settings.loss, batch.targets, gamma=settings.gamma)
        self.optimiser = build_optimiser(
            self.network, learning_rate=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.network.train()

    def __call__(self) -> None:
        """Do the update."""
        normalised = self.network.normalisation(self.batch.features)
        logits = self.network.judge(normalised, self.batch.lengths).logits
        self.optimiser.zero_grad(set_to_none=True)
        self.loss(logits, self.batch.targets).backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimiser.step()


GENERATOR = torch.Generator().manual_seed(0)


def on_features(settings: Augmentation, batch: Batch) -> Callable[[], None]:
    """Return what the training loop does before and after it normalises."""
    augment = LogMelAugmenter(LOG_MEL, settings)

    def vary() -> None:
        features = batch.features
        if settings.changes_sound:
            features = augment(features, batch.lengths, GENERATOR)
        mask_clips(features, batch.lengths, settings, GENERATOR)

    return vary


def on_waveforms(settings: Augmentation, batch: Batch) -> Callable[[], None]:
    """Return the same on the waveforms, their features computed anew."""
    noises = NoiseBank.join([make_noise("white", 960_000, 16000, GENERATOR)])
    lengths = torch.full((len(batch.waveforms),), batch.waveforms.shape[1])

    def vary() -> None:
        draw = draw_effects(settings, len(lengths), GENERATOR)
        sound = augment_waveforms(batch.waveforms, lengths, draw, sample_rate=16000, noises=noises)
        features = torch.from_numpy(np.stack(list(LOG_MEL.compute(list(sound.numpy())))))
        mask_clips(features, batch.lengths, settings, GENERATOR)

    return vary


def measure(run: Callable[[], None]) -> float:
    """Return the seconds of CPU that one call takes; waiting for a busy core does not count."""
    started = time.process_time()
    run()
    return time.process_time() - started


def main() -> int:
    """Print the cost of each case as a share of the plain step."""
    torch.set_num_threads(1)
    batch = make_batch(TrainingParameters().batch_size)
    every = CASES["all, every clip"]
    runs: dict[str, Callable[[], None]] = {
        "plain step": Step(batch),
        **{name: on_features(case, batch) for name, case in CASES.items()},
        "all, on waveforms": on_waveforms(every, batch),
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            seconds[name].append(measure(run))
    middle, best = (
        {name: pick(values) for name, values in seconds.items()} for pick in (median, min)
    )
    for name in runs:
        print(  # noqa: T201 - a benchmark's output is its result
            f"{name:<20} {1000 * middle[name]:7.1f} ms  {middle[name] / middle['plain step']:6.1%}"
            f"   best {1000 * best[name]:7.1f} ms  {best[name] / best['plain step']:6.1%}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

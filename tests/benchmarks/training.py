"""How fast training is, against a straightforward loop, and what loading takes of a step.

`python -m tests.benchmarks.training` trains the CRNN and the loop of
`tests.benchmarks.peers.plain_training`, a network with as many parameters, on RAVDESS, in turn, on
one thread and with the same batch size. Ours learns from clips as `ingest` leaves them, cut to the
speech, and once more from the recordings as they are, which is what the loop reads. It prints
clips/s and, of our step, the share of loading (drawing a version of each clip, padding,
normalising) plus augmentation. Medians of CPU time, which a busy neighbour disturbs least; it
leaves out waiting for the disk, which only the loop does.
"""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

import numpy as np
import numpy.typing as npt
import soundfile
import torch
from torch import Tensor

from ser.audio.augment.log_mel import LogMelAugmenter
from ser.audio.augment.record import Augmentation
from ser.audio.augment.speed import speed_perturb
from ser.features.ragged import RaggedFeatures
from ser.features.spectral import LogMel
from ser.models.build import build_network, count_parameters
from ser.models.parameters import CRNN
from ser.prepare import Rejected, Unchanged, prepare
from ser.threads import use_threads
from ser.training.dataset import Targets, TrainingClips, band_statistics
from ser.training.distributed import Share
from ser.training.epoch import Trainer
from ser.training.parameters import TrainingParameters
from tests.benchmarks.corpora import find_corpora
from tests.benchmarks.peers.plain_training import CLASSES, PlainTraining

CLIPS = 192
ROUNDS = 3
LOG_MEL = LogMel()
FULL_SCALE = 32768  # of int16
EVERYTHING = Augmentation(
    noise=0.5, telephone=0.5, low_pass=0.5, gain=0.5, mu_law=0.5, warp=0.5, masks=0.5
)
AS_THEY_ARE = "recordings as they are"
CASES = {
    AS_THEY_ARE: TrainingParameters(),
    "clips": TrainingParameters(),
    "clips, all augmentation": TrainingParameters(augmentation=EVERYTHING),
    "  and mixup and EMA": TrainingParameters(augmentation=EVERYTHING, mixup=0.2, ema=0.99),
}


class TimedTrainer(Trainer):
    """Know how much of the CPU time went into preparing batches."""

    prepared_s = 0.0

    def _prepare(
        self, batch: npt.NDArray[np.int64], drawn: npt.NDArray[np.int64]
    ) -> tuple[Tensor, Tensor, Targets]:
        started = time.process_time()
        prepared = super()._prepare(batch, drawn)
        self.prepared_s += time.process_time() - started
        return prepared


def find_clips() -> tuple[list[Path], list[int]]:
    """Return evenly spread RAVDESS files and their class numbers, read off their names."""
    corpora = [corpus for corpus in find_corpora() if corpus.root.name == "flac16k"]
    if not corpora:
        return [], []
    files = corpora[0].files
    chosen = files[:: max(1, len(files) // CLIPS)][:CLIPS]
    return chosen, [int(file.stem.split("-")[2]) - 1 for file in chosen]


def read_clips(file: Path) -> list[npt.NDArray[np.float32]]:
    """Return the clip that ingest makes of a recording."""
    found = prepare(file)
    if isinstance(found, Rejected | Unchanged):
        raise TypeError(f"`{file}` must become a clip, but is {found}")
    return [clip.waveform.astype(np.float32) / FULL_SCALE for clip in found]


def compute_versions(waveforms: list[npt.NDArray[np.float32]]) -> list[RaggedFeatures]:
    """Return the features of waveforms, and of slower and faster copies."""
    speeds = TrainingParameters().augmentation.speed_factors
    sounds = [waveforms, *(speed_perturb(waveforms, factor) for factor in speeds)]
    return [LOG_MEL.compute(sound) for sound in sounds]


def make_trainer(
    versions: list[RaggedFeatures], labels: list[int], settings: TrainingParameters
) -> TimedTrainer:
    """Return what `train_classifier` trains with."""
    names = [str(number) for number in range(CLASSES)]
    clips = TrainingClips.checked(versions, np.eye(CLASSES)[labels], names, decided=True)
    network = build_network(CRNN, n_classes=CLASSES, n_bands=LOG_MEL.bands)
    network.normalisation.set_statistics(*band_statistics(versions[0]))
    vary = LogMelAugmenter(LOG_MEL, settings.augmentation)
    augmenter = vary if settings.augmentation.changes_sound else None
    return TimedTrainer(
        network, clips, settings=settings, augmenter=augmenter, seed=0, share=Share()
    )


def measure(trainings: Mapping[str, PlainTraining | Trainer]) -> dict[str, list[float]]:
    """Return the CPU seconds of epochs of each training, all taking turns."""
    seconds: dict[str, list[float]] = {name: [] for name in trainings}
    for _ in range(ROUNDS):
        for name, training in trainings.items():
            started = time.process_time()
            training.train_epoch()
            seconds[name].append(time.process_time() - started)
    return seconds


def main() -> int:
    """Print the table."""
    use_threads(1)
    files, labels = find_clips()
    out = sys.stdout.write
    if not files:
        out("no RAVDESS at 16 kHz there; set SERLOOP_DATA\n")
        return 1
    torch.manual_seed(0)
    recordings = [soundfile.read(file, dtype="float32")[0] for file in files]
    started = time.process_time()
    versions = compute_versions([clip for file in files for clip in read_clips(file)])
    once_s = time.process_time() - started
    batch = TrainingParameters().batch_size
    loops = {
        "plain loop": PlainTraining(files, labels, batch_size=batch),
        "plain loop, pools first": PlainTraining(files, labels, batch_size=batch, pool_first=True),
    }
    whole = compute_versions(recordings)
    ours = {
        name: make_trainer(whole if name == AS_THEY_ARE else versions, labels, settings)
        for name, settings in CASES.items()
    }
    seconds = measure(loops | ours)
    rates = {name: len(files) / median(values) for name, values in seconds.items()}
    size, loop_size = (
        count_parameters(network)
        for network in (ours["clips"].network, loops["plain loop"].network)
    )
    out(f"{len(files)} clips, batches of {batch}, {size:,} parameters (loop: {loop_size:,})\n")
    out(f"{'training':<26}{'clips/s':>8}{'ratio':>7}{'loading and augmentation':>26}\n")
    for name, rate in rates.items():
        share = f"{ours[name].prepared_s / sum(seconds[name]):.1%}" if name in ours else ""
        out(f"{name:<26}{rate:>8.1f}{rate / rates['plain loop']:>7.2f}{share:>26}\n")
    out(f"clips and features of all versions, once: {once_s:.1f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

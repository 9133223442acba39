"""A training in a process of its own, to be killed or to share its batches with others.

`python -m tests.ser.training.trainee STATE` trains a small network on noise whose loud bands tell
the class, with everything that draws or remembers switched on, and prints a line after each epoch.
It keeps its state in STATE and at last writes weights and dev UAR next to it. Under `torchrun` the
processes train together.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from ser.audio.augment.record import Augmentation
from ser.features.ragged import RaggedFeatures
from ser.models.parameters import NetworkParameters
from ser.models.trained import EpochSummary
from ser.training.distributed import Share, join_processes
from ser.training.loop import train_classifier
from ser.training.parameters import TrainingParameters

ROOT = Path(__file__).parents[3]
PROGRAM = "tests.ser.training.trainee"
LAUNCHER = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node")
CLIPS, DEV_CLIPS = 44, 30
# So many that a training is not over when its third killer comes.
EPOCHS = 20
NETWORK = NetworkParameters(
    channels=(4, 8),
    time_pools=(2, 2),
    recurrent_size=8,
    embedding_size=8,
    squeeze=2,
    encoder_dropout=0.1,
    ratings=("arousal", "valence"),
    members=2,
)
TRAINING = TrainingParameters(
    epochs=EPOCHS,
    batch_size=10,
    schedule="plateau",
    mixup=0.2,
    ema=0.9,
    augmentation=Augmentation(masks=0.5),
)


def make_clips(clips: int, seed: int) -> tuple[RaggedFeatures, np.ndarray, np.ndarray]:
    """Return features, class numbers and ratings, some of which are unknown."""
    rng = np.random.default_rng(seed)
    labels = np.arange(clips) % 3
    frames = [rng.normal(-6, 1, (rng.integers(8, 40), 16)) for _ in labels]
    for clip, label in zip(frames, labels, strict=True):
        clip[:, 5 * label : 5 * label + 5] += 1
    ratings = np.stack([labels + rng.normal(0, 0.3, clips), rng.normal(0, 1, clips)], axis=1)
    ratings[rng.random(ratings.shape) < 0.2] = np.nan
    return RaggedFeatures.from_list(frames), labels, ratings


def start_training(state: Path, *, processes: int = 1) -> subprocess.Popen[str]:
    """Start this program, under `torchrun` if there is to be more than one process."""
    launcher = () if processes == 1 else (*LAUNCHER, str(processes))
    return subprocess.Popen(
        [sys.executable, *launcher, "-m", PROGRAM, str(state)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def report(summary: EpochSummary) -> None:
    """Print the number of an epoch at once, for whoever waits for it."""
    sys.stdout.write(f"{summary.epoch}\n")
    sys.stdout.flush()


def main(state: Path) -> None:
    """Train, and write weights and dev UAR."""
    torch.set_num_threads(1)
    features, labels, ratings = make_clips(CLIPS, seed=1)
    dev = make_clips(DEV_CLIPS, seed=2)[:2]
    with join_processes():
        model = train_classifier(
            features,
            np.eye(3)[labels],
            ratings=ratings,
            weights=np.linspace(0.5, 1.5, CLIPS),
            augmented=[features],
            classes=("anger", "neutral", "sadness"),
            feature_set="test",
            sample_rate=16000,
            dev=dev,
            model=NETWORK,
            training=TRAINING,
            state=state,
            on_epoch=report,
        )
        if Share.of_this_process().rank == 0:
            uars = [summary.dev_uar for summary in model.history]
            weights = {k: v.contiguous() for k, v in model.network.state_dict().items()}
            save_file(weights, state.with_suffix(".weights"))
            state.with_suffix(".json").write_text(json.dumps([model.best_epoch, uars]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""What a speech encoder gains by learning on, judged on speakers it has never heard.

`python -m tests.benchmarks.fine_tuning` stores the states of a lower layer of Whisper base for the
clips of RAVDESS (8 classes), trains the layers above it in the five folds of `splits/`
(Luna-Jiménez et al. 2021), and prints UAR per fold and of all folds' test clips together, with an
interval over resampled speakers. The encoder is read from `SERLOOP_MODELS`, the corpus from
`SERLOOP_DATA`.

`--cache FOLDER` keeps the states and what each fold's model says, so that a run that was stopped
goes on in the middle of a fold; `--folds`, `--seeds` and `--recipes` choose. Recipes that need the
same layer share its states, and one that was changed is trained anew.

**Recipes.** `frozen`: head and layer weights learn, the encoder never. `adapters`: adapters of its
layers learn. `solved`: these, under a head that begins as ridge regression leaves it. `whole`: all
weights of these layers. `gradual`: these, one layer after the other from the top. No dev part: the
epochs are fixed, and nothing of a test speaker is used before the table.
"""

import argparse
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ser.corpora.registry import find_corpus
from ser.encoders.layers import describe_layers
from ser.encoders.states import EncoderStates
from ser.features.ragged import RaggedFeatures
from ser.inference.predictor import predict
from ser.metrics.bootstrap import bootstrap_uar
from ser.metrics.classification import unweighted_average_recall
from ser.metrics.posteriors import one_hot
from ser.models.encoder_tail import encoder_weights
from ser.models.parameters import NetworkParameters, encoder_tail
from ser.prepare import prepare
from ser.training.loop import train_classifier
from ser.training.parameters import SOLVED_TAIL_TRAINING, TAIL_TRAINING, TrainingParameters
from ser.training.ridge_start import with_ridge_head
from tests.benchmarks.frozen_encoder import DATA, MODELS, RAVDESS_FOLDS, name_speaker, say

ENCODER = str(MODELS / "whisper-base-encoder")
BATCH = 48


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How an encoder is trained on.

    Args:
        bottom: The layer whose states are stored.
        top: The highest layer.
        rank: Of adapters; 0 for whole layers.
        training: How it learns.
        is_solved: Whether the head begins as ridge regression leaves it.
    """

    bottom: int = 2
    top: int = 5
    rank: int = 8
    training: TrainingParameters = TAIL_TRAINING
    is_solved: bool = False

    @property
    def name(self) -> str:
        """A hash of everything in it."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:12]

    def network(self) -> NetworkParameters:
        """Return the network."""
        tail = encoder_tail(describe_layers(ENCODER), bottom=self.bottom, top=self.top)
        return replace(tail, adapter_rank=self.rank)


RECIPES = {
    "frozen": Recipe(training=replace(TAIL_TRAINING, frozen_epochs=TAIL_TRAINING.epochs)),
    "adapters": Recipe(),
    "whole": Recipe(rank=0),
    "solved": Recipe(is_solved=True, training=SOLVED_TAIL_TRAINING),
    "gradual": Recipe(rank=0, training=replace(TAIL_TRAINING, unfreeze_every=2)),
}


@dataclass(frozen=True, eq=False)
class Clips:
    """RAVDESS, with the speakers each fold tests."""

    paths: list[Path]
    labels: npt.NDArray[np.int64]
    speakers: npt.NDArray[np.str_]
    classes: tuple[str, ...]
    tested: list[list[str]]


def load() -> Clips:
    """Return the clips without their sound."""
    corpus, root = find_corpus("ravdess"), DATA / "ravdess" / "flac16k"
    found = sorted(corpus.scan(root).utterances, key=lambda utterance: utterance.native_id)
    tested = json.loads(RAVDESS_FOLDS.read_text("utf-8"))["test"]
    return Clips(
        paths=[root / utterance.path for utterance in found],
        labels=np.asarray(corpus.info.taxonomy.indices(str(u.intended) for u in found)),
        speakers=np.asarray([str(utterance.speaker) for utterance in found]),
        classes=corpus.info.taxonomy.classes,
        tested=[[name_speaker(speaker) for speaker in fold] for fold in tested],
    )


def encode(job: tuple[EncoderStates, Sequence[Path]]) -> RaggedFeatures:
    """Return the states of some files, on one thread."""
    features, paths = job
    torch.set_num_threads(1)
    waveforms = []
    for path in paths:
        (clip,) = prepare(path)
        waveforms.append(clip.waveform)
    return features.compute(waveforms)


def read_states(clips: Clips, layer: int, cache: Path, processes: int) -> RaggedFeatures:
    """Return the states of a layer, computed unless the cache has them."""
    features = EncoderStates(model=ENCODER, layer=layer)
    file = cache / f"ravdess-{features.feature_set}.npz"
    if not file.is_file():
        started = time.monotonic()
        starts = range(0, len(clips.paths), BATCH)
        jobs = [(features, clips.paths[start : start + BATCH]) for start in starts]
        with ProcessPoolExecutor(processes) as pool:
            parts = [clip for part in pool.map(encode, jobs) for clip in part]
        whole = RaggedFeatures.from_list(parts)
        partial = file.with_suffix(".part.npz")
        np.savez(partial, values=whole.values, offsets=whole.offsets)
        partial.rename(file)
        took = time.monotonic() - started
        say(f"states of layer {layer}: {len(parts)} clips in {took:.0f} s")
    with np.load(file, allow_pickle=False) as kept:
        return RaggedFeatures(kept["values"], kept["offsets"])


def judge(
    clips: Clips,
    states: RaggedFeatures,
    test: npt.NDArray[np.int64],
    *,
    recipe: Recipe,
    seed: int,
    file: Path,
) -> npt.NDArray[np.float32]:
    """Return the posterior of a fold's test clips, trained for unless it is kept."""
    train = np.setdiff1d(np.arange(len(clips.labels)), test)
    if not file.is_file():
        network = recipe.network()
        initial = encoder_weights(ENCODER, network)
        if recipe.is_solved:
            initial = with_ridge_head(
                initial,
                states.take(train),
                clips.labels[train],
                clips.speakers[train].tolist(),
                model=network,
                n_classes=len(clips.classes),
                seed=seed,
            )
        model = train_classifier(
            states.take(train),
            one_hot(clips.labels[train], len(clips.classes)),
            classes=clips.classes,
            feature_set="states",
            sample_rate=16000,
            initial=initial,
            model=network,
            training=recipe.training,
            seed=seed,
            state=file.with_suffix(".training"),
            on_epoch=lambda epoch: say(
                f"  epoch {epoch.epoch}: loss {epoch.loss:.3f}, {epoch.clips_per_s:.1f} clips/s"
            ),
        )
        np.save(file, predict(model, states.take(test)).posterior)
        file.with_suffix(".training").unlink()
    return np.load(file)


def tabulate(clips: Clips, name: str, args: argparse.Namespace, cache: Path) -> None:
    """Print the rows of one recipe."""
    recipe = RECIPES[name]
    states = read_states(clips, recipe.bottom, cache, args.processes)
    for seed in range(args.seeds):
        said, judged, uars = np.empty_like(clips.labels), [], []
        for fold in args.folds:
            started = time.monotonic()
            file = cache / f"{name}-{recipe.name}-{fold}-{seed}.npy"
            test = np.flatnonzero(np.isin(clips.speakers, clips.tested[fold - 1]))
            posterior = judge(clips, states, test, recipe=recipe, seed=seed, file=file)
            said[test] = posterior.argmax(axis=1)
            uar = unweighted_average_recall(clips.labels[test], said[test], len(clips.classes))
            say(f"{name:9} seed {seed} fold {fold}  {uar:.3f}  {time.monotonic() - started:.0f} s")
            judged.append(test)
            uars.append(uar)
        over = np.concatenate(judged)
        interval = bootstrap_uar(
            clips.labels[over],
            said[over],
            clips.speakers[over].tolist(),
            n_classes=len(clips.classes),
        )
        say(
            f"{name:9} seed {seed} mean of folds {np.mean(uars):.3f}; their clips "
            f"{interval.estimate:.3f} [{interval.low:.3f}, {interval.high:.3f}]"
        )


def main() -> int:
    """Print the rows of every recipe."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, help="Folder that keeps states and answers.")
    parser.add_argument("--folds", type=int, nargs="*", default=[1, 2, 3, 4, 5])
    parser.add_argument("--seeds", type=int, default=1, help="Seeds per recipe.")
    parser.add_argument("--recipes", nargs="*", default=[*RECIPES], choices=[*RECIPES])
    parser.add_argument("--processes", type=int, default=2, help="Processes that encode.")
    args = parser.parse_args()
    if not Path(ENCODER).is_dir() or not (DATA / "ravdess").is_dir():
        say(f"no encoder under `{MODELS}` or no corpus under `{DATA}`; set SERLOOP_MODELS and")
        say("SERLOOP_DATA")
        return 1
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    clips = load()
    with tempfile.TemporaryDirectory() as folder:
        cache = args.cache or Path(folder)
        cache.mkdir(parents=True, exist_ok=True)
        for name in args.recipes:
            tabulate(clips, name, args, cache)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""How well light heads on a frozen speech encoder do on speakers they have never heard.

`python -m tests.benchmarks.frozen_encoder` computes the statistics of Whisper base's layers 1 to
5 on RAVDESS (8 classes) and URDU (4 classes), trimmed as an ingest trims them, trains light heads
and prints a table: UAR per fold and seed, mean and standard deviation over seeds, and the UAR of
all folds' test clips together with an interval over resampled speakers (first seed). The encoder
is read from `SERLOOP_MODELS`, the corpora from `SERLOOP_DATA`; `--cache FOLDER` keeps the
statistics for the next run.

**Folds.** RAVDESS: the five of `splits/` (Luna-Jiménez et al. 2021). URDU: `folds/urdu.json`.
Nothing of a test speaker is used before the table: standardisation, penalty, epoch and scale of
the logits come from the training speakers, of whom inner folds play the dev part.

**Heads.** `ridge`: `ser.encoders.ridge`, one linear layer in closed form. `adamw`: `LAYER_HEAD`
trained in steps, its epoch chosen on a fifth of the training speakers. `logistic`: scikit-learn
on the same statistics, fixed C. `single`: the ridge on the clip at its own speed.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ser.corpora.registry import find_corpus
from ser.encoders.ridge import fit_ridge
from ser.encoders.statistics import EncoderStatistics
from ser.features.ragged import RaggedFeatures
from ser.inference.predictor import predict
from ser.metrics.bootstrap import bootstrap_uar
from ser.metrics.classification import unweighted_average_recall
from ser.metrics.posteriors import one_hot
from ser.models.parameters import LAYER_HEAD
from ser.prepare import prepare
from ser.training.folds import speaker_folds
from ser.training.loop import train_classifier
from ser.training.parameters import HEAD_TRAINING

SHARED = Path(__file__).resolve().parents[3] / "shared"
DATA = Path(os.environ.get("SERLOOP_DATA", SHARED / "data"))
MODELS = Path(os.environ.get("SERLOOP_MODELS", SHARED / "models"))
RAVDESS_FOLDS = DATA / "splits" / "ravdess_5fold_luna_jimenez.json"
URDU_FOLDS = Path(__file__).parent / "folds" / "urdu.json"
FEATURES = EncoderStatistics(model=str(MODELS / "whisper-base-encoder"), layers="1,2,3,4,5")
LOGISTIC_C = 0.006  # the best of five on inner folds of the first fold's training actors
BATCH = 48


@dataclass(frozen=True, eq=False)
class Clips:
    """A corpus as statistics, with the speakers each fold tests."""

    corpus: str
    features: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]
    speakers: list[str]
    classes: int
    folds: list[list[str]]

    def parts(self) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
        """Yield training and test positions of each fold."""
        speakers = np.asarray(self.speakers)
        for tested in self.folds:
            is_tested = np.isin(speakers, tested)
            yield np.flatnonzero(~is_tested), np.flatnonzero(is_tested)


Judge = Callable[[Clips, npt.NDArray[np.int64], npt.NDArray[np.int64], int], npt.NDArray[np.int64]]


def say(*words: object) -> None:
    """Print at once."""
    print(*words, flush=True)  # noqa: T201 - a benchmark's output is its result


def describe(job: tuple[EncoderStatistics, Sequence[Path]]) -> npt.NDArray[np.float32]:
    """Return the statistics of some files, ``(files, L, 2·D)``, on one thread."""
    features, paths = job
    torch.set_num_threads(1)
    waveforms = []
    for path in paths:
        (clip,) = prepare(path)
        waveforms.append(clip.waveform)
    computed = features.compute(waveforms)
    return computed.values.reshape(len(paths), -1, features.bands)


def load(name: str, root: Path, folds: Path, features: EncoderStatistics, cache: Path) -> Clips:
    """Return a corpus, computed by two processes unless the cache has it."""
    corpus = find_corpus(name)
    found = sorted(corpus.scan(root).utterances, key=lambda utterance: utterance.native_id)
    file = cache / f"{name}-{features.feature_set}.npy"
    if not file.is_file():
        started = time.monotonic()
        paths = [root / utterance.path for utterance in found]
        jobs = [(features, paths[i : i + BATCH]) for i in range(0, len(paths), BATCH)]
        with ProcessPoolExecutor(2) as pool:
            np.save(file, np.concatenate(list(pool.map(describe, jobs))))
        took = time.monotonic() - started
        say(f"{name}: {len(paths)} clips, {took / len(paths):.3f} s a clip on two processes")
    tested = json.loads(folds.read_text("utf-8"))["test"]
    return Clips(
        corpus=name,
        features=np.load(file),
        labels=np.asarray(corpus.info.taxonomy.indices(str(u.intended) for u in found)),
        speakers=[str(utterance.speaker) for utterance in found],
        classes=len(corpus.info.taxonomy),
        folds=[[name_speaker(speaker) for speaker in fold] for fold in tested],
    )


def name_speaker(speaker: str | int) -> str:
    """Return a speaker as the corpus readers do; the folds of RAVDESS number its actors."""
    return f"actor-{speaker:02d}" if isinstance(speaker, int) else speaker


def judge_ridge(clips, train, test, seed):
    """Return the classes that the closed-form head gives to test clips."""
    speakers = [clips.speakers[position] for position in train]
    head = fit_ridge(
        clips.features[train], clips.labels[train], speakers, n_classes=clips.classes, seed=seed
    )
    return head.logits(clips.features[test]).argmax(axis=1)


def judge_adamw(clips, train, test, seed):
    """Return the classes that a head trained in steps gives to test clips."""
    speakers = [clips.speakers[position] for position in train]
    inner = speaker_folds(speakers, 5, seed=seed)[0]
    learned, dev = train[inner.train], train[inner.test]
    model = train_classifier(
        RaggedFeatures.from_list(list(clips.features[learned])),
        one_hot(clips.labels[learned], clips.classes),
        classes=[str(number) for number in range(clips.classes)],
        feature_set=FEATURES.feature_set,
        sample_rate=FEATURES.sample_rate,
        dev=(RaggedFeatures.from_list(list(clips.features[dev])), clips.labels[dev]),
        model=replace(LAYER_HEAD, layers=clips.features.shape[1]),
        training=HEAD_TRAINING,
        seed=seed,
    )
    return predict(model, RaggedFeatures.from_list(list(clips.features[test]))).labels


def judge_logistic(clips, train, test, seed):  # noqa: ARG001 - nothing in it is random
    """Return the classes that logistic regression gives to test clips."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=LOGISTIC_C, max_iter=1000))
    model.fit(clips.features[train].reshape(len(train), -1), clips.labels[train])
    return model.predict(clips.features[test].reshape(len(test), -1))


def tabulate(clips: Clips, head: str, judge: Judge, seeds: Sequence[int]) -> None:
    """Print the rows of one head on one corpus."""
    means, predictions, started = [], [], time.monotonic()
    for seed in seeds:
        said, uars = np.empty_like(clips.labels), []
        for train, test in clips.parts():
            said[test] = judge(clips, train, test, seed)
            uars.append(unweighted_average_recall(clips.labels[test], said[test], clips.classes))
        means.append(float(np.mean(uars)))
        predictions.append(said)
        folds = "  ".join(f"{uar:.3f}" for uar in uars)
        say(f"{clips.corpus:8} {head:9} {seed:4}  {folds}  {means[-1]:.4f}")
    interval = bootstrap_uar(clips.labels, predictions[0], clips.speakers, n_classes=clips.classes)
    fits = len(seeds) * len(clips.folds)
    say(
        f"{clips.corpus:8} {head:9} mean {np.mean(means):.4f} ± {np.std(means):.4f}; all clips "
        f"{interval.estimate:.3f} [{interval.low:.3f}, {interval.high:.3f}]; "
        f"{(time.monotonic() - started) / fits:.1f} s a fit"
    )


def main() -> int:
    """Print the table of every head on every corpus."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, help="Folder that keeps the statistics.")
    parser.add_argument("--seeds", type=int, default=3, help="Seeds per head.")
    parser.add_argument("--heads", nargs="*", default=["ridge", "single", "logistic", "adamw"])
    given = parser.parse_args()
    if not Path(FEATURES.model).is_dir() or not (DATA / "ravdess").is_dir():
        say(f"no encoder under `{MODELS}` or no corpora under `{DATA}`; set SERLOOP_MODELS and")
        say("SERLOOP_DATA")
        return 1
    torch.set_num_threads(1)
    judges = {"ridge": judge_ridge, "logistic": judge_logistic, "adamw": judge_adamw}
    with tempfile.TemporaryDirectory() as folder:
        cache = given.cache or Path(folder)
        cache.mkdir(parents=True, exist_ok=True)
        for name, root, folds in (
            ("ravdess", DATA / "ravdess" / "flac16k", RAVDESS_FOLDS),
            ("urdu", DATA / "urdu", URDU_FOLDS),
        ):
            clips = load(name, root, folds, FEATURES, cache)
            say(f"{name}: {len(clips.labels)} clips; corpus, head, seed, UAR of five folds, mean")
            for head in given.heads:
                if head == "single":
                    alone = load(name, root, folds, replace(FEATURES, speeds="1"), cache)
                    tabulate(alone, head, judge_ridge, range(1))
                    continue
                tabulate(clips, head, judges[head], range(1 if head == "logistic" else given.seeds))
    return 0


if __name__ == "__main__":
    sys.exit(main())

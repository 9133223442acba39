"""Whether words help to recognise emotion in speech, and what happens without them.

`python -m tests.benchmarks.fusion` judges RAVDESS (8 classes, the five speaker-independent folds of
`splits/`) by sound alone, by words alone and by both, and prints a table: mean and deviation over
seeds of the UAR of all test clips, an interval over resampled speakers, and how far each fusion is
above sound alone and words alone. The encoder is read from `SERLOOP_MODELS`, RAVDESS from
`SERLOOP_DATA`; `--cache FOLDER` keeps the statistics of the clips. It needs the extra ``[text]``.

**The task is constructed.** RAVDESS has two sentences, which say nothing about emotion. Each clip
is therefore paired with a sentence of `tests.ser.fusion.sentences`, which nobody said: with the
probability `FITS` one of the clip's emotion, else one of another emotion, all alike. Of the 25
sentences of an emotion, 15 go to training clips, 5 to dev clips and 5 to test clips, changing with
the fold: no sentence and no speaker is in two parts. A seed draws pairs, dev speakers and weights.
How much words gain here says how well the networks join two sides, nothing about real speech.

**Words as they come, removed, wrong.** `removed` takes the words off all test clips. `wrong` gives
each test clip the sentence of a random one. Both judge the networks that were trained on words as
they come.

**Judges.** `sound`: `LAYER_HEAD` on the layers of Whisper base. `ridge`: the strongest head on the
same, in closed form. `words`: logistic regression on sentence embeddings, its C chosen on the dev
part. `two-stage`: that `sound`, frozen. `joint`: sound and words from fresh weights.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from sklearn.linear_model import LogisticRegression

from ser.corpora.registry import find_corpus
from ser.encoders.ridge import fit_ridge
from ser.features.ragged import RaggedFeatures
from ser.fusion.model import FusedModel
from ser.fusion.parameters import FUSION_TRAINING, FusionParameters
from ser.fusion.predictor import predict_fused
from ser.fusion.train import FusionDev, train_fusion
from ser.inference.predictor import predict
from ser.metrics.bootstrap import bootstrap_uar, bootstrap_uar_difference
from ser.metrics.classification import unweighted_average_recall
from ser.metrics.posteriors import one_hot
from ser.models.parameters import LAYER_HEAD
from ser.models.trained import TrainedModel
from ser.text.features import TextFeatures
from ser.training.folds import speaker_folds
from ser.training.loop import train_classifier
from ser.training.parameters import HEAD_TRAINING, TrainingParameters
from tests.benchmarks.frozen_encoder import DATA, FEATURES, RAVDESS_FOLDS, Clips, load, say
from tests.ser.fusion.sentences import list_sentences

FITS = 0.7  # P(the words fit): chosen before any result
SHARES = 5  # of the sentences: three for training, one for dev, one for test clips
LOGISTIC_CS = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
SOUND = replace(FEATURES, layers="2,3,4", speeds="1")
WORDS = TextFeatures(level="words")
SENTENCE = TextFeatures(level="sentence")
CLASSES = tuple(find_corpus("ravdess").info.taxonomy.classes)
# The sides of a late fusion learn apart, so that it has no second way of training.
FUSIONS = {
    "late": FusionParameters(kind="late", frozen_sound=True),
    "concatenation, two-stage": FusionParameters(kind="concatenation", frozen_sound=True),
    "attention, two-stage": FusionParameters(kind="attention", frozen_sound=True),
    "attention, joint": FusionParameters(kind="attention"),
}
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Part:
    """Clips of one part of a split with the sentences they were given."""

    positions: Labels
    features: RaggedFeatures
    labels: Labels
    texts: list[str]

    def words(self, condition: str, rng: np.random.Generator) -> RaggedFeatures:
        """Return the words as they come, removed, or those of other clips."""
        if condition == "removed":
            return read(WORDS, [None] * len(self.texts))
        if condition == "wrong":
            return read(WORDS, [self.texts[at] for at in rng.permutation(len(self.texts))])
        return read(WORDS, self.texts)


@cache
def read_all(how: TextFeatures) -> tuple[RaggedFeatures, dict[str | None, int]]:
    """Return the states of all sentences, and of none, and where each lies."""
    texts = [None, *(text for name in CLASSES for text in list_sentences(name))]
    return how.compute(texts), {text: at for at, text in enumerate(texts)}


def read(how: TextFeatures, texts: Sequence[str | None]) -> RaggedFeatures:
    """Return the states of some sentences."""
    states, places = read_all(how)
    return states.take([places[text] for text in texts])


def pair(labels: Labels, shares: list[int], rng: np.random.Generator) -> list[str]:
    """Return a sentence for each clip, of those shares of the sentences that its part may have."""
    others = (labels + rng.integers(1, len(CLASSES), size=len(labels))) % len(CLASSES)
    told = np.where(rng.random(len(labels)) < FITS, labels, others)
    sentences = [
        [text for at, text in enumerate(list_sentences(name)) if at % SHARES in shares]
        for name in CLASSES
    ]
    return [str(rng.choice(sentences[emotion])) for emotion in told]


def split(clips: Clips, fold: int, seed: int) -> tuple[Part, Part, Part]:
    """Return training, dev and test clips of one fold."""
    outer, test = list(clips.parts())[fold]
    inner = speaker_folds([clips.speakers[at] for at in outer], 5, seed=seed)[0]
    rng = np.random.default_rng([seed, fold])
    test_share, dev_share = fold, (fold + 1) % SHARES
    shares = [[at for at in range(SHARES) if at not in (test_share, dev_share)]]
    shares += [[dev_share], [test_share]]
    parts = []
    for positions, allowed in zip(
        (outer[inner.train], outer[inner.test], test), shares, strict=True
    ):
        labels = clips.labels[positions]
        features = RaggedFeatures.from_list(list(clips.features[positions]))
        parts.append(Part(positions, features, labels, pair(labels, allowed, rng)))
    return parts[0], parts[1], parts[2]


def train_sound(clips: Clips, train: Part, dev: Part, seed: int) -> TrainedModel:
    """Return the head that hears without reading."""
    return train_classifier(
        train.features,
        one_hot(train.labels, clips.classes),
        classes=CLASSES,
        feature_set=SOUND.feature_set,
        sample_rate=SOUND.sample_rate,
        dev=(dev.features, dev.labels),
        model=replace(LAYER_HEAD, layers=clips.features.shape[1]),
        training=HEAD_TRAINING,
        seed=seed,
    )


def fuse(
    train: Part,
    dev: Part,
    sound: TrainedModel,
    fusion: FusionParameters,
    *,
    seed: int,
    training: TrainingParameters = FUSION_TRAINING,
) -> FusedModel:
    """Return a network that hears and reads."""
    is_frozen = fusion.frozen_sound
    return train_fusion(
        train.features,
        read(WORDS, train.texts),
        one_hot(train.labels, len(CLASSES)),
        classes=CLASSES,
        feature_set=SOUND.feature_set,
        text_set=WORDS.text_set,
        sample_rate=SOUND.sample_rate,
        dev=FusionDev(dev.features, read(WORDS, dev.texts), dev.labels),
        sound=sound if is_frozen else None,
        model=None if is_frozen else sound.parameters,
        fusion=fusion,
        training=training,
        seed=seed,
    )


def judge_words(train: Part, dev: Part, test: Part) -> Labels:
    """Return what the sentences alone say of the test clips."""
    known, judged, asked = (read(SENTENCE, part.texts).values for part in (train, dev, test))
    models = [LogisticRegression(C=c, max_iter=1000).fit(known, train.labels) for c in LOGISTIC_CS]
    return max(models, key=lambda model: model.score(judged, dev.labels)).predict(asked)


def judge_fold(job: tuple[Clips, int, int]) -> list[tuple[str, Labels, Labels]]:
    """Return the name of each judge and condition, test positions and the classes it gives them."""
    clips, fold, seed = job
    torch.set_num_threads(1)
    train, dev, test = split(clips, fold, seed)
    heard = np.concatenate([train.positions, dev.positions])
    speakers = [clips.speakers[at] for at in heard]
    ridge = fit_ridge(
        clips.features[heard], clips.labels[heard], speakers, n_classes=clips.classes, seed=seed
    )
    sound = train_sound(clips, train, dev, seed)
    said = {
        "ridge": ridge.logits(clips.features[test.positions]).argmax(axis=1),
        "sound": predict(sound, test.features).labels,
        "words": judge_words(train, dev, test),
    }
    for name, fusion in FUSIONS.items():
        model = fuse(train, dev, sound, fusion, seed=seed)
        for condition in ("", "removed", "wrong"):
            words = test.words(condition, np.random.default_rng([seed, fold]))
            labels = predict_fused(model, test.features, words).labels
            said[f"{name} {condition}".strip()] = labels
    say(f"seed {seed}, fold {fold + 1}: {time.process_time():.0f} s of one core so far")
    return [(name, test.positions, labels) for name, labels in said.items()]


def tabulate(clips: Clips, said: dict[str, Labels]) -> None:
    """Print a row per judge and condition; predictions ``(seeds, N)``."""
    say("judge, UAR of all test clips: mean ± deviation over seeds, [95 % over speakers];")
    say("less sound alone [95 %]; less words alone [95 %]")
    seeds = len(said["sound"])
    truth, speakers = np.tile(clips.labels, seeds), clips.speakers * seeds
    for name, of_seeds in said.items():
        uars = [unweighted_average_recall(clips.labels, one, clips.classes) for one in of_seeds]
        whole = bootstrap_uar(truth, of_seeds.ravel(), speakers, n_classes=clips.classes)
        row = f"{name:32} {np.mean(uars):.3f} ± {np.std(uars):.3f} "
        row += f"[{whole.low:.3f}, {whole.high:.3f}]"
        for base in ("sound", "words"):
            less = bootstrap_uar_difference(
                truth, of_seeds.ravel(), said[base].ravel(), speakers, n_classes=clips.classes
            )
            row += f"  {less.estimate:+.3f} [{less.low:+.3f}, {less.high:+.3f}]"
        say(row)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, help="Folder that keeps the statistics.")
    parser.add_argument("--seeds", type=int, default=3, help="Seeds.")
    parser.add_argument("--processes", type=int, default=2, help="Processes of one thread each.")
    given = parser.parse_args()
    if not Path(SOUND.model).is_dir() or not (DATA / "ravdess").is_dir():
        say(f"no encoder `{SOUND.model}` or no RAVDESS under `{DATA}`; set SERLOOP_MODELS and")
        say("SERLOOP_DATA")
        return 1
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    with tempfile.TemporaryDirectory() as folder:
        kept = given.cache or Path(folder)
        kept.mkdir(parents=True, exist_ok=True)
        clips = load("ravdess", DATA / "ravdess" / "flac16k", RAVDESS_FOLDS, SOUND, kept)
    said: dict[str, Labels] = {}
    jobs = [(clips, fold, seed) for seed in range(given.seeds) for fold in range(len(clips.folds))]
    with ProcessPoolExecutor(given.processes) as pool:
        for (_, _, seed), judged in zip(jobs, pool.map(judge_fold, jobs), strict=True):
            for name, positions, labels in judged:
                whole = said.setdefault(name, np.zeros((given.seeds, len(clips.labels)), np.int64))
                whole[seed, positions] = labels
    tabulate(clips, said)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What training on the distribution of votes gains over training on the majority's label.

`python -m tests.benchmarks.soft_labels` lets simulated listeners with the error rates of CREMA-D's
judge RAVDESS (calm counted as neutral, surprise left out), trains the same light head from the
same seeds on targets made of the same votes in several ways, and judges the test actors of the
five folds (Luna-Jiménez et al. 2021) against

- `true`: the distribution the votes are drawn from, the confusion row of the intended emotion:
  cross-entropy, KL, Jensen-Shannon distance, expected accuracy, correlation of entropies;
- `vote`: the same against the shares of ten votes of other listeners, and ECE of single ones;
- `UAR` and `ECE` on the intended emotion, which is not what listeners say: by the real votes,
  disgust, fear, happiness and sadness are most often called neutral. `decoded` is the UAR of the
  emotion whose confusion row lies nearest to what a model says.

Differences pool folds and seeds; intervals resample actors, and p-values are Holm's over the
metrics of a table. The head reads statistics over time of a frozen Whisper's layers 2, 3 and 4
(SERLOOP_MODELS), or of log-mel bands; one learning rate for all arms was chosen by dev loss on two
of the splits, whose dev actors other folds test.
Every head keeps the epoch of the least loss on dev actors, who are taken from the
training part, on targets of its own kind. `majority, T` scales the temperature of the first arm
on the dev actors' majority labels, `majority, T on votes` on their votes. `--crnn` trains the
network of the acquisition rounds instead, on one fold and seed.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from annotation.aggregation import DawidSkene, SoftLabel
from annotation.confusion import CREMA_D_CLASSES
from annotation.votes import VoteMatrix
from ser.encoders.statistics import EncoderStatistics
from ser.features.spectral import LogMel
from ser.inference.predictor import predict
from ser.metrics import (
    adjust_p_values,
    classification_statistic,
    compare_paired,
    ece_statistic,
    fit_temperature,
    vote_statistic,
)
from ser.metrics.posteriors import log_posterior
from ser.metrics.statistic import Statistic
from ser.models.parameters import COMPACT_CRNN
from ser.threads import use_threads
from ser.training.dataset import harden, smooth
from ser.training.loop import train_classifier
from ser.training.losses import LossName, build_loss
from ser.training.parameters import ROUND_TRAINING
from tests.benchmarks.crema_votes import FloatArray, IntArray, Study, open_study

DATA = Path(os.environ.get("SERLOOP_DATA", "../shared/data"))
ENCODER = Path(os.environ.get("SERLOOP_MODELS", "../shared/models")) / "whisper-base-encoder"
CLASSES = len(CREMA_D_CLASSES)
FOLDS, SEEDS = 5, 3
EPOCHS, SIZE = 40, 128
# The numbers of the encoder outnumber those of the bands by far. Chosen by the loss on dev actors.
ENCODER_RATE, BAND_RATE = 1e-4, 3e-3
VOTE_METRICS = {
    "CE": "cross_entropy",
    "KL": "kl_divergence",
    "JS": "js_distance",
    "acc.": "expected_accuracy",
    "H corr.": "entropy_correlation",
}
METRICS = {
    **{f"true {short}": ("true", name) for short, name in VOTE_METRICS.items()},
    **{f"vote {short}": ("votes", name) for short, name in VOTE_METRICS.items()},
    "vote ECE": ("single votes", "ece"),
    "ECE": ("confidence", "ece"),
    "UAR": ("emotion", "uar"),
    "decoded": ("decoded", "uar"),
}
HARD, SOFT = "majority", "votes"
ARMS = (
    *(HARD, "majority, no ties", "majority, smoothed", "majority, T", "majority, T on votes"),
    *(SOFT, "votes, Dirichlet", "Dawid-Skene", "true distribution"),
)
Statistics = npt.NDArray[np.float32]
Judged = tuple[IntArray, dict[str, FloatArray]]  # test clips, and what each arm says of them


@dataclass(frozen=True, eq=False)
class Targets:
    """What one arm learns.

    Args:
        loss: Its loss.
        posterior: Target of each clip, ``(N, C)``.
        is_used: Whether a clip takes part, ``(N,)``.
    """

    loss: LossName
    posterior: Tensor
    is_used: npt.NDArray[np.bool_]


def share_votes(votes: VoteMatrix) -> FloatArray:
    """Return each class's share of the votes on each clip, (N, C)."""
    counts = votes.class_counts()
    shares: FloatArray = counts / counts.sum(axis=1, keepdims=True)
    return shares


def make_targets(votes: VoteMatrix, true: FloatArray) -> dict[str, Targets]:
    """Return what each trained arm learns from the same votes; tied classes share a clip."""
    shares = torch.from_numpy(share_votes(votes))
    hard = harden(shares)
    everyone = np.ones(len(hard), np.bool_)
    untied = hard.amax(dim=1).numpy() == 1
    soft = {
        SOFT: shares,
        "votes, Dirichlet": torch.from_numpy(SoftLabel().aggregate(votes).posterior),
        "Dawid-Skene": torch.from_numpy(DawidSkene().aggregate(votes).posterior),
        "true distribution": torch.from_numpy(true),
    }
    return {
        HARD: Targets("cross_entropy", hard, everyone),
        "majority, no ties": Targets("cross_entropy", hard, untied),
        "majority, smoothed": Targets("cross_entropy", smooth(hard, 0.1), everyone),
        **{name: Targets("soft_label", one, everyone) for name, one in soft.items()},
    }


def fit_head(
    clips: Tensor, targets: Targets, train: IntArray, dev: IntArray, *, rate: float, seed: int
) -> nn.Module:
    """Train a head on standardised statistics; keep the epoch of the least loss on dev."""
    torch.manual_seed(seed)
    network = nn.Sequential(
        *(nn.Dropout(0.5), nn.Linear(clips.shape[1], SIZE), nn.GELU()),
        *(nn.Dropout(0.5), nn.Linear(SIZE, CLASSES)),
    )
    used, judged = (torch.from_numpy(part[targets.is_used[part]]) for part in (train, dev))
    wanted = targets.posterior.float()
    loss = build_loss(targets.loss, wanted[used])
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS)
    least, best = np.inf, network.state_dict()
    for _ in range(EPOCHS):
        network.train()
        for batch in used[torch.randperm(len(used))].split(64):
            optimiser.zero_grad()
            loss(network(clips[batch]), wanted[batch], None).backward()
            optimiser.step()
        schedule.step()
        with torch.inference_mode():
            now = loss(network.eval()(clips[judged]), wanted[judged], None).item()
        if now < least:
            least = now
            best = {name: value.clone() for name, value in network.state_dict().items()}
    network.load_state_dict(best)
    return network.eval()


def judge_fold(
    study: Study, statistics: Statistics, rate: float, arms: Sequence[str], case: tuple[int, int]
) -> Judged:
    """Train the arms on one fold and seed, and let them judge its test clips."""
    use_threads(1)
    fold, seed = case
    split = study.split(fold, seed)
    # Aggregation must not see a vote on a test clip.
    known = np.sort(np.concatenate([split.train, split.dev]))
    targets = make_targets(study.ask(known, seed), study.confusion[study.truth[known]])
    train, dev = (np.searchsorted(known, part) for part in (split.train, split.dev))
    learned = statistics[split.train]
    scale = np.maximum(learned.std(axis=0), 1e-5)
    clips = torch.from_numpy((statistics - learned.mean(axis=0)) / scale)
    said: dict[str, FloatArray] = {}
    for name in [name for name in arms if name in targets]:
        network = fit_head(clips[known], targets[name], train, dev, rate=rate, seed=seed)
        with torch.inference_mode():
            posterior = network(clips).double().softmax(dim=1).numpy()
        said[name] = posterior[split.test]
        if name == HARD:
            for scaled, wanted in (("majority, T", HARD), ("majority, T on votes", SOFT)):
                on_dev = targets[wanted].posterior[dev].numpy()
                temperature = fit_temperature(on_dev, posterior[split.dev])
                said[scaled] = temperature.apply(posterior[split.test])
    return split.test, said


def describe(
    study: Study, at: IntArray, others: IntArray, posterior: FloatArray
) -> dict[str, Statistic]:
    """Return every statistic of what an arm says about the clips at some positions."""
    truth, rows = study.truth[at], study.confusion
    # Each vote of the others counts by itself: does one listener agree as often as promised?
    clip, heard = (np.repeat(axis, others[others > 0]) for axis in np.nonzero(others))
    # The row with the least KL divergence to what the model says.
    fit = log_posterior(posterior) @ rows.T - (rows * np.log(rows)).sum(axis=1)
    return {
        "true": vote_statistic(rows[truth], posterior),
        "votes": vote_statistic(others / others.sum(axis=1, keepdims=True), posterior),
        "single votes": ece_statistic(heard, posterior[clip]),
        "confidence": ece_statistic(truth, posterior),
        "emotion": classification_statistic(truth, posterior.argmax(axis=1), CREMA_D_CLASSES),
        "decoded": classification_statistic(truth, fit.argmax(axis=1), CREMA_D_CLASSES),
    }


@dataclass(frozen=True, eq=False)
class Outcome:
    """How good the arms are on the test clips of all folds and seeds.

    Args:
        statistics: By arm and kind.
        speakers: Actor of each row, by kind.
    """

    statistics: dict[str, dict[str, Statistic]]
    speakers: dict[str, list[str]]

    @classmethod
    def gather(cls, study: Study, seeds: Sequence[int], parts: Sequence[Judged]) -> "Outcome":
        """Join the folds and seeds; each seed has listeners of its own."""
        at = np.concatenate([test for test, _ in parts])
        others = np.concatenate(
            [study.ask_others(test, seed) for seed, (test, _) in zip(seeds, parts, strict=True)]
        )
        speakers = [study.speakers[position] for position in at]
        voted = np.repeat(speakers, others.sum(axis=1)).tolist()
        said = {arm: np.concatenate([one[arm] for _, one in parts]) for arm in parts[0][1]}
        return cls(
            {arm: describe(study, at, others, said[arm]) for arm in ARMS if arm in said},
            {kind: voted if kind == "single votes" else speakers for kind, _ in METRICS.values()},
        )

    def lines(self) -> Iterator[str]:
        """Yield the table of arms, then a table of differences for each other arm."""
        yield " " * 22 + "".join(f"{title:>13}" for title in METRICS)
        for arm, kinds in self.statistics.items():
            values = {kind: one.evaluate() for kind, one in kinds.items()}
            cells = (values[kind][name] for kind, name in METRICS.values())
            yield f"{arm:<22}" + "".join(f"{cell:>13.3f}" for cell in cells)
        for other in self.statistics:
            if other != SOFT:
                yield from self.compare(SOFT, other)

    def compare(self, first: str, second: str) -> Iterator[str]:
        """Yield the differences of two arms, with intervals and adjusted p-values."""
        ours, theirs = self.statistics[first], self.statistics[second]
        found = {
            kind: compare_paired(ours[kind], theirs[kind], speakers)
            for kind, speakers in self.speakers.items()
        }
        rows = [found[kind][name] for kind, name in METRICS.values()]
        adjusted = adjust_p_values([row.p_value for row in rows])
        yield f"\n{first} minus {second}"
        for title, row, p_value in zip(METRICS, rows, adjusted, strict=True):
            gap = row.difference
            ends = f"[{gap.low:+.3f}, {gap.high:+.3f}]"
            yield f"  {title:<14}{gap.estimate:+.3f} {ends}  p {p_value:.4f}"


def compute_statistics(study: Study, *, log_mel: bool) -> Statistics:
    """Return mean and deviation over time of each number of each clip, (N, D)."""
    waveforms = list(study.waveforms())
    if not log_mel:
        layers = EncoderStatistics(model=str(ENCODER), layers="2,3,4").compute(waveforms)
        return layers.values.reshape(len(waveforms), -1)
    frames = LogMel().compute(waveforms)
    return np.stack([np.concatenate([clip.mean(axis=0), clip.std(axis=0)]) for clip in frames])


def judge_heads(study: Study, statistics: Statistics, rate: float, arms: Sequence[str]) -> Outcome:
    """Train heads on every fold and seed, in two processes."""
    cases = list(product(range(FOLDS), range(SEEDS)))
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        parts = list(pool.map(partial(judge_fold, study, statistics, rate, arms), cases))
    return Outcome.gather(study, [seed for _, seed in cases], parts)


def judge_crnn(study: Study) -> Outcome:
    """Train the network of the rounds on the first fold and seed, on majorities and on votes."""
    split, log_mel = study.split(0, 0), LogMel()
    features = log_mel.compute(list(study.waveforms()))
    shares = share_votes(study.ask(np.arange(len(study.ids)), 0))
    # Both keep the epoch of the highest UAR on the dev clips whose majority is clear.
    dev = split.dev[np.diff(np.sort(shares[split.dev], axis=1)[:, -2:])[:, 0] > 0]
    losses: dict[str, LossName] = {HARD: "cross_entropy", SOFT: "soft_label"}
    said = {}
    for arm, loss in losses.items():
        model = train_classifier(
            features.take(split.train),
            shares[split.train],
            classes=CREMA_D_CLASSES,
            feature_set=log_mel.feature_set,
            sample_rate=log_mel.sample_rate,
            dev=(features.take(dev), shares[dev].argmax(axis=1)),
            model=COMPACT_CRNN,
            training=replace(ROUND_TRAINING, loss=loss),
        )
        said[arm] = predict(model, features.take(split.test)).posterior.astype(np.float64)
    return Outcome.gather(study, [0], [(split.test, said)])


def load_statistics(study: Study, file: Path | None, *, log_mel: bool) -> Statistics:
    """Return the features of the clips, from the file if it is there."""
    if file is not None and file.is_file():
        found: Statistics = np.load(file)
        return found
    statistics = compute_statistics(study, log_mel=log_mel)
    if file is not None:
        np.save(file, statistics)
    return statistics


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listeners", choices=("intended", "sounds_like"), default="intended")
    parser.add_argument("--votes", type=int, default=5, help="votes on each clip")
    parser.add_argument("--few", action="store_true", help="the majority and the votes alone")
    parser.add_argument("--log-mel", action="store_true", help="even where the encoder is there")
    parser.add_argument("--crnn", action="store_true")
    parser.add_argument("--features", type=Path, help="a .npy that keeps them between runs")
    given = parser.parse_args()
    use_threads(1)
    started = time.monotonic()
    study = open_study(DATA, given.listeners, given.votes)
    if given.crnn:
        outcome = judge_crnn(study)
    else:
        log_mel = given.log_mel or not ENCODER.is_dir()
        statistics = load_statistics(study, given.features, log_mel=log_mel)
        rate = BAND_RATE if log_mel else ENCODER_RATE
        outcome = judge_heads(study, statistics, rate, (HARD, SOFT) if given.few else ARMS)
    sys.stdout.write(
        f"{len(study.ids)} clips of {len(set(study.speakers))} actors, {given.votes} votes each, "
        f"listeners `{given.listeners}`, {time.monotonic() - started:.0f} s\n"
    )
    for line in outcome.lines():
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()

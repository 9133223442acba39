"""How often `serloop drift` cries wolf, and how few speakers it needs to notice what did change.

`python -m tests.benchmarks.drift --home FOLDER` writes RAVDESS's first repetitions four times:
as they are, through a telephone (300 to 3400 Hz), 10 dB louder, and in pink noise at 10 dB; and
ingests them and the Urdu corpus, computes log-mel and trains a model on Urdu, which has met none
of the actors. FOLDER is kept between runs. It prints, with 95 % intervals (Clopper-Pearson):

- false alarms: RAVDESS's 24 actors are cut in halves at random, and one half is said to have come
  in. The share of cuts with any alarm should be at most what was set. Beside it the same with
  Kolmogorov and Smirnov's test of clips and Holm's correction, which takes clips of a speaker for
  independent. Then new speakers of whom less is known: some actors with a few clips each, against
  the others with all of theirs.
- power: the share of draws with an alarm where some actors came in changed, or Urdu speakers did,
  and what noticed.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import soundfile
import torch
from pyarrow import csv as pa_csv
from scipy.stats import binomtest, ks_2samp

from pipelines.clipset import corpus_clips
from pipelines.drift.drift import judge_measures
from pipelines.drift.frames import read_profiles, read_words
from pipelines.drift.measures import measure_features, measure_sound, measure_words
from pipelines.drift.sides import Sides, name_speakers
from pipelines.extract import extract
from pipelines.ingest import ingest
from pipelines.models import load_weights, require_model
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import has_warehouse, open_store
from ser.audio.augment.channel import band_limit
from ser.audio.augment.noise import add_noise, make_noise
from ser.metrics.paired import adjust_p_values
from warehouse import queries

SILENT = SilentProgress()
DATA = Path(os.environ.get("SERLOOP_DATA", "../shared/data"))
RATE = 16000
NOISE_DB = 10.0
GAIN = 10 ** (10 / 20)
Change = Callable[[torch.Tensor], torch.Tensor]


def say(*words: object) -> None:
    """Print at once."""
    print(*words, flush=True)  # noqa: T201 - a benchmark's output is its result


def telephone(sound: torch.Tensor) -> torch.Tensor:
    """Leave the band of a telephone."""
    return band_limit(sound[None], RATE, torch.tensor([300.0]), torch.tensor([3400.0]))[0]


def noisy(sound: torch.Tensor) -> torch.Tensor:
    """Add pink noise."""
    noise = make_noise("pink", len(sound), RATE, torch.Generator().manual_seed(len(sound)))
    size, snr_db = torch.tensor([len(sound)]), torch.tensor([NOISE_DB])
    return add_noise(sound[None], size, noise[None], snr_db)[0]


CHANGES: Mapping[str, Change] = {
    "plain": lambda sound: sound,
    "telephone": telephone,
    "louder": lambda sound: (GAIN * sound).clamp(-1, 1),
    "noisy": noisy,
}


@dataclass(frozen=True)
class Clips:
    """All that drift looks at, of one corpus."""

    facts: pa.Table
    profiles: np.ndarray
    posterior: np.ndarray
    embeddings: np.ndarray
    classes: tuple[str, ...]

    def take(self, positions: np.ndarray) -> "Clips":
        """Return the clips at `positions`."""
        parts = (self.profiles, self.posterior, self.embeddings)
        return Clips(self.facts.take(positions), *(of[positions] for of in parts), self.classes)

    def of(self, speakers: np.ndarray, each: int | None, rng: np.random.Generator) -> "Clips":
        """Return the clips of some speakers, `each` of them or all."""
        who = np.array(self.facts["who"].to_pylist())
        found = [rng.permutation(np.flatnonzero(who == name))[:each] for name in speakers]
        return self.take(np.sort(np.concatenate(found)))

    @property
    def speakers(self) -> np.ndarray:
        """The speakers, sorted."""
        return np.unique(self.facts["who"].to_pylist())


def write_changed(home: Path) -> None:
    """Write RAVDESS's first repetitions as four corpora with a manifest each."""
    sources = sorted((DATA / "ravdess" / "flac16k").rglob("03-01-*-01-??.flac"))
    for name, change in CHANGES.items():
        folder = home / "corpora" / name
        folder.mkdir(parents=True, exist_ok=True)
        for source in sources:
            sound, _ = soundfile.read(source, dtype="float32")
            soundfile.write(
                folder / f"{source.stem}.wav", change(torch.from_numpy(sound)).numpy(), RATE
            )
        rows = {
            "path": [f"{source.stem}.wav" for source in sources],
            "speaker": [source.stem[-2:] for source in sources],
            "label": [source.stem[6:8] for source in sources],
        }
        pa_csv.write_csv(pa.table(rows), folder / "manifest.csv")


def build(settings: Settings) -> str:
    """Ingest, compute features and train, unless that was done before; return the model."""
    if has_warehouse(settings):
        with open_store(settings) as store:
            known = queries.select_models(store)["model_id"].to_pylist()
        if known:
            return str(known[-1])
    if not (settings.home / "corpora").exists():
        write_changed(settings.home)
    for name in CHANGES:
        root = settings.home / "corpora" / name
        ingest(settings, SILENT, corpus="manifest", root=root, name=name)
    ingest(settings, SILENT, corpus="urdu", root=DATA / "urdu")
    extract(settings, SILENT)
    return train(settings, SILENT, corpus="urdu").model_id


def read(settings: Settings, model_id: str, corpus: str) -> Clips:
    """Read everything that drift compares; for Urdu only speakers kept from the model."""
    with open_store(settings) as store:
        model = require_model(store, model_id)
        facts = name_speakers(corpus_clips(store, corpus))
        if corpus == "urdu":
            learned = set(model["config"]["clips"])
            facts = facts.filter([name not in learned for name in facts["clip_id"].to_pylist()])
        sides = Sides(facts, facts.num_rows)
        trained = load_weights(settings, model)
        profiles = read_profiles((store, store), model["feature_set"], sides, lambda _: None)
        words = read_words((store, store), trained, sides, lambda _: None)
    return Clips(facts, profiles, *words, tuple(model["classes"]))


def compare(known: Clips, came: Clips, false_alarm: float, *, is_matched: bool = True) -> list[str]:
    """Return the measures that raise an alarm, as `drift` would say."""
    sides = Sides(pa.concat_tables([known.facts, came.facts]), known.facts.num_rows)
    keys = ("profiles", "posterior", "embeddings")
    profiles, posterior, embeddings = (
        np.concatenate([getattr(known, key), getattr(came, key)]) for key in keys
    )
    kept = sides.match_positions() if is_matched else np.arange(sides.clips.num_rows)
    chosen = sides.take(kept)
    measures = [
        *measure_sound(chosen),
        measure_features(profiles[kept], chosen),
        *measure_words(posterior[kept], embeddings[kept], known.classes, chosen),
    ]
    return [of.measure for of in judge_measures(measures, false_alarm) if of.is_alarm]


def cut_halves(clips: Clips, cuts: int) -> Iterator[np.ndarray]:
    """Yield which actors came in, a random half each time."""
    rng = np.random.default_rng(0)
    for _ in range(cuts):
        yield rng.permutation(np.arange(len(clips.speakers)) % 2 == 0)


def count_halves(clips: Clips, cuts: int, false_alarm: float) -> int:
    """Count random halves with any alarm; sums by actor serve every cut."""
    who = np.array(clips.facts["who"].to_pylist())
    by_actor = clips.take(np.argsort(who, kind="stable"))
    # Cut between two actors, so that each is one bundle.
    first_half = int(np.isin(who, clips.speakers[: len(clips.speakers) // 2]).sum())
    sides = Sides(by_actor.facts, first_half)
    measures = [
        *measure_sound(sides),
        measure_features(by_actor.profiles, sides),
        *measure_words(by_actor.posterior, by_actor.embeddings, by_actor.classes, sides),
    ]
    alarms = 0
    for seed, came in enumerate(cut_halves(clips, cuts)):
        told = [replace(of, bundles=replace(of.bundles, is_incoming=came)) for of in measures]
        alarms += any(of.is_alarm for of in judge_measures(told, false_alarm, seed=seed))
    return alarms


def count_naive(clips: Clips, cuts: int, false_alarm: float) -> int:
    """Count random halves that Kolmogorov and Smirnov's test of clips tells apart."""
    _, numbers = np.unique(clips.facts["who"].to_pylist(), return_inverse=True)
    speech = clips.facts["speech_end_s"].to_numpy() - clips.facts["speech_start_s"].to_numpy()
    figures = (clips.facts["level_dbfs"].to_numpy(), speech)
    alarms = 0
    for came in cut_halves(clips, cuts):
        is_new = came[numbers]
        p_values = [ks_2samp(of[is_new], of[~is_new]).pvalue for of in figures]
        alarms += min(adjust_p_values(p_values)) <= false_alarm
    return alarms


def show(what: str, hits: int, of: int, note: str = "") -> None:
    """Print a share with its interval."""
    ends = binomtest(hits, of).proportion_ci(0.95)
    say(f"{what:58} {hits:4}/{of:<4} {hits / of:6.1%} [{ends.low:.1%}, {ends.high:.1%}] {note}")


def show_unequal(clips: Clips, draws: int, false_alarm: float) -> None:
    """Print false alarms where little is known of new speakers, and where much of few."""
    for new, each_new, each_known in ((8, 3, None), (8, None, 3), (5, 1, None)):
        for is_matched in (True, False):
            rng, alarms = np.random.default_rng(1), 0
            for _ in range(draws):
                speakers = rng.permutation(clips.speakers)
                came = clips.of(speakers[:new], each_new, rng)
                known = clips.of(speakers[new:], each_known, rng)
                alarms += bool(compare(known, came, false_alarm, is_matched=is_matched))
            show(
                f"{new} actors with {each_new or 30} clips, others with {each_known or 30}, "
                f"sizes {'matched' if is_matched else 'as they are'}",
                alarms,
                draws,
            )


def show_power(corpora: Mapping[str, Clips], draws: int, false_alarm: float) -> None:
    """Print how often changed clips of few and more new speakers are noticed."""
    plain = corpora["plain"]
    for name, changed in corpora.items():
        for new in (3, 5, 8):
            rng, noticed, alarms = np.random.default_rng(2), Counter[str](), 0
            for _ in range(draws):
                order = rng.permutation(len(plain.speakers))
                known = plain.of(plain.speakers[order[new:]], None, rng)
                who = rng.permutation(changed.speakers)[:new]
                if name != "urdu":
                    who = changed.speakers[order[:new]]
                found = compare(known, changed.of(who, None, rng), false_alarm)
                noticed.update(found)
                alarms += bool(found)
            by = ", ".join(f"{measure} {count}" for measure, count in noticed.most_common())
            show(f"{name}: {new} speakers came in, known are {24 - new}", alarms, draws, by)


def main() -> int:
    """Build what is not there yet, and print false alarms and power."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--cuts", type=int, default=1000)
    parser.add_argument("--draws", type=int, default=100, help="0 for random halves alone")
    given = parser.parse_args()
    settings = Settings(home=given.home, training={"updates": 300}, compute={"processes": 2})
    model_id = build(settings)
    corpora = {name: read(settings, model_id, name) for name in (*CHANGES, "urdu")}
    with open_store(settings) as store:
        say(f"{queries.summarise_corpora(store).select(['corpus', 'clips', 'speakers'])}")
    plain = corpora["plain"]
    say("\nfalse alarms, nothing drifted")
    for false_alarm in (0.01, 0.05):
        hits = count_halves(plain, given.cuts, false_alarm)
        show(f"random halves of 24 actors, set to {false_alarm:.0%}", hits, given.cuts)
        hits = count_naive(plain, given.cuts, false_alarm)
        show(f"the same by KS tests of clips at {false_alarm:.0%}", hits, given.cuts)
    if not given.draws:
        return 0
    say("\nfalse alarms with unequally many clips, set to 5%")
    show_unequal(plain, given.draws, 0.05)
    say("\npower, set to 1%")
    show_power(corpora, given.draws, 0.01)
    return 0


if __name__ == "__main__":
    sys.exit(main())

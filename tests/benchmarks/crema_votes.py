"""RAVDESS judged by simulated listeners who confuse emotions as those of CREMA-D did."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import soundfile

from annotation.confusion import CREMA_D_CLASSES, CREMA_D_VOICE_CONFUSION
from annotation.simulate import SimulatedAnnotators
from annotation.taxonomies import TaxonomyMap, compile_mapping, map_labels
from annotation.votes import VoteMatrix, build_vote_matrix
from ser.audio.segment import TrimSettings, find_speech
from ser.corpora.crema_d import CremaD, intended_label
from ser.corpora.ravdess import EMOTIONS, Ravdess
from ser.training.folds import Split, hold_out
from ser.training.protocols import take_dev

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Reading = Literal["intended", "sounds_like"]

GROUP_SIZE = 24  # as many as `pipelines.answer` recruits
OTHERS = 1000  # added to a seed for the listeners who judge the test actors
OTHER_VOTES = 10  # CREMA-D has 9.2 on a clip
# Calm is neutral, as in the mappings that come with the package; CREMA-D knows no surprise.
RAVDESS_AS_CREMA_D = TaxonomyMap.of(
    "ravdess-8",
    "crema-d-6",
    CREMA_D_CLASSES,
    {name: name for name in CREMA_D_CLASSES} | {"calm": "neutral", "surprise": None},
)


@dataclass(frozen=True, eq=False)
class Study:
    """N clips of RAVDESS, ascending by id, and the people who judge them.

    Args:
        ids: Names of the clips.
        speakers: Actor of each.
        genders: Of each actor.
        truth: Class number of the intended emotion, ``(N,)``.
        paths: Where they lie.
        folds: Actors that each published fold tests (Luna-Jiménez et al. 2021).
        confusion: P(vote | intended emotion) of the listeners, ``(C, C)``.
        votes_per_clip: Votes on each clip of the training part.
    """

    ids: list[str]
    speakers: list[str]
    genders: list[str | None]
    truth: IntArray
    paths: list[Path]
    folds: list[list[str]]
    confusion: FloatArray
    votes_per_clip: int

    def split(self, fold: int, seed: int) -> Split:
        """Return a published fold, with dev actors taken from its training part."""
        split = hold_out(self.speakers, test=self.folds[fold])
        return take_dev(split, self.speakers, seed=seed, balance=self.genders)

    def ask(self, at: IntArray, seed: int) -> VoteMatrix:
        """Return the votes on the clips at ascending positions."""
        return self._cast(at, self.votes_per_clip, seed)

    def ask_others(self, at: IntArray, seed: int) -> IntArray:
        """Return how often other listeners named each class, (clips, C)."""
        return self._cast(at, OTHER_VOTES, seed + OTHERS).class_counts().astype(np.int64)

    def waveforms(self) -> Iterator[npt.NDArray[np.float32]]:
        """Yield the speech of each clip, cut as ingestion cuts it."""
        for path in self.paths:
            waveform, rate = soundfile.read(path, dtype="float32")
            span = find_speech(waveform, rate, TrimSettings())
            yield waveform[span.start : span.end]

    def _cast(self, at: IntArray, votes: int, seed: int) -> VoteMatrix:
        group = SimulatedAnnotators.recruit(
            GROUP_SIZE, CREMA_D_CLASSES, seed=seed, base=self.confusion
        )
        clips = [self.ids[position] for position in at]
        heard = [CREMA_D_CLASSES[number] for number in self.truth[at]]
        table = group.answer(clips, heard, votes_per_clip=votes, taxonomy="crema-d-6")
        return build_vote_matrix(table, CREMA_D_CLASSES)


def open_study(data: Path, reading: Reading, votes_per_clip: int) -> Study:
    """Find the clips that have a class in CREMA-D, and how its listeners err.

    Args:
        data: Folder of the corpora.
        reading: What the listeners' confusion is conditioned on, see `find_confusion`.
        votes_per_clip: Votes on each clip of the training part.
    """
    root = data / "ravdess" / "flac16k"
    found = sorted(Ravdess().scan(root).utterances, key=lambda one: one.native_id)
    truth = number_classes([one.intended for one in found])
    kept = [one for one, number in zip(found, truth, strict=True) if number >= 0]
    file = data / "splits" / "ravdess_5fold_luna_jimenez.json"
    folds = json.loads(file.read_text(encoding="utf-8"))["test"]
    return Study(
        ids=[one.native_id for one in kept],
        speakers=[str(one.speaker) for one in kept],
        genders=[one.gender for one in kept],
        truth=truth[truth >= 0],
        paths=[root / one.path for one in kept],
        folds=[[f"actor-{actor:02d}" for actor in fold] for fold in folds],
        confusion=find_confusion(data / "crema-d-votes", reading),
        votes_per_clip=votes_per_clip,
    )


def number_classes(intended: list[str | None]) -> IntArray:
    """Return the CREMA-D class of each RAVDESS emotion, −1 where it has none."""
    compiled = compile_mapping(RAVDESS_AS_CREMA_D, list(EMOTIONS.values()))
    index = pc.index_in(map_labels(compiled, intended), pa.array(CREMA_D_CLASSES))
    return np.asarray(pc.fill_null(index, -1), np.int64)


def find_confusion(root: Path, reading: Reading) -> FloatArray:
    """Return P(vote | class) of CREMA-D's voice-only listeners, (C, C).

    `intended` counts the real votes by what the actor was asked for. `sounds_like` is what the
    package simulates people with: by what all votes on a clip together say that it sounds like.
    """
    if reading == "sounds_like":
        stored = np.array(CREMA_D_VOICE_CONFUSION)  # rounded to four digits
        return stored / stored.sum(axis=1, keepdims=True)
    votes = CremaD().read_votes(root)
    if votes is None:
        raise FileNotFoundError(f"no votes of CREMA-D in {root}; set SERLOOP_DATA")
    voice = votes.filter(pc.equal(votes["modality"], "audio"))
    asked = [CREMA_D_CLASSES.index(intended_label(name)) for name in voice["native_id"].to_pylist()]
    heard = [CREMA_D_CLASSES.index(name) for name in voice["label"].to_pylist()]
    counts = np.zeros((len(CREMA_D_CLASSES),) * 2)
    np.add.at(counts, (asked, heard), voice["count"].to_numpy())
    return counts / counts.sum(axis=1, keepdims=True)

"""Clips that a training hears without being told their labels."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pipelines.clipset import ClipSet, corpus_clips, default_test_speakers, read_features
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.identity import digest
from warehouse import Warehouse

if TYPE_CHECKING:
    from ser.encoders.ridge_beside import Beside
    from ser.features.ragged import RaggedFeatures
    from ser.training.parameters import TrainingParameters


@dataclass(frozen=True)
class Unlabelled:
    """Name the clips of one corpus that no held-out speaker spoke.

    Args:
        corpus: The corpus.
        held_out: Its speakers who are kept out.
        clip_ids: The clips, ascending; those that have a label are among them.
        speakers: Speaker of each, empty where unknown.
    """

    corpus: str
    held_out: tuple[str, ...]
    clip_ids: tuple[str, ...]
    speakers: tuple[str, ...]

    def describe(self) -> dict[str, Any]:
        """Return what a model's configuration records."""
        return {
            "corpus": self.corpus,
            "held_out": list(self.held_out),
            "clips": len(self.clip_ids),
            "digest": digest(self.clip_ids),
        }

    def read(self, store: Warehouse, feature_set: str) -> "RaggedFeatures":
        """Return the features of the clips.

        Args:
            store: The warehouse.
            feature_set: Which features.

        Raises:
            NothingToDoError: If a clip has no such features.
        """
        return read_features(store, feature_set, self.clip_ids)

    def beside(
        self,
        store: Warehouse,
        feature_set: str,
        labelled: Collection[str],
        training: "TrainingParameters",
    ) -> "Beside | None":
        """Return what a head that is solved for learns from beside labels; None for nothing.

        Args:
            store: The warehouse.
            feature_set: Features of a frozen encoder.
            labelled: Clips whose labels it learns.
            training: What the others weigh, and whether they are balanced.

        Raises:
            NothingToDoError: If a clip has no such features.
        """
        from ser.encoders.ridge_beside import WEIGHT, Beside  # noqa: PLC0415 - these load torch
        from ser.encoders.ridge_model import layer_statistics  # noqa: PLC0415

        known = set(labelled)
        pairs = zip(self.clip_ids, self.speakers, strict=True)
        others = [(clip_id, speaker) for clip_id, speaker in pairs if clip_id not in known]
        if not others:
            return None
        features = read_features(store, feature_set, [clip_id for clip_id, _ in others])
        return Beside(
            layer_statistics(features),
            [speaker for _, speaker in others],
            weight=WEIGHT if training.semi_weight is None else training.semi_weight,
            is_balanced=training.semi_balance,
        )


def select_unlabelled(
    store: Warehouse, clips: ClipSet, corpus: str, other: str | None
) -> Unlabelled:
    """Choose the clips without labels that a training may hear.

    Nobody by whom models are judged is heard, not even without labels, nor is a clip that shares
    its audio with one of theirs. Of the same corpus, clips of unknown speakers are left out too:
    they might be theirs.

    Args:
        store: The warehouse.
        clips: What is learned from, and who is held out.
        corpus: Its corpus.
        other: Another corpus to take clips from, whose default test speakers are kept out as
            well, as far as its speakers are known; `None` for the same one.

    Raises:
        NothingToDoError: If no such clip is left.
    """
    own = corpus_clips(store, corpus)
    judging = {*clips.test_speakers, *clips.dev_speakers}
    kept_from = _audio_of(own, judging)
    if other in {None, corpus}:
        table, held_out = own, tuple(sorted(judging))
        kept_from |= _audio_of(own, {None})
    else:
        table = corpus_clips(store, str(other))
        speakers = set(table["speaker"].to_pylist())
        held_out = () if None in speakers else default_test_speakers(table)
        kept_from |= _audio_of(table, set(held_out))
    columns = (table[name].to_pylist() for name in ("clip_id", "speaker", "audio"))
    rows = sorted(row for row in zip(*columns, strict=True) if row[2] not in kept_from)
    if not rows:
        raise NothingToDoError(
            f"corpus `{other or corpus}` has no clip of a known speaker who is not held out, so "
            "that nothing can be learned without labels; set `training.semi`, `training.domain` "
            "and `pretraining.objective` to `none`"
        )
    return Unlabelled(
        corpus=other or corpus,
        held_out=held_out,
        clip_ids=tuple(clip_id for clip_id, _, _ in rows),
        speakers=tuple(speaker or "" for _, speaker, _ in rows),
    )


def _audio_of(table: pa.Table, speakers: Collection[str | None]) -> set[str]:
    columns = (table[name].to_pylist() for name in ("speaker", "audio"))
    return {audio for speaker, audio in zip(*columns, strict=True) if speaker in speakers}


def check_unlabelled(found: Unlabelled, recorded: Mapping[str, Any]) -> None:
    """Refuse clips other than those a model was trained with.

    Args:
        found: The clips now.
        recorded: What `Unlabelled.describe` gave then.

    Raises:
        PipelineError: If they differ.
    """
    now = found.describe()
    if now != dict(recorded):
        raise PipelineError(
            f"the model heard {recorded['clips']} clips of `{recorded['corpus']}` without labels, "
            f"but now there are {now['clips']}, or others; train it again"
        )


def keep_label_share(clips: ClipSet, share: float | None, seed: int) -> ClipSet:
    """Return clips of which only a share of the labels to learn from is left.

    Each class keeps its share, one clip at least, drawn by the seed; who is held out stays.

    Args:
        clips: The labelled clips.
        share: Of the labels, in (0, 1]; `None` for all.
        seed: Seed of the draw.
    """
    if share is None:
        return clips
    generator = np.random.default_rng(seed)
    leading = clips.targets[clips.train].argmax(axis=1)
    kept = []
    for number in range(len(clips.classes)):
        members = clips.train[leading == number]
        if members.size:
            kept.append(generator.permutation(members)[: max(1, round(share * members.size))])
    return replace(clips, train=np.sort(np.concatenate(kept)), label_share=share)

"""Which speakers each fold of a cross-validation tests, and on whom it chooses its epoch."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.clipset import DEFAULT_FOLDS, FOLD_SEED
from pipelines.errors import PipelineError
from ser.training.fold_file import fixed_folds, read_folds
from ser.training.folds import (
    Split,
    check_audio_together,
    check_speaker_disjoint,
    join_groups,
    speaker_folds,
)
from ser.training.protocols import leave_one_out, take_dev

LeaveOut = Literal["speaker", "session"]


@dataclass(frozen=True)
class Fold:
    """Who is held out in one fold.

    Args:
        name: Its number from 1, or who is left out.
        test_speakers: Speakers tested, sorted.
        dev_speakers: Speakers of the dev part, sorted; empty for none.
    """

    name: str
    test_speakers: tuple[str, ...]
    dev_speakers: tuple[str, ...]


@dataclass(frozen=True)
class Dealing:
    """How speakers are dealt into folds.

    Args:
        count: Number of folds; None for five, or one per speaker if there are fewer.
        file: JSON file that fixes them instead, see `ser.training.fold_file.read_folds`.
        speaker_format: How an entry of that file becomes a speaker, such as ``actor-{:02d}``.
        leave_out: Test each speaker or session by itself instead.
        dev_share: Share of the clips learned from whose speakers choose the epoch, 0 for none.

    Raises:
        PipelineError: If more than one way of dealing is named.
    """

    count: int | None = None
    file: Path | None = None
    speaker_format: str = "{}"
    leave_out: LeaveOut | None = None
    dev_share: float = 0.2

    def __post_init__(self) -> None:
        """Refuse to deal in two ways."""
        if sum(way is not None for way in (self.count, self.file, self.leave_out)) > 1:
            raise PipelineError(
                "a number of folds, a file of folds and leaving one out are three ways to deal "
                "speakers; name one of them"
            )


def plan_folds(clips: pa.Table, dealing: Dealing) -> list[Fold]:
    """Deal the speakers of a corpus into folds; each speaker is tested in one of them.

    Speakers who share a session or audio are never parted, and genders are spread evenly. The
    folds of a corpus are always the same, whatever is trained on them.

    Args:
        clips: All clips of a corpus, as `pipelines.clipset.corpus_clips` returns them.
        dealing: How to deal.

    Raises:
        PipelineError: If a clip's speaker or session is unknown.
        ConfigurationError: If the speakers are too few or the file cannot be used.
        LeakageError: If the file parts speakers who share a session or audio.
    """
    speakers = _known(clips, "speaker")
    together = (clips["session"].to_pylist(), clips["audio"].to_pylist())
    if dealing.file is not None:
        found = fixed_folds(read_folds(dealing.file, speaker=dealing.speaker_format), speakers)
        splits = {str(number): split for number, split in enumerate(found, start=1)}
    elif dealing.leave_out is not None:
        names = _known(clips, dealing.leave_out)
        splits = leave_one_out(names, together=(speakers, *together))
    else:
        apart = len(set(join_groups(speakers, *together).tolist()))
        found = speaker_folds(
            speakers,
            dealing.count or min(DEFAULT_FOLDS, apart),
            seed=FOLD_SEED,
            together=together,
            balance=clips["gender"].to_pylist(),
        )
        splits = {str(number): split for number, split in enumerate(found, start=1)}
    return [_finish(name, split, clips, dealing.dev_share) for name, split in splits.items()]


def _finish(name: str, split: Split, clips: pa.Table, dev_share: float) -> Fold:
    """Take the dev speakers out of those learned from, and check what is left."""
    speakers = clips["speaker"].to_pylist()
    sessions, audio = clips["session"].to_pylist(), clips["audio"].to_pylist()
    if dev_share:
        split = take_dev(
            split,
            speakers,
            share=dev_share,
            seed=FOLD_SEED,
            together=(sessions, audio),
            balance=clips["gender"].to_pylist(),
        )
    check_speaker_disjoint({"speaker": speakers, "session": sessions}, split)
    check_audio_together(clips["clip_id"].to_pylist(), speakers, audio, split)
    return Fold(name, _names_at(speakers, split.test), _names_at(speakers, split.dev))


def _known(clips: pa.Table, column: str) -> list[str]:
    names: list[str | None] = clips[column].to_pylist()
    unknown = names.count(None)
    if unknown:
        raise PipelineError(
            f"{unknown} of {len(names)} clips of corpus `{clips['corpus'][0]}` have no {column}, "
            f"so that nobody can keep them apart by it; ingest the corpus with its {column}s"
        )
    return [str(name) for name in names]


def _names_at(names: Sequence[str], positions: npt.NDArray[np.int64]) -> tuple[str, ...]:
    return tuple(sorted({names[position] for position in positions}))

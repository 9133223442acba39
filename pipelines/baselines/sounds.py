"""Clips that someone names: audio files, or clips of the warehouse."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipelines.errors import NothingToDoError, PipelineError
from ser.prepare import Rejected, Unchanged, prepare
from warehouse import Warehouse, queries


@dataclass(frozen=True, eq=False)
class Sound:
    """One clip as a model hears it.

    Args:
        name: The file or the clip's id, as it was named.
        waveform: Trimmed mono int16 ``(S,)``.
        sample_rate: Hz.
        start_s: Where it begins in its file, s.
        end_s: Where it ends there, s.
    """

    name: str
    waveform: npt.NDArray[np.int16]
    sample_rate: int
    start_s: float
    end_s: float

    @property
    def seconds(self) -> float:
        """How long it is, s."""
        return len(self.waveform) / self.sample_rate

    @property
    def sha256(self) -> str:
        """Of its samples."""
        return hashlib.sha256(self.waveform.astype("<i2").tobytes()).hexdigest()


def read_file(path: Path, *, sample_rate: int = 16000) -> list[Sound]:
    """Decode and trim a file as clips are ingested; a long recording becomes several.

    Args:
        path: The file.
        sample_rate: Rate wanted, Hz.

    Raises:
        PipelineError: If it cannot become a clip, with the reason.
    """
    prepared = prepare(path, sample_rate=sample_rate)
    if isinstance(prepared, Rejected | Unchanged):
        why = prepared.detail if isinstance(prepared, Rejected) else "it is known"
        raise PipelineError(f"`{path}` cannot be judged: {why}; give a recording of speech")
    return [
        Sound(str(path), of.waveform, of.sample_rate, of.speech_start_s, of.speech_end_s)
        for of in prepared
    ]


def read_sounds(store: Warehouse, names: Sequence[str]) -> list[Sound]:
    """Read files and clips of the warehouse, in the order they are named.

    Args:
        store: The warehouse.
        names: Each a file that is there, or else the id of a clip.

    Raises:
        PipelineError: If one is neither, or a file cannot become a clip.
    """
    ids = [name for name in names if not Path(name).is_file()]
    stored = _read_clips(store, ids)
    found = []
    for name in names:
        found += [stored[name]] if name in stored else read_file(Path(name))
    if not found:
        raise NothingToDoError("no clip was named; name files, or ids of clips")
    return found


def _read_clips(store: Warehouse, ids: Sequence[str]) -> dict[str, Sound]:
    if not ids:
        return {}
    table = queries.select_waveforms(store, sorted(set(ids)))
    found = {
        row["clip_id"]: Sound(
            row["clip_id"],
            np.frombuffer(row["pcm16"], "<i2"),
            row["sample_rate"],
            0.0,
            len(row["pcm16"]) / 2 / row["sample_rate"],
        )
        for row in table.to_pylist()
    }
    missing = [name for name in ids if name not in found]
    if missing:
        raise PipelineError(
            f"`{missing[0]}` is neither a file nor a clip of the warehouse; see `serloop corpora`"
        )
    return found

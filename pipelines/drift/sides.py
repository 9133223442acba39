"""Which clips are compared: those a model learned from or was kept from, and those that came in."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.clipset import corpus_clips
from pipelines.identity import digest
from warehouse import Warehouse, queries

if TYPE_CHECKING:
    from ser.metrics.drift import Bundles

Positions = npt.NDArray[np.int64]
FACTS = ("clip_id", "revision", "audio_sha256", "speaker", "session", "recording")
SOUND = ("level_dbfs", "snr_db", "speech_start_s", "speech_end_s")


@dataclass(frozen=True, eq=False)
class Sides:
    """Clips of both sides in one table.

    Args:
        clips: What is known of them, those that came in last, each side by clip_id.
        known: How many of them did not come in.
    """

    clips: pa.Table
    known: int

    @property
    def is_incoming(self) -> npt.NDArray[np.bool_]:
        """Whether each clip came in, ``(N,)``."""
        return np.arange(self.clips.num_rows) >= self.known

    @property
    def incoming(self) -> int:
        """How many clips came in."""
        return int(self.clips.num_rows) - self.known

    def take(self, positions: Positions) -> "Sides":
        """Return the clips at `positions`, ascending."""
        return Sides(self.clips.take(positions), int((positions < self.known).sum()))

    def bundle(self) -> "Bundles":
        """Return the clips by speaker and side."""
        from ser.metrics.drift import bundle_speakers  # noqa: PLC0415 - keeps help fast

        return bundle_speakers(self.clips["who"].to_pylist(), self.is_incoming)

    def match(self) -> "Sides":
        """Leave out clips so that as much is known of speakers on either side."""
        return self.take(self.match_positions()) if self.known and self.incoming else self

    def match_positions(self) -> Positions:
        """Return which clips `match` keeps; both sides have clips."""
        from ser.metrics.drift import match_sizes  # noqa: PLC0415 - keeps help fast

        return match_sizes(self.bundle(), np.random.default_rng(0))


@dataclass(frozen=True, eq=False)
class Compared:
    """What came in, and what it is compared with.

    Args:
        corpus: The corpus that the clips came into.
        fingerprint: Follows from all clips of both sides and their contents.
        sound: Clips the model learned from, and all that came in.
        said: Clips kept from the model, speakers and all, and what came in of other speakers
            than those it learned from: it knows what it learned, so its word on that is no
            reference.
        strangers: Clips that came in without a speaker, session or recording; each counts as a
            speaker of its own.
    """

    corpus: str
    fingerprint: str
    sound: Sides
    said: Sides
    strangers: int


def read_sides(
    past: Warehouse, store: Warehouse, model: Mapping[str, Any], corpus: str | None
) -> Compared:
    """Find what came in since a model was trained, or all of another corpus.

    Args:
        past: The warehouse as of the model's snapshot.
        store: The warehouse now.
        model: A row from `require_model`.
        corpus: The corpus; None for the one it learned from.

    Raises:
        NothingToDoError: If the corpus was not ingested.
    """
    own = model["config"]["corpus"]
    name = corpus or own
    there, now = (name_speakers(corpus_clips(at, of)) for at, of in ((past, own), (store, name)))
    if name == own:
        now = _without(now, there)
    learned = there.filter(_is_in(there["clip_id"], model["config"]["clips"]))
    met = {*learned["who"].to_pylist(), *_named(own, model["config"]["dev_speakers"])}
    kept = there.filter(pc.invert(_is_in(there["who"], met)))
    strange = now.filter(pc.invert(_is_in(now["who"], met)))
    return Compared(
        corpus=name,
        fingerprint=digest(*(_contents(clips) for clips in (learned, kept, now))),
        sound=Sides(pa.concat_tables([learned, now]), learned.num_rows),
        said=Sides(pa.concat_tables([kept, strange]), kept.num_rows),
        strangers=int(pc.sum(pc.equal(now["who"], now["clip_id"])).as_py() or 0),
    )


def name_speakers(clips: pa.Table) -> pa.Table:
    """Keep what is compared, and add `who` speaks: a speaker, session, recording or clip.

    Args:
        clips: Rows of `clips`.
    """
    named = [
        pc.binary_join_element_wise(clips["corpus"], clips[name], f" {name} ")
        for name in ("speaker", "session", "recording")
    ]
    who = pc.coalesce(*named, clips["clip_id"])
    return clips.select([*FACTS, *SOUND]).append_column("who", who)


def _without(now: pa.Table, there: pa.Table) -> pa.Table:
    """Return the clips that were not there, or had other contents."""
    keys = [pc.binary_join_element_wise(of["clip_id"], _texts(of), "@") for of in (now, there)]
    return now.filter(pc.invert(pc.is_in(keys[0], keys[1].combine_chunks())))


def _texts(clips: pa.Table) -> pa.ChunkedArray:
    return clips["revision"].cast(pa.string())


def _named(corpus: str, speakers: Collection[str]) -> list[str]:
    return [f"{corpus} speaker {speaker}" for speaker in speakers]


def _is_in(column: pa.ChunkedArray, values: Collection[str]) -> pa.ChunkedArray:
    return pc.is_in(column, pa.array(sorted(values), pa.string()))


def _contents(clips: pa.Table) -> str:
    return digest(clips["clip_id"].to_pylist(), clips["audio_sha256"].to_pylist())


def lacks_features(store: Warehouse, feature_set: str, corpus: str, ids: Collection[str]) -> int:
    """Return how many of these clips have no such features."""
    lacking = queries.select_clips_without_features(store, feature_set, corpus=corpus)
    return int(pc.sum(_is_in(lacking["clip_id"], ids)).as_py() or 0)

"""Which clips a model learns from and is judged on, with their labels, behind the firewall."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from annotation.taxonomies import TaxonomyMap
from pipelines.convert import read_waveform
from pipelines.duplicates import read_audio_groups
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.labels import Labels, Targets, Wanted, agree, decide, intend
from pipelines.taxonomies import is_file, load_mapping
from ser.training.folds import (
    check_audio_together,
    check_speaker_disjoint,
    hold_out,
    join_groups,
    speaker_folds,
)
from warehouse import Warehouse, queries

if TYPE_CHECKING:
    from ser.features.ragged import RaggedFeatures

INTENDED = "intended"
Part = Literal["train", "dev", "test"]
TRAIN: Part = "train"
DEV: Part = "dev"
TEST: Part = "test"
DEFAULT_FOLDS = 5
# Who is held out must not change with the training seed, or two models could not be compared.
FOLD_SEED = 0
SPEAKERS_LISTED = 30


@dataclass(frozen=True, eq=False)
class ClipSet:
    """The labelled clips of one corpus, in clip-id order, and their parts.

    Args:
        clip_ids: N ids.
        speakers: Speaker of each clip, ``(N,)``.
        targets: P(class) of each clip, float32 ``(N, C)``.
        votes: Votes behind each target, ``(N,)``; 0 for intended labels.
        classes: C names.
        taxonomy: Name of the class list.
        train: Positions to learn from.
        dev: Positions to choose the epoch on.
        test: Positions to report on.
        test_speakers: Speakers held out, sorted.
        dev_speakers: Speakers of the dev part, sorted.
        mapping: Name of the mapping that led to `taxonomy`; None for labels given in it.
        rules: That mapping, as far as it is known.
        kind: Whether labels were asked to be decided or not; None for neither.
        dropped: Clips of each part that are left out because the mapping drops their label.
        tied: Clips of each part that are left out because no class leads.
        label_share: Share of the training labels that were kept, if only some were.
        also: Speakers held out of each other corpus whose clips are learned from, too.
    """

    clip_ids: tuple[str, ...]
    speakers: npt.NDArray[np.str_]
    targets: npt.NDArray[np.float32]
    votes: npt.NDArray[np.int64]
    classes: tuple[str, ...]
    taxonomy: str
    train: npt.NDArray[np.int64]
    dev: npt.NDArray[np.int64]
    test: npt.NDArray[np.int64]
    test_speakers: tuple[str, ...]
    dev_speakers: tuple[str, ...]
    mapping: str | None
    rules: TaxonomyMap | None
    kind: Targets | None
    dropped: Mapping[Part, int]
    tied: Mapping[Part, int]
    label_share: float | None = None
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def decided(self, positions: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return those of `positions` with one leading class: a tie can be judged by none."""
        if len(self.classes) < 2:
            return positions
        leading = np.partition(self.targets[positions], -2, axis=1)[:, -2:]
        return positions[leading[:, 1] > leading[:, 0]]

    def ids(self, positions: npt.NDArray[np.int64]) -> list[str]:
        """Return the clip ids at `positions`."""
        return [self.clip_ids[position] for position in positions]


def select_clip_set(
    store: Warehouse,
    *,
    corpus: str,
    labels: str,
    test_speakers: Sequence[str] = (),
    dev_speakers: Sequence[str] = (),
    taxonomy: Wanted | None = None,
    kind: Targets | None = None,
) -> ClipSet:
    """Collect labelled clips and part them by speaker; whatever parts share is refused.

    Args:
        store: The warehouse.
        corpus: Corpus to take clips from.
        labels: `intended`, or the id of a consensus run.
        test_speakers: Speakers held out; empty for a fifth of the corpus's, always the same.
        dev_speakers: Speakers of the dev part; empty for none.
        taxonomy: Taxonomy to map labels to, or a mapping; None for the one they are in.
        kind: `hard` for the leading class of each clip, without ties; else the posterior.

    Returns:
        The clips that have a label, and their parts.

    Raises:
        TaxonomyError: If no mapping leads to the taxonomy.
        LeakageError: If parts share a speaker, a session or audio, with the offenders.
        PipelineError: If a named speaker has no clip in the corpus.
        NothingToDoError: If the corpus has no clip, or none with such a label.
    """
    clips = corpus_clips(store, corpus)
    require_speakers(clips, (*test_speakers, *dev_speakers))
    held_out = tuple(sorted(test_speakers)) or default_test_speakers(clips)
    found = _read_labels(store, clips, corpus, labels, taxonomy)
    found = decide(found) if kind == "hard" else found
    labelled = np.flatnonzero(found.has_label)
    if not labelled.size:
        raise NothingToDoError(_explain_none(corpus, labels, found))
    chosen = clips.take(labelled)
    speakers = chosen["speaker"].to_pylist()
    present = set(speakers)
    split = hold_out(
        speakers,
        test=[name for name in held_out if name in present],
        dev=[name for name in dev_speakers if name in present],
    )
    check_speaker_disjoint(
        {"speaker": speakers, "session": chosen["session"].to_pylist()},
        split,
    )
    clip_ids = chosen["clip_id"].to_pylist()
    check_audio_together(clip_ids, speakers, chosen["audio"].to_pylist(), split)
    part_of: dict[str, Part] = {**dict.fromkeys(dev_speakers, DEV), **dict.fromkeys(held_out, TEST)}
    parts = [part_of.get(name, TRAIN) for name in clips["speaker"].to_pylist()]
    return ClipSet(
        clip_ids=tuple(clip_ids),
        speakers=np.array([name or "" for name in speakers]),
        targets=found.posterior[labelled].astype(np.float32),
        votes=found.votes[labelled],
        classes=found.classes,
        taxonomy=found.taxonomy,
        train=split.train,
        dev=split.dev,
        test=split.test,
        test_speakers=held_out,
        dev_speakers=tuple(sorted(dev_speakers)),
        mapping=found.mapping,
        rules=found.rules,
        kind=kind,
        dropped=_count_parts(parts, found.is_dropped),
        tied=_count_parts(parts, found.is_tied),
    )


def corpus_clips(store: Warehouse, corpus: str) -> pa.Table:
    """Return the current clips of a corpus, or say that there are none.

    Args:
        store: The warehouse.
        corpus: The corpus.

    Returns:
        The columns of `clips`, then `audio`: a name that duplicates share, see
        `pipelines.duplicates.read_audio_groups`.

    Raises:
        NothingToDoError: If the corpus was not ingested.
    """
    clips = queries.select_clips(store, corpus=corpus)
    if not clips.num_rows:
        known = ", ".join(queries.select_corpora(store)["corpus"].to_pylist()) or "none"
        raise NothingToDoError(
            f"corpus `{corpus}` has no clips in the warehouse (corpora there: {known}); bring it "
            f"in with `serloop ingest {corpus} FOLDER`"
        )
    audio = read_audio_groups(store, clips["clip_id"].to_pylist())
    return clips.append_column("audio", pa.array(audio, pa.string()))


def corpus_classes(store: Warehouse, corpus: str) -> tuple[str, tuple[str, ...]]:
    """Return the taxonomy of an ingested corpus and its classes."""
    for row in queries.select_corpora(store).to_pylist():
        if row["corpus"] == corpus:
            return row["taxonomy"], tuple(row["classes"])
    raise NothingToDoError(f"corpus `{corpus}` is not in the warehouse; ingest it first")


def require_speakers(clips: pa.Table, names: Sequence[str]) -> None:
    """Refuse speakers whom the corpus does not have: a misspelt name would hold nobody out.

    Args:
        clips: Clips of one corpus.
        names: Speakers named to be held out.

    Raises:
        PipelineError: If one of them has no clip, with the speakers there are.
    """
    known = sorted(set(clips["speaker"].to_pylist()) - {None})
    unknown = sorted(set(names) - set(known))
    if unknown:
        listed = ", ".join(known[:SPEAKERS_LISTED]) or "none"
        more = f" and {len(known) - SPEAKERS_LISTED} more" if len(known) > SPEAKERS_LISTED else ""
        raise PipelineError(
            f"no clip is spoken by {', '.join(f'`{name}`' for name in unknown)}, so holding them "
            f"out would hold out nobody; the speakers are {listed}{more}"
        )


def default_test_speakers(clips: pa.Table) -> tuple[str, ...]:
    """Return a fifth of the speakers, or of the sessions where sessions are known.

    Speakers who share a session or audio are held out together, or none of them.

    Args:
        clips: Clips of one corpus, with `audio`, as `corpus_clips` returns them.

    Raises:
        PipelineError: If there are fewer than two groups, or a speaker is unknown.
    """
    speakers = clips["speaker"].to_pylist()
    sessions = clips["session"].to_pylist()
    together = (speakers, clips["audio"].to_pylist())
    groups = speakers if None in sessions else sessions
    distinct = len(set(join_groups(groups, *together).tolist()))
    if None in groups or distinct < 2:
        raise PipelineError(
            "no test speakers were named and a default fifth cannot be drawn: "
            f"{sum(name is None for name in speakers)} of {len(speakers)} clips have no speaker "
            f"and there are {distinct} groups that share no audio; name speakers with "
            "--test-speakers"
        )
    folds = speaker_folds(groups, min(DEFAULT_FOLDS, distinct), seed=FOLD_SEED, together=together)
    # Folds have equally many clips, so one of them may be a single talkative speaker, whose
    # results would say nothing about others.
    tested = [tuple(sorted({speakers[i] for i in fold.test})) for fold in folds]
    return max(tested, key=len)


def read_features(store: Warehouse, feature_set: str, clip_ids: Sequence[str]) -> "RaggedFeatures":
    """Read the frames of clips, in the order of `clip_ids`.

    Args:
        store: The warehouse.
        feature_set: Which features.
        clip_ids: Ascending ids.

    Raises:
        NothingToDoError: If a clip has no such features.
    """
    from ser.features.ragged import RaggedFeatures  # noqa: PLC0415 - keeps help fast

    table = queries.select_features(store, feature_set, clip_ids)
    if table.num_rows != len(clip_ids):
        missing = sorted(set(clip_ids) - set(table["clip_id"].to_pylist()))
        raise NothingToDoError(
            f"{len(missing)} clips such as `{missing[0]}` have no features `{feature_set}`; "
            "compute them with `serloop features` and the same feature settings"
        )
    column = table["values"].combine_chunks()
    bands = table["bands"][0].as_py()
    return RaggedFeatures.from_flat(column.flatten().to_numpy(), table["frames"].to_numpy(), bands)


def read_waveforms(store: Warehouse, clip_ids: Sequence[str]) -> list[npt.NDArray[np.float32]]:
    """Read the trimmed audio of clips, in the order of `clip_ids`.

    Args:
        store: The warehouse.
        clip_ids: Ascending ids.

    Returns:
        One float32 ``(S,)`` array per clip, in [−1, 1).

    Raises:
        NothingToDoError: If a clip has no waveform.
    """
    table = queries.select_waveforms(store, clip_ids)
    if table.num_rows != len(clip_ids):
        missing = sorted(set(clip_ids) - set(table["clip_id"].to_pylist()))
        raise NothingToDoError(f"clips such as `{missing[0]}` have no waveform; ingest them again")
    return [read_waveform(pcm16) for pcm16 in table["pcm16"].to_pylist()]


def _read_labels(
    store: Warehouse, clips: pa.Table, corpus: str, labels: str, taxonomy: Wanted | None
) -> Labels:
    wanted = taxonomy
    if isinstance(wanted, str) and is_file(wanted):
        wanted = load_mapping(wanted)
    if labels == INTENDED:
        return intend(clips, *corpus_classes(store, corpus), wanted)
    return agree(store, clips, labels, wanted)


def _explain_none(corpus: str, labels: str, found: Labels) -> str:
    dropped, tied = int(found.is_dropped.sum()), int(found.is_tied.sum())
    if dropped + tied:
        return (
            f"no clip of corpus `{corpus}` keeps its label from `{labels}`: {dropped} labels are "
            f"dropped on the way to `{found.taxonomy}`, {tied} are ties"
        )
    return f"no clip of corpus `{corpus}` has a label from `{labels}`; see `serloop status`"


def _count_parts(parts: Sequence[Part], is_left_out: npt.NDArray[np.bool_]) -> dict[Part, int]:
    counts = Counter(part for part, left_out in zip(parts, is_left_out, strict=True) if left_out)
    return {part: counts[part] for part in (TRAIN, DEV, TEST)}

"""Learn from several corpora at once, judged on one of them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pipelines.clipset import INTENDED, ClipSet, corpus_clips, select_clip_set
from pipelines.errors import PipelineError
from warehouse import Warehouse


def join_corpora(store: Warehouse, clips: ClipSet, corpus: str, others: Sequence[str]) -> ClipSet:
    """Add the training clips of other corpora, by their own labels, to those of one.

    Each other corpus keeps its default test speakers out, so that the model can be judged on them
    as well. A clip that shares its audio with one that judges is left out.

    Args:
        store: The warehouse.
        clips: What is learned from so far, and who is held out.
        corpus: Its corpus.
        others: Further corpora, whose labels are in the same taxonomy or are mapped to it.

    Raises:
        PipelineError: If a corpus is named twice.
        TaxonomyError: If no mapping leads from its labels to the taxonomy.
        NothingToDoError: If a corpus has no clip, or none with such a label.

    Returns:
        The clips in clip-id order; speakers of other corpora carry its name.
    """
    names = [corpus, *others]
    if len(set(names)) < len(names):
        raise PipelineError(
            f"`training.also` must name each other corpus once, but together with `{corpus}` it "
            f"names {', '.join(names)}"
        )
    own = corpus_clips(store, corpus)
    judging = {*clips.test_speakers, *clips.dev_speakers}
    pairs = zip(own["speaker"].to_pylist(), own["audio"].to_pylist(), strict=True)
    kept_from = {audio for speaker, audio in pairs if speaker in judging}
    for other in others:
        clips = _join(store, clips, other, kept_from)
    return clips


def number_corpora(clip_ids: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return a number of the corpus of each clip, ``(N,)``.

    Example:
        >>> number_corpora(["ravdess/1", "urdu/1", "urdu/2"]).tolist()
        [0, 1, 1]
    """
    corpora = np.array([clip_id.partition("/")[0] for clip_id in clip_ids])
    _, inverse = np.unique(corpora, return_inverse=True)
    numbers: npt.NDArray[np.int64] = inverse.astype(np.int64)
    return numbers


def _join(store: Warehouse, clips: ClipSet, other: str, kept_from: set[str]) -> ClipSet:
    more = select_clip_set(
        store, corpus=other, labels=INTENDED, taxonomy=clips.taxonomy, kind=clips.kind
    )
    table = corpus_clips(store, other)
    audio = dict(zip(table["clip_id"].to_pylist(), table["audio"].to_pylist(), strict=True))
    taken = np.array(
        [at for at in more.train if audio[more.clip_ids[at]] not in kept_from], dtype=np.int64
    )
    ids = np.array([*clips.clip_ids, *more.ids(taken)])
    order = np.argsort(ids, kind="stable")
    # Where each clip of the first set went.
    place = np.argsort(order, kind="stable")
    speakers = [*clips.speakers.tolist(), *(f"{other}/{name}" for name in more.speakers[taken])]
    added = place[len(clips.clip_ids) :]
    return replace(
        clips,
        clip_ids=tuple(ids[order].tolist()),
        speakers=np.array(speakers)[order],
        targets=np.concatenate([clips.targets, more.targets[taken]])[order],
        votes=np.concatenate([clips.votes, more.votes[taken]])[order],
        train=np.sort(np.concatenate([place[clips.train], added])),
        dev=np.sort(place[clips.dev]),
        test=np.sort(place[clips.test]),
        also={**clips.also, other: more.test_speakers},
    )

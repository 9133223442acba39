"""The words of clips: one reader for whatever is known of what is said in them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipelines.errors import PipelineError
from warehouse import Warehouse, queries

if TYPE_CHECKING:
    from ser.features.ragged import RaggedFeatures

FILE = "file"
Posterior = npt.NDArray[np.float64]
ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class Words:
    """What is said in N clips.

    Args:
        clip_ids: N ids.
        texts: The words of each, `None` where nobody knows any.
        told: P(class) that somebody judged the words alone as, ``(N, C)``, NaN where nobody did.
    """

    clip_ids: tuple[str, ...]
    texts: tuple[str | None, ...]
    told: Posterior

    @property
    def known(self) -> int:
        """How many clips have words."""
        return sum(text is not None for text in self.texts)

    @property
    def sha256(self) -> str:
        """A name of all of it: other words, another name."""
        told = np.nan_to_num(self.told, nan=-1.0).tolist()
        rows = [*zip(self.clip_ids, self.texts, told, strict=True)]
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def read_words(
    store: Warehouse,
    clip_ids: Sequence[str],
    sources: Sequence[str],
    classes: Sequence[str] = (),
) -> Words:
    """Return the words of clips, in the order asked.

    Args:
        store: The warehouse, as it is or as of a snapshot.
        clip_ids: N clips, of any corpora.
        sources: Whose words: `corpus`, `annotators`, `recogniser`, `file`; the first that has any
            for a clip. Of annotators the latest answer that stands, of recognisers and files what
            was said last.
        classes: C names. Where a file judged the words alone, in these classes, that is told, if
            `file` is among the sources.
    """
    known: dict[str, dict[str, str]] = {source: {} for source in sources}
    judged: dict[str, list[float]] = {}
    for corpus in sorted({clip_id.partition("/")[0] for clip_id in clip_ids}):
        _read_corpus(store, corpus, known)
        _read_said(store, corpus, known, judged, classes)
    unknown = [float("nan")] * len(classes)
    return Words(
        clip_ids=tuple(clip_ids),
        texts=tuple(
            next((known[source][clip_id] for source in sources if clip_id in known[source]), None)
            for clip_id in clip_ids
        ),
        told=np.array([judged.get(clip_id, unknown) for clip_id in clip_ids], np.float64).reshape(
            len(clip_ids), len(classes)
        ),
    )


def read_text(described: Mapping[str, Any], texts: Sequence[str | None]) -> "RaggedFeatures":
    """Return the states of words as a model reads them.

    Args:
        described: What a model row records as `fusion`.
        texts: The words of each clip; `None` for no words.

    Raises:
        ConfigurationError: If the text encoder cannot be loaded.
        PipelineError: If it is another one than the model was trained with.
    """
    from ser.text.features import TextFeatures  # noqa: PLC0415 - keeps help fast

    features = TextFeatures(described["text_model"])
    if features.text_set != described["text_set"]:
        raise PipelineError(
            f"the model reads words as `{described['text_set']}`, but the text encoder "
            f"`{features.model}` is now `{features.text_set}`; put the one it was trained with "
            "there"
        )
    return features.compute(texts)


def _read_corpus(store: Warehouse, corpus: str, known: dict[str, dict[str, str]]) -> None:
    """Add what the corpus itself and annotators say."""
    if "corpus" in known:
        clips = queries.select_clips(store, corpus=corpus)
        _add(known["corpus"], clips["clip_id"].to_pylist(), clips["transcript"].to_pylist())
    if "annotators" in known:
        heard = queries.select_heard_words(store, corpus=corpus)
        _add(known["annotators"], heard["clip_id"].to_pylist(), heard["transcript"].to_pylist())


def _read_said(
    store: Warehouse,
    corpus: str,
    known: dict[str, dict[str, str]],
    judged: dict[str, list[float]],
    classes: Sequence[str],
) -> None:
    """Add what recognisers and files say; of a clip and kind, the last edition counts."""
    if not {"recogniser", FILE} & known.keys():
        return
    for row in queries.select_transcripts(store, corpus=corpus).to_pylist():
        kind, clip_id = row["source"].partition(":")[0], row["clip_id"]
        if kind not in known:
            continue
        known[kind].pop(clip_id, None)
        _add(known[kind], [clip_id], [row["text"]])
        if kind == FILE:
            judged.pop(clip_id, None)
            told = dict(zip(row["emotions"] or (), row["posterior"] or (), strict=True))
            posterior = [told.get(name, 0.0) for name in classes]
            # What is in other classes tells nothing in these.
            if classes and abs(sum(posterior) - 1) < ROUNDING:
                judged[clip_id] = posterior


def _add(known: dict[str, str], clip_ids: Sequence[str], texts: Sequence[str | None]) -> None:
    pairs = zip(clip_ids, texts, strict=True)
    known.update({clip_id: text.strip() for clip_id, text in pairs if text and text.strip()})

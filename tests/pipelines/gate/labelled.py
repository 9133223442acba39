"""Labels of our own making, to train models that are worse in a known way."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from pipelines.clipset import corpus_classes, corpus_clips
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse.testing import make_rows


def read_clips(settings: Settings, corpus: str) -> pa.Table:
    """Return the clips of a corpus."""
    with open_store(settings) as store:
        return corpus_clips(store, corpus)


def put_labels(settings: Settings, corpus: str, run_id: str, labels: Mapping[str, str]) -> None:
    """Store labels of clips as a consensus run that a model can be trained on."""
    with open_store(settings) as store:
        taxonomy, classes = corpus_classes(store, corpus)
        of_class = dict(zip(classes, np.eye(len(classes)).tolist(), strict=True))
        runs = make_rows(
            "consensus_runs", run_id=[run_id], taxonomy=[taxonomy], classes=[list(classes)]
        )
        rows = make_rows(
            "consensus",
            run_id=[run_id] * len(labels),
            clip_id=list(labels),
            posterior=[of_class[label] for label in labels.values()],
            label=list(labels.values()),
        )
        store.commit({"consensus_runs": runs, "consensus": rows}, message=run_id)


def shuffle_labels(clips: pa.Table, *, gender: str | None = None, seed: int = 0) -> dict[str, str]:
    """Return the intended labels of clips, shuffled among those of a gender, or among all."""
    ids, labels = clips["clip_id"].to_pylist(), np.array(clips["intended"].to_pylist())
    mixed = np.array([gender in (None, of) for of in clips["gender"].to_pylist()])
    labels[mixed] = np.random.default_rng(seed).permutation(labels[mixed])
    return dict(zip(ids, labels.tolist(), strict=True))


def true_labels(clips: pa.Table) -> dict[str, str]:
    """Return the intended labels of clips."""
    return shuffle_labels(clips, gender="nobody")

"""Two models on the same clips: which ones both were kept from, and what each says of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.clipset import corpus_clips
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.judged import (
    JudgedClips,
    read_judgement,
    require_classes,
    require_unheard,
    select_judged,
)
from pipelines.models import require_model
from pipelines.taxonomies import check_comparable
from warehouse import Warehouse


@dataclass(frozen=True, eq=False)
class Pair:
    """What two models say of the test clips they share.

    Args:
        clips: The N clips with their truth.
        first: Posterior of the first model, ``(N, C)``.
        second: Posterior of the second.
    """

    clips: JudgedClips
    first: npt.NDArray[np.float64]
    second: npt.NDArray[np.float64]


def match_folds(
    store: Warehouse, first: Sequence[str], second: Sequence[str]
) -> list[tuple[str, str]]:
    """Pair models that hold out the same speakers; two single models are a pair anyway.

    Raises:
        PipelineError: If a model is unknown or has no counterpart, or several.
    """
    if len(first) == len(second) == 1:
        return [(first[0], second[0])]
    tested = [
        {name: tuple(require_model(store, name)["config"]["test_speakers"]) for name in names}
        for names in (first, second)
    ]
    pairs = []
    for name, speakers in tested[0].items():
        same = [other for other, held_out in tested[1].items() if held_out == speakers]
        rivals = list(tested[0].values()).count(speakers)
        if len(same) != 1 or rivals != 1 or len(tested[0]) != len(tested[1]):
            raise PipelineError(
                f"models of several folds must pair by the speakers they hold out, but `{name}` "
                f"({', '.join(speakers)}) has {len(same)} counterparts and {rivals - 1} rivals; "
                "name one model of either kind for each fold"
            )
        pairs.append((name, same[0]))
    return pairs


def read_pair(store: Warehouse, first: str, second: str, *, truth: str) -> Pair:
    """Return what two models say of the test clips both have predicted.

    Args:
        store: The warehouse.
        first: A model.
        second: Another one.
        truth: `intended`, or the id of a consensus run.

    Raises:
        PipelineError: If both are one model, they differ in their classes or one has none.
        LeakageError: If one learned from what the other is tested on.
        NothingToDoError: If they share no such clip.
    """
    if first == second:
        raise PipelineError(f"`{first}` was to be compared with itself; name two models")
    models = [require_model(store, name) for name in (first, second)]
    for model in models:
        require_classes(model)
    check_comparable(models)
    judged = [select_judged(store, model, truth=truth) for model in models]
    for other, clips in zip(reversed(models), judged, strict=True):
        _require_unheard(store, other, clips)
    found = [read_judgement(store, *of) for of in zip(models, judged, strict=True)]
    shared, places, others = np.intersect1d(
        found[0][0].clip_ids, found[1][0].clip_ids, assume_unique=True, return_indices=True
    )
    if not shared.size:
        raise NothingToDoError(
            f"`{first}` and `{second}` share no test clip; compare models that hold out the same "
            "speakers of one corpus"
        )
    return Pair(found[0][0].take(places), found[0][1][places], found[1][1][others])


def join_pairs(pairs: Sequence[Pair]) -> Pair:
    """Return the clips of all folds as one."""
    clips = [pair.clips for pair in pairs]
    # Folds of several seeds would count a clip twice; `match_folds` lets none through.
    return Pair(
        clips=replace(
            clips[0],
            clip_ids=tuple(clip_id for of in clips for clip_id in of.clip_ids),
            speakers=tuple(name for of in clips for name in of.speakers),
            targets=np.concatenate([of.targets for of in clips]),
            is_decided=np.concatenate([of.is_decided for of in clips]),
            facts=pa.concat_tables(of.facts for of in clips),
            dropped=sum(of.dropped for of in clips),
        ),
        first=np.concatenate([pair.first for pair in pairs]),
        second=np.concatenate([pair.second for pair in pairs]),
    )


def _require_unheard(store: Warehouse, model: Mapping[str, Any], clips: JudgedClips) -> None:
    corpus = clips.clip_ids[0].partition("/")[0]
    everything = corpus_clips(store, corpus)
    wanted = np.isin(everything["clip_id"].to_pylist(), clips.clip_ids)
    require_unheard(store, model, everything.filter(wanted))

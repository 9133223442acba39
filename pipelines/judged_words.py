"""What becomes of a model that reads words when they are missing or wrong."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.judged import JudgedClips
from pipelines.judgement import Figure, resample
from pipelines.predicting import FUSION, predict_clips
from pipelines.words import read_words
from warehouse import Warehouse

if TYPE_CHECKING:
    from ser.models.trained import TrainedModel

UAR = "uar"
WITHOUT = f"{UAR}/without_words"
WRONG = f"{UAR}/wrong_words"
WORD_METRICS = (WITHOUT, WRONG)


def judge_misread(
    store: Warehouse,
    model: Mapping[str, Any],
    trained: "TrainedModel",
    clips: JudgedClips,
) -> list[Figure]:
    """Return the UAR without any words, and with the words of other clips.

    Args:
        store: Where features and words are read.
        model: A row from `pipelines.models.require_model`.
        trained: Its weights.
        clips: Clips with their truth, at least one of them decided.

    Returns:
        The figures `WORD_METRICS`, with intervals over speakers; none for a model that hears only.
    """
    from ser.metrics.classification import classification_statistic  # noqa: PLC0415 - fast help

    if FUSION not in model["config"]:
        return []
    decided = clips.decided()
    texts = read_words(store, decided.clip_ids, model["config"][FUSION]["words"]).texts
    order = np.random.default_rng(0).permutation(len(texts))
    given = {WITHOUT: [None] * len(texts), WRONG: [texts[at] for at in order]}
    figures = []
    for metric, read in given.items():
        said = predict_clips(store, model["config"], trained, decided.clip_ids, texts=read)
        told = classification_statistic(decided.labels, said.labels, decided.classes)
        figures += [
            replace(figure, metric=metric)
            for figure in resample(told, decided.speakers)
            if figure.metric == UAR
        ]
    return figures


def say_misread(figures: Mapping[str, Figure]) -> list[str]:
    """Say what words are worth, if the model reads any.

    Args:
        figures: Figures of all clips by metric.
    """
    if WITHOUT not in figures:
        return []
    without, wrong = (
        f"{of.value:.3f} [{of.low:.3f}, {of.high:.3f}]"
        for of in (figures[metric] for metric in WORD_METRICS)
    )
    return [f"UAR without words {without}, with the words of other clips {wrong}"]

"""Asks → Label Studio tasks that show the annotator a clip and nothing that could sway them."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Final, TypedDict

import pyarrow as pa

from annotation.errors import LabelStudioError
from annotation.label_studio.choices import AUDIO, CHOICE, TRANSCRIPT
from annotation.label_studio.items import ITEM

_ASK_COLUMNS: Final = ("ask_id", "round_id", "clip_id", "arm", "utility", "reason")


class Region(TypedDict):
    """One answer to one control of the interface."""

    from_name: str
    to_name: str
    type: str
    value: dict[str, list[str]]


class Prediction(TypedDict):
    """What Label Studio needs to order tasks: low scores are served first."""

    model_version: str
    score: float
    result: list[Region]


class TaskMeta(TypedDict):
    """Where a task comes from; Label Studio keeps it but does not show it when labelling."""

    ask_ids: list[str]
    arms: list[str]
    reasons: list[str]


class Task(TypedDict):
    """A task as Label Studio imports it."""

    data: dict[str, str]
    meta: TaskMeta
    predictions: list[Prediction]


class ShownPrediction(TypedDict):
    """What the page is filled in with before anybody has answered."""

    model_version: str
    result: list[Region]


class PublishedTask(TypedDict):
    """A task that is sent to a server: nobody may read there why it is asked."""

    data: dict[str, str]
    predictions: list[ShownPrediction]


def publish_task(
    item: str,
    round_id: str,
    url: str,
    *,
    transcript: str | None = None,
    predicted: str | None = None,
    model_version: str = "",
) -> PublishedTask:
    """Return the task about a clip as it is sent to a server.

    On a server every annotator may read all of a task, so that it holds neither arm, utility nor
    reason, nor whether its class is known, nor the clip's id, by which corpora tell the emotion.

    Args:
        item: What the project calls the clip, see `items.item_of`.
        round_id: The round that asks.
        url: Where its audio is.
        transcript: The words, for a page that shows them; None for another.
        predicted: The class that is filled in before anybody has answered; None for none.
        model_version: Under which name.

    Example:
        >>> publish_task("7d45ed7b0377fada", "demo-001", "/a.flac")["data"]
        {'audio': '/a.flac', 'item': '7d45ed7b0377fada', 'round_id': 'demo-001'}
    """
    data = {AUDIO: url, ITEM: item, "round_id": round_id}
    if transcript is not None:
        data[TRANSCRIPT] = transcript
    shown: list[ShownPrediction] = (
        []
        if predicted is None
        else [{"model_version": model_version, "result": [_choose(predicted)]}]
    )
    return {"data": data, "predictions": shown}


def build_tasks(
    asks: pa.Table,
    audio_urls: Mapping[str, str],
    *,
    model_version: str | None = None,
    max_utility: float | None = None,
    predicted: Mapping[str, str] | None = None,
    transcripts: Mapping[str, str] | None = None,
) -> list[Task]:
    """Turn the asks of one round into Label Studio tasks, one per clip.

    What an annotator can see is `data`: the audio URL, the clip id, the round id, and the words
    where they are shown. Arm and
    reason, and the ask ids (whose spelling may give the arm away), go to `meta`. Two asks about
    one clip become one task. The tasks come in an order derived from round and clip id, which
    tells nothing about arm or utility.

    With `model_version` and `max_utility` each task carries a prediction with score
    1 − utility / max_utility, so that 'Uncertainty sampling' serves the highest utility first.
    Mind that it then serves much of the random arm last: close such a round only when every task
    is answered, or push without predictions and let Label Studio go by task id.

    Args:
        asks: Columns `ask_id`, `round_id`, `clip_id`, `arm`, `utility` (nullable), `reason`.
        audio_urls: The URL of each clip's audio, by clip id.
        model_version: Name of the model behind the utilities; None sends no predictions.
        max_utility: The largest utility possible, above 0; see `sampling.max_utility`.
        predicted: The model's label by clip id. Label Studio pre-fills it, which anchors the
            annotator; None sends empty predictions, which only order the tasks.
        transcripts: The words by clip id, for an interface that shows them; a clip without any
            gets an empty text, since Label Studio refuses tasks that lack the field.

    Returns:
        Tasks for `projects.import_tasks`, of plain Python values. A clip without utility has no
        prediction.

    Raises:
        LabelStudioError: A column or a URL is missing, the asks span several rounds, only one
            of `model_version` and `max_utility` is given, or a utility is outside
            [0, max_utility].

    Example:
        >>> row = {"ask_id": ["r1/a"], "round_id": ["r1"], "clip_id": ["a"], "arm": ["random"]}
        >>> asks = pa.table(row | {"utility": [0.5], "reason": ["drawn at random"]})
        >>> task = build_tasks(asks, {"a": "/a.wav"}, model_version="m1", max_utility=2.0)[0]
        >>> task["data"], task["predictions"][0]["score"]
        ({'audio': '/a.wav', 'clip_id': 'a', 'round_id': 'r1'}, 0.75)
    """
    _check_asks(asks)
    limit = _check_scale(model_version, max_utility)
    by_clip: dict[str, list[dict[str, object]]] = {}
    for row in asks.select(_ASK_COLUMNS).to_pylist():
        by_clip.setdefault(row["clip_id"], []).append(row)
    tasks: list[Task] = []
    for clip_id in sorted(by_clip, key=lambda clip: _shuffle_key(by_clip[clip][0])):
        rows = by_clip[clip_id]
        task = _build_task(rows, _find_url(audio_urls, clip_id))
        if transcripts is not None:
            task["data"][TRANSCRIPT] = transcripts.get(clip_id, "")
        utility = rows[0]["utility"]
        if model_version is not None and isinstance(utility, float):
            score = _score(utility, limit, clip_id)
            result = [] if predicted is None else [_choose(predicted[clip_id])]
            task["predictions"] = [
                {"model_version": model_version, "score": score, "result": result}
            ]
        tasks.append(task)
    return tasks


def _build_task(rows: list[dict[str, object]], url: str) -> Task:
    ordered = sorted(rows, key=lambda row: str(row["ask_id"]))
    return {
        "data": {
            AUDIO: url,
            "clip_id": str(rows[0]["clip_id"]),
            "round_id": str(rows[0]["round_id"]),
        },
        "meta": {
            "ask_ids": [str(row["ask_id"]) for row in ordered],
            "arms": [str(row["arm"]) for row in ordered],
            "reasons": [str(row["reason"]) for row in ordered],
        },
        "predictions": [],
    }


def _choose(label: str) -> Region:
    return {"from_name": CHOICE, "to_name": AUDIO, "type": "choices", "value": {"choices": [label]}}


def _shuffle_key(row: Mapping[str, object]) -> bytes:
    return hashlib.sha256(f"{row['round_id']}\x1f{row['clip_id']}".encode()).digest()


def _score(utility: float, limit: float, clip_id: str) -> float:
    # A flat float32 posterior can exceed log C in its last digits.
    if not -1e-6 <= utility <= limit * (1 + 1e-6):
        msg = (
            f"`utility` of clip `{clip_id}` must be within [0, `max_utility`] = [0, {limit}], "
            f"but is {utility}; pass the maximum of the strategy that scored this round"
        )
        raise LabelStudioError(msg)
    return min(max(1.0 - utility / limit, 0.0), 1.0)


def _find_url(audio_urls: Mapping[str, str], clip_id: str) -> str:
    if clip_id not in audio_urls:
        msg = f"`audio_urls` lacks clip `{clip_id}`; serve its audio before publishing the ask"
        raise LabelStudioError(msg)
    return audio_urls[clip_id]


def _check_asks(asks: pa.Table) -> None:
    missing = [name for name in _ASK_COLUMNS if name not in asks.column_names]
    if missing:
        msg = f"`asks` lacks the columns {missing}, but has {asks.column_names}"
        raise LabelStudioError(msg)
    rounds = asks["round_id"].unique().to_pylist()
    if len(rounds) > 1:
        msg = f"`asks` must be of one round, but span {sorted(rounds)}; publish each by itself"
        raise LabelStudioError(msg)


def _check_scale(model_version: str | None, max_utility: float | None) -> float:
    if (model_version is None) != (max_utility is None):
        msg = (
            "`model_version` and `max_utility` must be given together, but got "
            f"{model_version!r} and {max_utility}"
        )
        raise LabelStudioError(msg)
    if max_utility is None:
        return math.nan
    if not 0 < max_utility < math.inf:
        msg = f"`max_utility` must be above 0 and finite, but got {max_utility}"
        raise LabelStudioError(msg)
    return max_utility

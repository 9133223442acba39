"""The card of a bundle: what the model is, what it learned from, how well it does, what not."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.clipset import INTENDED
from warehouse import Warehouse, queries

SHOWN = ("uar", "war", "macro_f1", "ece", "nll")
NAMES = {
    "uar": "Unweighted average recall",
    "war": "Accuracy",
    "macro_f1": "Macro F1",
    "ece": "Expected calibration error",
    "nll": "Negative log-likelihood, nats",
}
ALL = "all"
LIMITS = """\
- It predicts labels like those described under Data. It does not know what the speaker feels.
- Expect worse results than those above on other speakers, languages, microphones, rooms and ways of
  speaking than those of the training data. Measure it on your own recordings before you rely on it.
- It expects mono sound. The recording level matters: the same speech recorded louder or softer may
  get other probabilities.
- It takes every clip for speech, and has no class for silence, music or noise.
- Do not base decisions about a person on its output, and tell people when it listens to them. Laws
  may restrict or forbid recognising emotions where you want to use it; find out before you do."""
USE = {
    "inside": "`waveforms`, float32 `(B, S)` in [−1, 1] at {rate} Hz, padded with anything finite",
    "outside": "`features`, float32 `(B, F, D)` as `bundle.json` describes them, of sound at "
    "{rate} Hz",
}
ENCODER = "encoder_statistics"
UNIT = {"inside": "samples", "outside": "frames"}


@dataclass(frozen=True)
class Exported:
    """What the card says of the file itself.

    Args:
        format: What reads it.
        precision: Of its weights.
        features: `inside` or `outside`.
        size: Bytes.
        sample_rate: Hz.
        parity: Largest difference of a posterior from PyTorch's.
        clips: Clips that it was measured on.
        changed: Clips of which it names another class.
        window: Samples or frames that every clip is padded to; None where any length is read.
    """

    format: str
    precision: str
    features: str
    size: int
    sample_rate: int
    parity: float
    clips: int
    changed: int
    window: int | None = None


def write_card(store: Warehouse, model: Mapping[str, Any], exported: Exported) -> str:
    """Return the card in Markdown; it says nothing that is not in the warehouse.

    Args:
        store: The warehouse.
        model: A row from `require_model`.
        exported: The file.
    """
    parts = [
        f"# {model['model_id']}",
        _summary(model, exported),
        *_inputs(model, exported),
        "## Data",
        *_data(store, model),
        "## Classes",
        _classes(model),
        "## How well it does",
        *_figures(store, model),
        "## The file",
        _file(exported),
        "## Limits",
        LIMITS,
        "## Licence",
        _licence(store, model),
    ]
    return "\n\n".join(parts) + "\n"


def find_encoder(model: Mapping[str, Any]) -> str | None:
    """Return the frozen encoder that a model reads the statistics of, or None.

    Args:
        model: A row from `require_model`.
    """
    features = model["config"]["features"]
    return str(features["model"]) if features["kind"] == ENCODER else None


def _summary(model: Mapping[str, Any], exported: Exported) -> str:
    named = USE[exported.features].format(rate=exported.sample_rate)
    whole = "int32" if exported.window else "int64"
    return (
        "Emotion in speech: probabilities of "
        f"{len(model['classes'])} classes for each clip. Inputs: {named}; and `lengths`, {whole} "
        f"`(B,)`, the true {UNIT[exported.features]} of each clip. Output: `posterior`, float32 "
        "`(B, C)`."
    )


def _inputs(model: Mapping[str, Any], exported: Exported) -> Iterator[str]:
    """Say what a caller has to do before the file can be asked."""
    encoder = find_encoder(model)
    if encoder is not None:
        yield (
            "**The speech encoder is not in this file.** It holds the head alone: compute the "
            f"statistics of the layers of `{encoder}` for each clip first, one frame "
            "per layer, as `ser.encoders.statistics` does with the settings in `bundle.json`. "
            "What the file weighs and how fast it is says nothing of the encoder."
        )
    elif exported.window:
        yield (
            f"It takes one clip at a time, B = 1, of exactly {exported.window} "
            f"{UNIT[exported.features]}: pad shorter clips with anything finite and give their "
            "true length, which does not change the answer, and cut longer ones."
        )


def _data(store: Warehouse, model: Mapping[str, Any]) -> Iterator[str]:
    config = model["config"]
    labels = model["labels"]
    by = (
        "the emotions that the corpus says were intended"
        if labels == INTENDED
        else f"what people heard, the consensus `{labels}`"
    )
    yield (
        f"Trained on {model['train_clips']} clips of `{config['corpus']}`, labelled with {by}; "
        f"snapshot {model['snapshot']} of the warehouse, seed {model['seed']}, code "
        f"{model['code_version']}. Speakers held out for testing: "
        f"{', '.join(config['test_speakers']) or 'none'}."
    )
    for row in _corpora(store, model):
        yield (
            f"**{row['title']}** ({row['corpus']} {row['version']}; languages "
            f"{', '.join(row['languages'])}). {row['citation']} <{row['url']}>"
        )


def _classes(model: Mapping[str, Any]) -> str:
    through = f", through the mapping `{model['mapping']}`" if model["mapping"] else ""
    listed = "\n".join(f"{at}. {name}" for at, name in enumerate(model["classes"], start=1))
    return f"Taxonomy `{model['taxonomy']}`{through}, in the order of the posterior:\n\n{listed}"


def _figures(store: Warehouse, model: Mapping[str, Any]) -> Iterator[str]:
    evaluations = [
        row
        for row in queries.select_evaluations(store).to_pylist()
        if row["model_id"] == model["model_id"]
    ]
    if not evaluations:
        yield "Not evaluated: nothing is known of how well it does."
        return
    yield (
        "Measured with the model in PyTorch on speakers that it was not trained on. Intervals are "
        "95 %, over speakers."
    )
    for row in evaluations:
        metrics = queries.select_metrics(store, evaluation_id=row["evaluation_id"]).to_pylist()
        yield (
            f"### {row['corpus'] or model['config']['corpus']}, {row['part']} part, against "
            f"{row['truth'] or 'the intended emotions'}\n\n{row['clips']} clips of "
            f"{len(row['speakers'])} speakers."
        )
        yield _table(_overall(metrics))
        yield _table(_recalls(metrics, row["classes"]))
        yield from (_table(of) for of in [_groups(metrics)] if of)


def _overall(metrics: Sequence[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    of_all = {of["metric"]: of for of in metrics if of["group_name"] == ALL}
    return [(NAMES[name], of_all[name]) for name in SHOWN if name in of_all]


def _recalls(
    metrics: Sequence[Mapping[str, Any]], classes: Sequence[str]
) -> list[tuple[str, Mapping[str, Any]]]:
    of_all = {of["metric"]: of for of in metrics if of["group_name"] == ALL}
    named = ((f"Recall of {name}", of_all.get(f"recall/{name}")) for name in classes)
    return [(name, of) for name, of in named if of is not None]


def _groups(metrics: Sequence[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    return [
        (f"UAR, {of['group_name']} {of['group_value']}", of)
        for of in metrics
        if of["metric"] == "uar" and of["group_name"] != ALL
    ]


def _table(rows: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    lines = [
        f"| {name} | {_number(of['value'])} | {_number(of['low'])} … {_number(of['high'])} |"
        for name, of in rows
    ]
    return "\n".join(["| | Value | Interval |", "| --- | --- | --- |", *lines])


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


def _file(exported: Exported) -> str:
    together = "one by one" if exported.window else "in batches of random sizes"
    return (
        f"Format `{exported.format}`, precision `{exported.precision}`, {exported.size:,} bytes. "
        f"On {exported.clips} clips, cut to random lengths and judged {together}, no probability "
        f"differs from PyTorch's by more than {exported.parity:.1e}, and the most probable class "
        f"differs for {exported.changed}."
    )


def _licence(store: Warehouse, model: Mapping[str, Any]) -> str:
    lines = [f"- {row['title']}: {row['licence']}" for row in _corpora(store, model)]
    return "Of the training data; it may also bind what is made from them:\n\n" + "\n".join(
        lines or ["- unknown: the corpus is not in the warehouse"]
    )


def _corpora(store: Warehouse, model: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        row
        for row in queries.select_corpora(store).to_pylist()
        if row["corpus"] == model["config"]["corpus"]
    ]

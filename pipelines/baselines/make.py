"""Baseline: tell a model of one speaker's voice, and use it only if that helps."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.baselines.evidence import find_strangers, read_known
from pipelines.baselines.sounds import Sound, read_sounds
from pipelines.convert import to_table
from pipelines.errors import PipelineError
from pipelines.identity import digest
from pipelines.judged import require_classes
from pipelines.models import load_weights, require_model
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.serving.load import find_champion
from pipelines.settings import Settings
from pipelines.workspace import open_store
from ser.files import write_whole
from warehouse import Warehouse

if TYPE_CHECKING:
    from ser.features.ragged import RaggedFeatures
    from ser.features.record import FeatureSet
    from ser.inference.baseline_gain import Gain, Known
    from ser.inference.personal import Baseline
    from ser.inference.strangers import Stranger
    from ser.models.trained import TrainedModel

NEUTRAL = "neutral"
FOLDER = "baselines"
NORMALISATION = "normalisation"
ADAPTER = "adapter"
# Where nobody can say which is best: the mildest.
MILDEST = {NORMALISATION: 0.25, ADAPTER: 3.0}
# How often clips are drawn anew from speakers of a solved head, which takes no time to judge.
DRAWS = 3


@dataclass(frozen=True)
class BaselineResult:
    """What a model was told of a speaker.

    Args:
        baseline_id: Names it in the warehouse.
        model_id: The model.
        speaker: The speaker.
        method: `normalisation`, or `adapter` where labels were given.
        is_used: Whether `serloop recognise --speaker` uses it.
        clips: Clips it was made from.
        seconds: Their speech, s.
        before: UAR of speakers the model was trained on, by models that never heard them.
        gain: UAR that knowing them brought; None where nobody can say.
        low: Lower end of its 95 % interval over speakers.
        high: Upper end.
        speakers: Those speakers.
        choice: The weight of the shift, or the penalty of the adapter.
        is_new: Whether it was not there yet.
    """

    baseline_id: str
    model_id: str
    speaker: str
    method: str
    is_used: bool
    clips: int
    seconds: float
    before: float | None
    gain: float | None
    low: float | None
    high: float | None
    speakers: int
    choice: float
    is_new: bool

    def rows(self) -> Sequence[Row]:
        """Return one row."""
        shown = ("baseline_id", "speaker", "method", "is_used", "clips", "gain", "low", "high")
        return [{name: getattr(self, name) for name in shown}]

    def sentence(self) -> str:
        """Say whether it is used, and why."""
        if self.gain is None:
            return (
                f"off for `{self.speaker}`: no model of this recipe was kept from the speakers "
                f"`{self.model_id}` was trained on, so nobody can say whether it helps; run "
                "`serloop crossvalidate` with the same settings"
            )
        told = (
            f"{100 * self.gain:+.1f} points of UAR [{100 * (self.low or 0):+.1f}, "
            f"{100 * (self.high or 0):+.1f}] to {self.speakers} speakers the model was trained "
            "on, each left out in turn"
        )
        state = "on" if self.is_used else "off"
        article = "an" if self.method == ADAPTER else "a"
        return f"{state} for `{self.speaker}`: such {article} {self.method} brought {told}"


def baseline(
    settings: Settings,
    progress: Progress,
    *,
    speaker: str,
    neutral: Sequence[str] = (),
    labelled: Sequence[tuple[str, str]] = (),
    model_id: str | None = None,
) -> BaselineResult:
    """Tell a model of a speaker's voice by a few clips, and record whether it helps.

    Args:
        settings: Where the warehouse and the weights are.
        progress: Where progress is shown.
        speaker: What the speaker is called from now on.
        neutral: Files or clip ids in which nothing moves the speaker; the model then hears the
            speaker relative to them.
        labelled: A class and a file or clip id each; the model's last layer then adapts to them.
            Neutral clips count among them.
        model_id: The model; default: the champion of the settings' line, or the only one.

    Returns:
        What was made. It is used only if the same helped speakers that models of this recipe
        never heard, beyond what chance among speakers would do.

    Raises:
        PipelineError: If a clip is unknown or not fit to be heard, a class is not of the model,
            or no clip is given.
    """
    if not neutral and not labelled:
        raise PipelineError(
            f"nothing was said of `{speaker}`; give clips with --neutral, or labelled ones with "
            "--labelled CLASS=CLIP"
        )
    with open_store(settings) as store:
        model = require_model(store, model_id or find_champion(store, settings.serving.line)[1])
        require_classes(model)
        _check_classes(model, [name for name, _ in labelled], needs_neutral=bool(neutral))
        pairs = [*((NEUTRAL, name) for name in neutral), *labelled]
        sounds = [(label, of) for label, name in pairs for of in read_sounds(store, [name])]
        trained = load_weights(settings, model)
        method = ADAPTER if labelled else NORMALISATION
        with progress.track("ask those who were heard", 2, "steps") as advance:
            known = read_known(store, model)
            strangers = find_strangers(store, settings, model, trained, known)
            advance()
            gain = _judge(method, strangers, known, trained, sounds)
            advance()
        choice = MILDEST[method] if gain is None else gain.choice
        made = _make(method, trained, _rebuild(model), known, sounds, choice=choice)
        result = _tell(model["model_id"], speaker, method, sounds, gain, choice=choice)
        return _store(store, settings, result, made.save())


def _check_classes(model: Mapping[str, Any], named: Sequence[str], *, needs_neutral: bool) -> None:
    known = list(model["classes"])
    for name in (*named, *((NEUTRAL,) if needs_neutral else ())):
        if name not in known:
            raise PipelineError(
                f"model `{model['model_id']}` has no class `{name}`; its classes are "
                f"{', '.join(known)}"
            )


def _rebuild(model: Mapping[str, Any]) -> "FeatureSet":
    from ser.features.registry import rebuild_features  # noqa: PLC0415 - loads torch

    return rebuild_features(model["config"]["features"])


def _judge(
    method: str,
    strangers: "Sequence[Stranger]",
    known: "Known",
    trained: "TrainedModel",
    sounds: Sequence[tuple[str, Sound]],
) -> "Gain | None":
    """Return what as many clips of other speakers brought; None where nobody can say."""
    from ser.inference.baseline_gain import (  # noqa: PLC0415 - loads torch
        FEWEST_SPEAKERS,
        PENALTIES,
        WEIGHTS,
        hear_adapted,
        hear_shifted,
        judge_outcomes,
    )

    draws = DRAWS if trained.training.get("solver") == "ridge" else 1
    counts = Counter(trained.classes.index(label) for label, _ in sounds)
    if method == NORMALISATION:
        ((neutral, clips),) = counts.items()
        outcomes = hear_shifted(strangers, known, neutral=neutral, clips=clips, draws=draws)
    else:
        outcomes = hear_adapted(strangers, known, clips=counts, draws=draws)
    if len({of.speaker for of in outcomes}) < FEWEST_SPEAKERS:
        return None
    choices = WEIGHTS if method == NORMALISATION else PENALTIES
    return judge_outcomes(outcomes, choices, n_classes=known.n_classes)


def _make(
    method: str,
    trained: "TrainedModel",
    features: "FeatureSet",
    known: "Known",
    sounds: Sequence[tuple[str, Sound]],
    *,
    choice: float,
) -> "Baseline":
    from ser.inference.adapter import fit_adapter  # noqa: PLC0415 - these load torch
    from ser.inference.baseline import clip_means, find_shift, mean_over_speakers  # noqa: PLC0415
    from ser.inference.personal import Baseline  # noqa: PLC0415
    from ser.inference.predictor import predict  # noqa: PLC0415

    heard: RaggedFeatures = features.compute([of.waveform for _, of in sounds])
    labels = np.array([trained.classes.index(label) for label, _ in sounds])
    if method == ADAPTER:
        return Baseline(adapter=fit_adapter(predict(trained, heard), labels, penalty=choice))
    is_neutral = known.labels == trained.classes.index(NEUTRAL)
    if not is_neutral.any():
        raise PipelineError(
            f"no clip that the model learned from is `{NEUTRAL}`, so that nothing tells what is "
            "special about this voice; give labelled clips with --labelled CLASS=CLIP"
        )
    reference = mean_over_speakers(
        clip_means(trained, known.features)[is_neutral], known.speakers[is_neutral]
    )
    return Baseline(shift=find_shift(clip_means(trained, heard), reference, weight=choice))


def _tell(
    model_id: str,
    speaker: str,
    method: str,
    sounds: Sequence[tuple[str, Sound]],
    gain: "Gain | None",
    *,
    choice: float,
) -> BaselineResult:
    heard = sorted([label, of.sha256] for label, of in sounds)
    # What is known of other speakers grows: the same clips may be used tomorrow.
    found = None if gain is None else [gain.uar.estimate, gain.uar.low, gain.uar.high]
    named = digest(model_id, speaker, method, heard, found, choice)
    return BaselineResult(
        baseline_id=f"baseline-{named}",
        model_id=model_id,
        speaker=speaker,
        method=method,
        is_used=gain is not None and gain.is_help,
        clips=len(sounds),
        seconds=round(sum(of.seconds for _, of in sounds), 3),
        before=None if gain is None else gain.before,
        gain=None if gain is None else gain.uar.estimate,
        low=None if gain is None else gain.uar.low,
        high=None if gain is None else gain.uar.high,
        speakers=0 if gain is None else gain.speakers,
        choice=choice,
        is_new=True,
    )


def _store(
    store: Warehouse, settings: Settings, result: BaselineResult, content: bytes
) -> BaselineResult:
    """Write the numbers, then the row that names them."""
    artifact = f"{FOLDER}/{result.baseline_id}.npz"
    write_whole(settings.artifacts / artifact, content)
    row = {
        name: getattr(result, name)
        for name in (
            "baseline_id",
            "model_id",
            "speaker",
            "method",
            "is_used",
            "clips",
            "seconds",
            "gain",
            "low",
            "high",
        )
    }
    config = {"choice": result.choice, "before": result.before, "speakers": result.speakers}
    commit = store.commit(
        {
            "baselines": to_table(
                "baselines",
                [
                    {
                        **row,
                        "config": json.dumps(config, sort_keys=True),
                        "artifact": artifact,
                        "artifact_sha256": hashlib.sha256(content).hexdigest(),
                        "snapshot": store.snapshot,
                    }
                ],
            )
        },
        message=f"baseline of {result.speaker} for {result.model_id}",
    )
    is_new = bool(commit.inserted.get("baselines", 0))
    return BaselineResult(**{**vars(result), "is_new": is_new})

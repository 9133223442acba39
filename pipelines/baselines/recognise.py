"""Recognise: what is heard in files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.baselines.find import find_baseline, load_baseline
from pipelines.baselines.sounds import Sound, read_file
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.models import load_weights
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.serving.load import Loaded, choose, load_recogniser
from pipelines.settings import Settings
from pipelines.workspace import open_store

if TYPE_CHECKING:
    from ser.inference.recogniser import Posterior, Recogniser

OFF = "off"


@dataclass(frozen=True, eq=False)
class Heard:
    """What was heard in one clip of a file.

    Args:
        file: The file.
        start_s: Where the speech begins in it, s.
        end_s: Where it ends, s.
        posterior: P(class) by class.
    """

    file: str
    start_s: float
    end_s: float
    posterior: dict[str, float]

    @property
    def emotion(self) -> str:
        """The most probable class; the first of equals."""
        return max(self.posterior, key=lambda name: self.posterior[name])

    def document(self) -> dict[str, Any]:
        """Return everything as values that JSON can write."""
        return {**vars(self), "emotion": self.emotion}


@dataclass(frozen=True, eq=False)
class RecogniseResult:
    """What was heard in files.

    Args:
        model_id: What heard it.
        baseline: Id of what it was told of the speaker; `off` where that does not help, None
            where no speaker was named.
        heard: One per clip, in the order of the files.
    """

    model_id: str
    baseline: str | None
    heard: tuple[Heard, ...]

    def rows(self) -> Sequence[Row]:
        """Return one row per clip."""
        return [
            {
                "file": of.file,
                "start_s": of.start_s,
                "end_s": of.end_s,
                "emotion": of.emotion,
                **of.posterior,
            }
            for of in self.heard
        ]

    def document(self) -> dict[str, Any]:
        """Return everything as values that JSON can write."""
        return {**vars(self), "heard": [of.document() for of in self.heard]}


def recognise(
    settings: Settings,
    progress: Progress,
    *,
    files: Sequence[Path],
    line: str | None = None,
    model_id: str | None = None,
    bundle: Path | None = None,
    speaker: str | None = None,
) -> RecogniseResult:
    """Say which emotion is heard in files.

    Args:
        settings: Where the warehouse and the artifacts are.
        progress: Where progress is shown.
        files: Recordings of any format and rate; long ones are cut at their pauses.
        line: The line whose champion judges.
        model_id: The model that judges, champion or not.
        bundle: The exported folder that judges.
        speaker: Who speaks, if the model was told of them; what does not help them stays off.

    Returns:
        P(class) of each clip.

    Raises:
        PipelineError: If a file is no speech, or more than one judge was named.
        NothingToDoError: If there is no champion, or nothing is known of the speaker.
    """
    if not files:
        raise NothingToDoError("no file was named; give recordings to judge")
    loaded, baseline = _load(settings, line, model_id, bundle, speaker)
    heard: list[Heard] = []
    with progress.track("recognise", len(files), "files") as advance:
        for path in files:
            clips = read_file(path, sample_rate=loaded.recogniser.sample_rate)
            posterior = loaded.recogniser.judge([of.waveform for of in clips])
            heard += _tell(loaded.recogniser, clips, posterior)
            advance()
    return RecogniseResult(loaded.model_id, baseline, tuple(heard))


def _load(
    settings: Settings,
    line: str | None,
    model_id: str | None,
    bundle: Path | None,
    speaker: str | None,
) -> tuple[Loaded, str | None]:
    """Return what judges, and what it knows of the speaker."""
    if speaker is None:
        return load_recogniser(settings, line=line, model_id=model_id, bundle=bundle), None
    if bundle is not None:
        raise PipelineError(
            f"a bundle cannot be told of `{speaker}`, for its parts are sealed; name the model "
            "itself with --model"
        )
    chosen = choose(settings, line=line, model_id=model_id)
    with open_store(settings) as store:
        row = find_baseline(store, chosen.model_id, speaker)
    if row is None:
        return load_recogniser(settings, model_id=chosen.model_id), OFF
    from ser.features.registry import rebuild_features  # noqa: PLC0415 - these load torch
    from ser.inference.personal import PersonalRecogniser  # noqa: PLC0415

    model = dict(chosen.model)
    recogniser = PersonalRecogniser(
        load_weights(settings, model),
        rebuild_features(model["config"]["features"]),
        load_baseline(settings, row),
        name=f"{chosen.model_id} for {speaker}",
    )
    loaded = Loaded(recogniser, None, chosen.model_id, row["artifact_sha256"], chosen.line)
    return loaded, row["baseline_id"]


def _tell(recogniser: "Recogniser", clips: Sequence[Sound], posterior: "Posterior") -> list[Heard]:
    return [
        Heard(
            of.name,
            round(of.start_s, 3),
            round(of.end_s, 3),
            dict(zip(recogniser.classes, row.tolist(), strict=True)),
        )
        for of, row in zip(clips, posterior, strict=True)
    ]

"""Recognise: what is heard in files."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.baselines.sounds import Sound, read_file
from pipelines.errors import NothingToDoError
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.serving.load import Loaded, load_recogniser
from pipelines.settings import Settings

if TYPE_CHECKING:
    from ser.inference.recogniser import Posterior


@dataclass(frozen=True, eq=False)
class Heard:
    """What was heard in one clip of a file.

    Args:
        file: The file.
        start_s: Where the speech begins in it, s.
        end_s: Where it ends, s.
        posterior: P(class) by class.
        set: Classes that may be right; None where what judged is not calibrated.
    """

    file: str
    start_s: float
    end_s: float
    posterior: dict[str, float]
    set: list[str] | None

    @property
    def is_sure(self) -> bool | None:
        """Whether the set is exactly one class; None without one."""
        return None if self.set is None else len(self.set) == 1

    @property
    def emotion(self) -> str:
        """The most probable class; the first of equals."""
        return max(self.posterior, key=lambda name: self.posterior[name])

    def document(self) -> dict[str, Any]:
        """Return everything as values that JSON can write."""
        return {**vars(self), "emotion": self.emotion, "is_sure": self.is_sure}


@dataclass(frozen=True, eq=False)
class RecogniseResult:
    """What was heard in files.

    Args:
        model_id: What heard it.
        baseline: Id of what it was told of the speaker; `off` where that does not help, None
            where no speaker was named.
        group: Whose thresholds made the sets.
        heard: One per clip, in the order of the files.
    """

    model_id: str
    baseline: str | None
    group: str
    heard: tuple[Heard, ...]

    def rows(self) -> Sequence[Row]:
        """Return one row per clip."""
        return [
            {
                "file": of.file,
                "start_s": of.start_s,
                "end_s": of.end_s,
                "emotion": of.emotion,
                **({} if of.set is None else {"set": ", ".join(of.set) or "(none)"}),
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
    group: str | None = None,
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
        group: Whose thresholds make the sets; None for those of all.

    Returns:
        P(class) of each clip, and its set of classes where the model is calibrated.

    Raises:
        PipelineError: If a file is no speech, or more than one judge was named.
        NothingToDoError: If there is no champion, nothing is known of the speaker, or the
            model is not calibrated for the group.
    """
    if not files:
        raise NothingToDoError("no file was named; give recordings to judge")
    found = load_recogniser(settings, line=line, model_id=model_id, bundle=bundle)
    loaded = found.for_group(group).for_speaker(speaker)
    heard: list[Heard] = []
    with progress.track("recognise", len(files), "files") as advance:
        for path in files:
            clips = read_file(path, sample_rate=loaded.recogniser.sample_rate)
            posterior = loaded.recogniser.judge([of.waveform for of in clips])
            heard += _tell(loaded, clips, posterior)
            advance()
    return RecogniseResult(loaded.model_id, loaded.baseline, loaded.group, tuple(heard))


def _tell(loaded: Loaded, clips: Sequence[Sound], posterior: "Posterior") -> list[Heard]:
    return [
        Heard(
            of.name,
            round(of.start_s, 3),
            round(of.end_s, 3),
            dict(zip(loaded.recogniser.classes, row.tolist(), strict=True)),
            loaded.name_set(row),
        )
        for of, row in zip(clips, posterior, strict=True)
    ]

"""TFLite files: made and tried in an environment of their own."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipelines.errors import PipelineError
from pipelines.exporting.environment import Environment, ensure_environment, own_folder
from pipelines.exporting.make import EXACT, Making
from pipelines.exporting.parity import Judge
from pipelines.pinned_environment import clean_variables
from pipelines.progress import Progress
from pipelines.settings import Settings

if TYPE_CHECKING:
    from ser.export.bundle import Place
    from ser.features.record import FeatureSet
    from ser.models.trained import TrainedModel

LOG = "convert.log"


def plan_tflite(
    settings: Settings,
    progress: Progress,
    place: "Place",
    trained: "TrainedModel",
    features: "FeatureSet",
) -> Making:
    """Plan a TFLite file, and make the environment that it needs.

    Its converter writes recurrent layers out frame by frame, so that a file hears clips of one
    size; shorter ones are padded, which changes nothing.

    Args:
        settings: The environment, and the longest clip.
        progress: Where progress is shown.
        place: Whether features are computed inside.
        trained: The model.
        features: The features that it reads.

    Raises:
        PipelineError: The environment cannot be made.
    """
    from ser.export.window import count_window  # noqa: PLC0415 - loads torch

    samples = round(settings.export.window_s * trained.sample_rate)
    window = count_window(features, samples, place)
    bench = Bench(ensure_environment(settings, progress), own_folder(settings) / LOG)

    def write(path: Path) -> None:
        bench.convert(trained, features if place == "inside" else None, path, window=window)

    return Making(
        format="tflite",
        precision=EXACT,
        features=place,
        write=write,
        how={"window": window},
        open=lambda path: bench.open(path, window),
        versions=bench.environment.versions,
        window=window,
        # Statistics of an encoder's layers have one size, however long the clip.
        longest=None if trained.parameters.layers else samples,
    )


@dataclass(frozen=True)
class Bench:
    """Convert and judge in the other environment.

    Args:
        environment: What runs there.
        log: File for what it prints.
    """

    environment: Environment
    log: Path

    def convert(
        self, trained: "TrainedModel", features: "FeatureSet | None", path: Path, *, window: int
    ) -> None:
        """Write a model as a TFLite file; takes a minute.

        Raises:
            PipelineError: If the converter fails.
            ConfigurationError: If the model cannot be exported like this.
        """
        from ser.export import to_tflite  # noqa: PLC0415 - keeps help fast
        from ser.export.window import export_window  # noqa: PLC0415 - loads torch
        from ser.files import write_whole  # noqa: PLC0415 - keeps help fast

        with TemporaryDirectory() as name:
            program, made = Path(name, "program.pt2"), Path(name, "model.tflite")
            export_window(trained, features, program, window=window)
            clip = "features" if features is None else "waveforms"
            self._run(to_tflite.__file__, str(program), clip, str(made))
            write_whole(path, made.read_bytes())

    def open(self, path: Path, window: int) -> Judge:
        """Return what judges padded batches with a TFLite file in TFLite's own runtime.

        Args:
            path: The file.
            window: Samples or frames that it reads of each clip.
        """
        from ser.export import in_tflite  # noqa: PLC0415 - keeps help fast

        def judge(batch: npt.NDArray[Any], lengths: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
            with TemporaryDirectory() as name:
                given, found = Path(name, "batch.npz"), Path(name, "posterior.npy")
                clips = fit_window(batch, window)
                np.savez(given, clips=clips, lengths=lengths.astype(np.int32))
                self._run(in_tflite.__file__, str(path), str(given), str(found))
                posterior: npt.NDArray[np.float32] = np.load(found)
            return posterior

        return judge

    def _run(self, script: str, *arguments: str) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(  # noqa: S603 - our own scripts
            # Modules that lie beside the script must not hide others.
            [str(self.environment.python), "-P", script, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=clean_variables(),
            text=True,
            errors="replace",
            check=False,
        )
        with self.log.open("a", encoding="utf-8") as log:
            log.write(done.stdout)
        if done.returncode:
            said = [line.strip() for line in done.stdout.splitlines() if line.strip()]
            raise PipelineError(
                f"`{Path(script).name}` failed in the environment of "
                f"`{self.environment.python}`: {said[-1] if said else 'it said nothing'}; see "
                f"`{self.log}`, or export to `onnx`"
            )


def fit_window(batch: npt.NDArray[Any], window: int) -> npt.NDArray[np.float32]:
    """Return a padded batch with the size that a file reads.

    Args:
        batch: ``(B, S)`` or ``(B, F, D)``.
        window: Samples or frames wanted.

    Raises:
        PipelineError: If the batch is longer.

    Example:
        >>> fit_window(np.ones((1, 2)), 3).tolist()
        [[1.0, 1.0, 0.0]]
    """
    if batch.shape[1] > window:
        raise PipelineError(
            f"a clip of {batch.shape[1]} is longer than the {window} samples or frames that the "
            "file hears; cut it, or export with a longer `export.window_s`"
        )
    fitted = np.zeros((len(batch), window, *batch.shape[2:]), dtype=np.float32)
    fitted[:, : batch.shape[1]] = batch
    return fitted

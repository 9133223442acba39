"""How much of a teacher a student under 200,000 parameters keeps, on speakers neither has heard.

`python -m tests.benchmarks.distil --home FOLDER` ingests RAVDESS into the home, trains the teachers
of its first fold (`splits/`, Luna-Jiménez et al. 2021) as `serloop train` does, distils `small`
students from them, and prints one row per model: parameters, UAR of the five test actors with its
95 % interval over actors, and UAR less the teacher's, on the same resampled actors. What is in the
home already is not made again, so a run that was stopped goes on.

**Teachers.** `whisper`: ridge on the statistics of Whisper base's layers 1 to 5 (`SERLOOP_MODELS`).
`ensemble`: the default recipe with `--seeds` seeds, judging together (six are 2.3 M parameters).
`wide`: one model of six wider members, 1.8 M parameters in half the time. `--teachers` chooses;
`MODEL,…` names models of the home that are there already.
**Control.** The student's network, clips, copies and recipe with the labels alone (trust 0).
**Choices.** `--dev` holds out four training actors as dev speakers of teachers and students and
judges on them, so that `--trust`, `--temperature` and `--epochs` can be chosen without the test
actors.

A student of 24 epochs takes about 10 minutes on a quiet core, a seed of the ensemble 8, `wide` 9;
`SERLOOP_TRAINING__PRECISION=bfloat16` saves a quarter where a core multiplies such numbers.
"""

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pipelines.clipset import read_features
from pipelines.compressing.distil import distil
from pipelines.compressing.teachers import count_teacher
from pipelines.evaluate import evaluate
from pipelines.extract import extract
from pipelines.ingest import ingest
from pipelines.judged import JudgedPart, select_judged
from pipelines.models import load_weights, require_model
from pipelines.progress import SilentProgress
from pipelines.sections import FeatureSettings
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import has_warehouse, open_store
from ser.compression.choice import Distillation
from ser.compression.distil import average_teachers
from ser.inference.predictor import predict
from ser.metrics.bootstrap import bootstrap_uar, bootstrap_uar_difference

SHARED = Path(__file__).resolve().parents[3] / "shared"
DATA = Path(os.environ.get("SERLOOP_DATA", SHARED / "data"))
MODELS = Path(os.environ.get("SERLOOP_MODELS", SHARED / "models"))
FOLDS = DATA / "splits" / "ravdess_5fold_luna_jimenez.json"
# Of the first fold's training actors, two women and two men.
DEV_ACTORS = ("actor-08", "actor-12", "actor-17", "actor-19")
# Blocks that double their channels, as is usual: three times the weights of the default's members
# for the same time, most of which the first two blocks take.
WIDE = {"channels": "16,32,64,128", "embedding_size": 128, "members": 6, "centred": 3}
WIDE_EPOCHS = 24
SILENT = SilentProgress()


@dataclass(frozen=True, eq=False)
class Said:
    """What a model, or several together, say of the clips that are judged."""

    name: str
    parameters: int
    truth: npt.NDArray[np.int64]
    posterior: npt.NDArray[np.float64]
    speakers: tuple[str, ...]

    def tell(self, teacher: "Said | None") -> str:
        """Return the row of the table."""
        prediction, classes = self.posterior.argmax(axis=1), self.posterior.shape[1]
        own = bootstrap_uar(self.truth, prediction, self.speakers, n_classes=classes)
        interval = f"{own.estimate:.3f} [{own.low:.3f}, {own.high:.3f}]"
        row = f"{self.name:<28}{self.parameters:>12,}  {interval}"
        if teacher is None:
            return row
        less = bootstrap_uar_difference(
            self.truth,
            prediction,
            teacher.posterior.argmax(axis=1),
            self.speakers,
            n_classes=classes,
        )
        smaller = teacher.parameters / self.parameters
        return f"{row}  {less.estimate:+.3f} [{less.low:+.3f}, {less.high:+.3f}]  {smaller:.1f}×"


def listen(settings: Settings, name: str, models: Sequence[str], part: JudgedPart) -> Said:
    """Return what models say together of the clips of a part of the first."""
    posteriors, parameters = [], 0
    with open_store(settings) as store:
        first = require_model(store, models[0])
        clips = select_judged(store, first, truth="intended", part=part).decided()
        for model_id in models:
            row = require_model(store, model_id)
            features = read_features(store, row["feature_set"], clips.clip_ids)
            posteriors.append(predict(load_weights(settings, row), features).posterior)
            parameters += count_teacher(settings, row)
    together = average_teachers(posteriors)
    return Said(name, parameters, clips.labels, together, clips.speakers)


def train_teachers(
    settings: Settings, kind: str, seeds: int, held_out: dict[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """Return the models of a kind of teacher, trained where they are not there yet."""
    if kind == "whisper":
        encoder = FeatureSettings(
            kind="encoder_statistics", encoder="whisper-base-encoder", layers="1,2,3,4,5"
        )
        heard = settings.model_copy(update={"features": encoder, "models": MODELS})
        extract(heard, SILENT, corpus="ravdess")
        return (train(heard, SILENT, corpus="ravdess", **held_out).model_id,)
    if kind == "ensemble":
        return tuple(
            train(
                _with_training(settings, seed=seed), SILENT, corpus="ravdess", **held_out
            ).model_id
            for seed in range(seeds)
        )
    if kind == "wide":
        sizes = settings.network.model_copy(update=WIDE)
        wide = _with_training(settings, epochs=WIDE_EPOCHS).model_copy(update={"network": sizes})
        return (train(wide, SILENT, corpus="ravdess", **held_out).model_id,)
    return tuple(kind.split(","))


def show(row: str) -> None:
    """Print a row of the table as soon as it is known."""
    print(row, flush=True)  # noqa: T201 - a benchmark's output is its result


def main() -> None:
    """Prepare the home, train, distil, and print the table."""
    asked = _read_arguments()
    settings = Settings(home=asked.home.resolve())
    if not has_warehouse(settings):
        ingest(settings, SILENT, corpus="ravdess", root=DATA / "ravdess" / "flac16k")
    extract(settings, SILENT, kind="log_mel", corpus="ravdess")
    tested = json.loads(FOLDS.read_text())["test"][0]
    held_out = {"test_speakers": tuple(f"actor-{actor:02d}" for actor in tested)}
    if asked.dev:
        held_out["dev_speakers"] = DEV_ACTORS
    part: JudgedPart = "dev" if asked.dev else "test"
    taught = settings if asked.epochs is None else _with_training(settings, epochs=asked.epochs)
    show(
        f"{'model':<28}{'parameters':>12}  UAR [95 %]             less the teacher's       smaller"
    )
    for kind in asked.teachers:
        models = train_teachers(settings, kind, asked.seeds, held_out)
        teacher = listen(settings, f"teacher {kind[:18]}", models, part)
        show(teacher.tell(None))
        # An encoder that hears clips at three speeds would take minutes for each copy of all.
        judges = kind != "whisper" or asked.judge_copies
        for name, trust in (("student", asked.trust), ("labels alone", 0.0)):
            choice = Distillation(
                trust=trust,
                temperature=asked.temperature,
                speeds=tuple(asked.speeds),
                judges_copies=judges,
            )
            found = distil(taught, SILENT, teachers=models, choice=choice)
            evaluate(settings, SILENT, model_id=found.model_id, part=part)
            said = listen(settings, f"  {name}", [found.model_id], part)
            show(f"{said.tell(teacher)}  {found.model_id}")


def _with_training(settings: Settings, **given: int) -> Settings:
    return settings.model_copy(update={"training": settings.training.model_copy(update=given)})


def _read_arguments() -> argparse.Namespace:
    default = Distillation()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--teachers", nargs="+", default=["whisper", "ensemble"])
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--trust", type=float, default=default.trust)
    parser.add_argument("--temperature", type=float, default=default.temperature)
    parser.add_argument("--speeds", type=float, nargs="*", default=default.speeds)
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--judge-copies", action="store_true")
    parser.add_argument("--dev", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()

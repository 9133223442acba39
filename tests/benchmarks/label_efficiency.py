"""What a few labels are worth, and what clips without labels add: RAVDESS, every speaker tested.

`python -m tests.benchmarks.label_efficiency --home FOLDER` ingests RAVDESS into the home and
cross-validates each recipe on the folds of Luna-Jiménez et al. (2021), `--seeds` times, with each
of `--shares` of the labels of the training speakers, drawn by the seed; no dev part, whose labels
would have to be counted. Each model is trained as `serloop train --recipe round` does, so a run
that was stopped goes on. Printed are UAR of all clips together, mean over seeds with its 95 %
interval over speakers, and UAR less that of the CRNN alone on the same speakers, paired.

**Recipes.** `crnn`: the network of rounds, from scratch. `contrastive`: the same from weights that
were pretrained on all clips of the training speakers. `pseudo`: FixMatch on those clips beside the
labels. `both`. `frozen`: ridge on the layers of Whisper base (`SERLOOP_MODELS`). `taught`: the
same, which then learns from what it says of the clips without labels.

On two cores a training takes 15 s (`crnn`), 45 s (`pseudo`); a pretraining 80 s for each fold and
seed, whatever the share.
"""

import argparse
import os
from pathlib import Path

from pipelines.clipset import INTENDED
from pipelines.compare import compare_models
from pipelines.cross_validate import CrossValidateResult, cross_validate
from pipelines.extract import extract
from pipelines.fold_plan import Dealing
from pipelines.ingest import ingest
from pipelines.progress import SilentProgress
from pipelines.sections import FeatureSettings
from pipelines.settings import Settings
from pipelines.workspace import has_warehouse, open_store

SHARED = Path(__file__).resolve().parents[3] / "shared"
DATA = Path(os.environ.get("SERLOOP_DATA", SHARED / "data"))
MODELS = Path(os.environ.get("SERLOOP_MODELS", SHARED / "models"))
FOLDS = Dealing(
    file=DATA / "splits" / "ravdess_5fold_luna_jimenez.json",
    speaker_format="actor-{:02d}",
    dev_share=0.0,
)
WHISPER = FeatureSettings(
    kind="encoder_statistics", encoder="whisper-base-encoder", layers="1,2,3,4,5"
)
RECIPES = ("crnn", "contrastive", "pseudo", "both", "frozen", "taught")
OVER_WHISPER = frozenset({"frozen", "taught"})
SILENT = SilentProgress()


def choose(settings: Settings, recipe: str, share: float) -> Settings:
    """Return the settings of a recipe with a share of the labels."""
    training = {"label_share": share}
    update: dict[str, object] = {}
    if recipe in {"pseudo", "both"}:
        training["semi"] = "fixmatch"
    if recipe in {"contrastive", "both"}:
        chosen = settings.pretraining.model_copy(update={"objective": "simclr"})
        update["pretraining"] = chosen
    if recipe == "taught":
        training["semi"] = "self_training"
    if recipe in OVER_WHISPER:
        update |= {"features": WHISPER, "models": MODELS}
    update["training"] = settings.training.model_copy(update=training)
    return settings.model_copy(update=update)


def models_of(result: CrossValidateResult) -> list[str]:
    """Return the models of a cross-validation, in the order of folds and seeds."""
    return [score.model_id for score in result.scores if score.model_id is not None]


def show(row: str) -> None:
    """Print a row of the table as soon as it is known."""
    print(row, flush=True)  # noqa: T201 - a benchmark's output is its result


def main() -> None:
    """Prepare the home, cross-validate each recipe, and print the table."""
    asked = _read_arguments()
    settings = Settings(home=asked.home.resolve())
    if not has_warehouse(settings):
        ingest(settings, SILENT, corpus="ravdess", root=DATA / "ravdess" / "flac16k")
    extract(settings, SILENT, kind="log_mel", corpus="ravdess")
    if OVER_WHISPER & set(asked.recipes):
        extract(choose(settings, "frozen", 1.0), SILENT, corpus="ravdess")
    show(f"{'share':<8}{'recipe':<14}UAR [95 %]             less the CRNN's")
    for share in asked.shares:
        alone: list[str] = []
        for recipe in asked.recipes:
            result = cross_validate(
                choose(settings, recipe, share),
                SILENT,
                corpus="ravdess",
                dealing=FOLDS,
                seeds=tuple(range(asked.seeds)),
                recipe="round",
            )
            last, models = result.scores[-1], models_of(result)
            row = f"{share:<8}{recipe:<14}{last.uar:.3f} [{last.uar_low:.3f}, {last.uar_high:.3f}]"
            if recipe == "crnn":
                alone = models
            elif alone:
                row += f"   {_tell_gains(settings, models, alone, asked.seeds)}"
            show(row)


def _tell_gains(settings: Settings, models: list[str], alone: list[str], seeds: int) -> str:
    """Return the paired difference of each seed over all folds."""
    told = []
    folds = len(models) // seeds
    with open_store(settings) as store:
        for seed in range(seeds):
            part = slice(seed * folds, (seed + 1) * folds)
            pairs = list(zip(models[part], alone[part], strict=True))
            found = compare_models(store, pairs, truth=INTENDED).uar
            told.append(f"{found.difference:+.3f} [{found.low:+.3f}, {found.high:+.3f}]")
    return "  ".join(told)


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.05, 0.1, 0.25])
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--seeds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    main()

"""What a model of one corpus knows of another language, before and after adaptation.

`python -m tests.benchmarks.cross_corpus --home FOLDER` ingests RAVDESS (English) and URDU into the
home, trains on each in the four classes both have, `--seeds` times, alone and with the clips of the
other corpus heard without their labels (`training.domain`), and judges on the other corpus's
default test speakers, from whom every model was kept. Printed are UAR with its 95 % interval over
speakers, all seeds' clips together, and UAR less that of the model that heard nothing of the other
corpus, on the same resampled speakers.

**Features.** `log_mel`: the network of rounds, from scratch. `whisper`: a head over the layers of
Whisper base (`SERLOOP_MODELS`), by descent and with a hidden layer, which is what adaptation moves.
"""

import argparse
from itertools import product
from pathlib import Path

import numpy as np

from pipelines.clipset import corpus_clips, default_test_speakers, read_features
from pipelines.extract import extract
from pipelines.ingest import ingest
from pipelines.judged import select_judged
from pipelines.models import load_weights, require_model
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.training_choice import MOVED_SIZE
from pipelines.workspace import has_warehouse, open_store
from ser.inference.predictor import predict
from ser.metrics.bootstrap import bootstrap_uar, bootstrap_uar_difference
from tests.benchmarks.label_efficiency import DATA, MODELS, WHISPER

ROOTS = {"ravdess": DATA / "ravdess" / "flac16k", "urdu": DATA / "urdu"}
TAXONOMY = "emotion-4"
WAYS = (("ravdess", "urdu"), ("urdu", "ravdess"))
DOMAINS = ("none", "coral", "adversarial")
SILENT = SilentProgress()


def read(settings: Settings, features: str) -> Settings:
    """Return settings of what a model reads."""
    if features == "log_mel":
        return settings
    own = settings.network.model_copy(update={"embedding_size": MOVED_SIZE})
    return settings.model_copy(update={"features": WHISPER, "models": MODELS, "network": own})


def choose(settings: Settings, domain: str, target: str, seed: int) -> Settings:
    """Return settings that bring a corpus nearer, or leave it alone."""
    given: dict[str, object] = {"seed": seed, "solver": "descent"}
    if domain != "none":
        given |= {"domain": domain, "target_corpus": target}
    return settings.model_copy(update={"training": settings.training.model_copy(update=given)})


def judge(
    settings: Settings, model_id: str, corpus: str
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return truth, prediction and speakers of the test clips of another corpus."""
    with open_store(settings) as store:
        row = require_model(store, model_id)
        clips = select_judged(store, row, truth="intended", corpus=corpus).decided()
        kept = default_test_speakers(corpus_clips(store, corpus))
        clips = clips.take(np.flatnonzero(np.isin(clips.speakers, kept)))
        features = read_features(store, row["feature_set"], clips.clip_ids)
        posterior = predict(load_weights(settings, row), features).posterior
    return clips.labels, posterior.argmax(axis=1), list(clips.speakers)


def show(row: str) -> None:
    """Print a row of the table as soon as it is known."""
    print(row, flush=True)  # noqa: T201 - a benchmark's output is its result


def main() -> None:
    """Prepare the home, train both ways, and print the table."""
    asked = _read_arguments()
    settings = Settings(home=asked.home.resolve())
    is_new = not has_warehouse(settings)
    for corpus, root in ROOTS.items():
        if is_new:
            ingest(settings, SILENT, corpus=corpus, root=root)
        for features in asked.features:
            extract(read(settings, features), SILENT, corpus=corpus)
    show(f"{'from → to':<20}{'features':<10}{'domain':<14}UAR [95 %]             less without")
    for (source, target), features in product(WAYS, asked.features):
        plain: np.ndarray | None = None
        for domain in DOMAINS:
            said = []
            for seed in range(asked.seeds):
                chosen = choose(read(settings, features), domain, target, seed)
                model = train(
                    chosen, SILENT, corpus=source, recipe=asked.recipe, taxonomy=TAXONOMY
                ).model_id
                said.append(judge(settings, model, target))
            truth, told = (np.concatenate([one[at] for one in said]) for at in (0, 1))
            speakers = [name for one in said for name in one[2]]
            own = bootstrap_uar(truth, told, speakers, n_classes=4)
            row = f"{source} → {target}".ljust(20) + features.ljust(10) + domain.ljust(14)
            row += f"{own.estimate:.3f} [{own.low:.3f}, {own.high:.3f}]"
            if plain is None:
                plain = told
            else:
                less = bootstrap_uar_difference(truth, told, plain, speakers, n_classes=4)
                row += f"   {less.estimate:+.3f} [{less.low:+.3f}, {less.high:+.3f}]"
            show(row)


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--features", nargs="+", choices=("log_mel", "whisper"), default=["log_mel", "whisper"]
    )
    parser.add_argument("--recipe", choices=("round", "full"), default="round")
    return parser.parse_args()


if __name__ == "__main__":
    main()

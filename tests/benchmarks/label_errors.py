"""How many of RAVDESS's labels, flipped on purpose, `serloop suspects` finds with a quick model.

`python -m tests.benchmarks.label_errors` flips 5 % of the intended labels, each to one of the
other seven classes by lot, and casts the result as one sloppy annotator's votes. Five models are
trained on them, each without the actors of one fold (Luna-Jiménez et al. 2021), and judge those.
It prints precision and recall of the suspects, and of the as many labels that are the least
credible, and what flagging by lot would give. `--home` keeps the warehouse between runs.

A flipped label of a clip is the only kind of error that is known here. What else is suspected may
be wrong too: RAVDESS's intended emotions are recognised by 60 % of listeners (Livingstone & Russo
2018), and by fewer still from the voice alone.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv as pa_csv

from pipelines.aggregate import aggregate
from pipelines.evaluate import evaluate
from pipelines.import_votes import import_votes
from pipelines.ingest import ingest
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.suspects import suspects
from pipelines.train import train
from pipelines.workspace import open_store
from warehouse import queries

SILENT = SilentProgress()
CORPUS = "ravdess"
DATA = Path(os.environ.get("SERLOOP_DATA", "../shared/data"))


def flip_labels(settings: Settings, share: float, seed: int) -> tuple[str, dict[str, str]]:
    """Cast a wrong label for some clips, and the right one for the others.

    Returns:
        The consensus run of these votes, and the right label of each clip that got a wrong one.
    """
    with open_store(settings) as store:
        clips = queries.select_clips(store, corpus=CORPUS).sort_by("clip_id")
    ids, given = clips["clip_id"].to_pylist(), clips["intended"].to_pylist()
    classes = sorted(set(given))
    rng = np.random.default_rng(seed)
    right = {}
    for at in rng.choice(len(ids), round(share * len(ids)), replace=False).tolist():
        right[ids[at]] = given[at]
        given[at] = str(rng.choice([name for name in classes if name != given[at]]))
    table = settings.home / "sloppy.csv"
    rows = {"clip_id": ids, "label": given, "annotator": ["sloppy"] * len(ids)}
    pa_csv.write_csv(pa.table(rows), table)
    import_votes(settings, SILENT, source="table", path=table, corpus=CORPUS)
    (run,) = aggregate(settings, SILENT, method="majority", corpus=CORPUS).runs
    return run.run_id, right


def read_folds() -> list[tuple[str, ...]]:
    """Return the actors that each fold holds out."""
    file = DATA / "splits" / "ravdess_5fold_luna_jimenez.json"
    folds = json.loads(file.read_text(encoding="utf-8"))["test"]
    return [tuple(f"actor-{actor:02d}" for actor in fold) for fold in folds]


def train_folds(settings: Settings, run_id: str, recipe: str) -> list[str]:
    """Train a model per fold on the sloppy labels, let it judge the others, and say how well."""
    models = []
    for held_out in read_folds():
        started = time.monotonic()
        model = train(
            settings, SILENT, corpus=CORPUS, labels=run_id, test_speakers=held_out, recipe=recipe
        )
        found = evaluate(settings, SILENT, model_id=model.model_id)
        models.append(model.model_id)
        seconds = time.monotonic() - started
        uar = found.figure("uar").value
        sys.stdout.write(f"{model.model_id}  UAR {uar:.3f}  {seconds:.0f} s\n")
    return models


def main() -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--recipe", choices=("round", "full"), default="round")
    parser.add_argument("--updates", type=int)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    home = given.home or Path(tempfile.mkdtemp(prefix="serloop-label-errors-"))
    training = {"updates": given.updates} if given.updates else {}
    settings = Settings(home=home, training=training)
    ingest(settings, SILENT, corpus=CORPUS, root=DATA / "ravdess" / "flac16k")
    run_id, right = flip_labels(settings, given.share, given.seed)
    models = train_folds(settings, run_id, given.recipe)
    found = suspects(settings, SILENT, model_ids=models, labels=run_id)
    sys.stdout.write(f"{found.sentence()}\n")
    named = [suspect.label for suspect in found.suspects]
    for size in (len(named), len(right), len(right) // 2):
        hits = [label for label in named[:size] if label.clip_id in right]
        told = sum(label.likely == right[label.clip_id] for label in hits)
        sys.stdout.write(
            f"first {min(size, len(named)):4d}: precision {len(hits) / min(size, len(named)):.3f}, "
            f"recall {len(hits) / len(right):.3f} of {len(right)} flips, right label suggested for "
            f"{told} of {len(hits)}; by lot {len(right) / found.judged:.3f}\n"
        )


if __name__ == "__main__":
    main()

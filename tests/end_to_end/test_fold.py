"""The target on real speech: one speaker-independent fold of RAVDESS, all labels."""

import json
from pathlib import Path

import pytest

from pipelines.evaluate import evaluate
from pipelines.ingest import ingest
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.train import train

TARGET_UAR = 0.55


@pytest.mark.slow
def test_a_crnn_from_scratch_reaches_the_target_on_speakers_it_never_met(
    serloop_data: Path, tmp_path: Path
) -> None:
    """Eight classes, five test actors, no development part, the trainer's own defaults."""
    folds = json.loads((serloop_data / "splits" / "ravdess_5fold_luna_jimenez.json").read_text())
    test_speakers = tuple(f"actor-{number:02d}" for number in folds["test"][0])
    settings, silent = Settings(home=tmp_path), SilentProgress()
    ingest(settings, silent, corpus="ravdess", root=serloop_data / "ravdess" / "flac16k")
    model = train(settings, silent, corpus="ravdess", test_speakers=test_speakers)
    result = evaluate(settings, silent, model_id=model.model_id)
    assert (model.clips, result.clips, len(result.speakers)) == (1140, 300, 5)
    assert result.figure("uar").value >= TARGET_UAR

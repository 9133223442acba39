"""TFLite files are made and tried in an environment of their own."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import PipelineError
from pipelines.exporting.environment import PINS, Environment, ensure_environment
from pipelines.exporting.export import export
from pipelines.exporting.tflite import Bench, fit_window
from pipelines.pinned_environment import STAMP, read_pins
from pipelines.progress import SilentProgress
from ser.export.bundle import load_bundle
from tests.pipelines.places import borrow, make_settings
from tests.ser.export.models import (
    FAMILIES,
    LOG_MEL,
    SMALL,
    draw_batches,
    largest_difference,
    make_model,
)

SILENT = SilentProgress()
ADOPTED = os.environ.get("SERLOOP_EXPORT__ENVIRONMENT")


def adopt(tmp_path: Path, **versions: str):
    """Return settings that name an environment which holds these packages, as pip lists them."""
    folder = tmp_path / "adopted"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    for name, version in versions.items():
        (folder / "lib/python3.11/site-packages" / f"{name}-{version}.dist-info").mkdir(
            parents=True
        )
    settings = make_settings(tmp_path / "home")
    section = settings.export.model_copy(update={"environment": folder})
    return settings.model_copy(update={"export": section})


def test_an_adopted_environment_is_taken_as_it_is(tmp_path):
    """Its versions are read without running anything."""
    settings = adopt(tmp_path, litert_torch="0.9.0", ai_edge_litert="2.0.0")
    found = ensure_environment(settings, SILENT)
    assert found.versions == {"litert-torch": "0.9.0", "ai-edge-litert": "2.0.0"}
    assert found.python == tmp_path / "adopted" / "bin" / "python"


def test_an_adopted_environment_without_the_converter_is_refused(tmp_path):
    """The command that would install it is named, with its version."""
    with pytest.raises(PipelineError, match=r"-m pip install litert-torch==\d.*or unset it"):
        ensure_environment(adopt(tmp_path, ai_edge_litert="2.0.0"), SILENT)


def test_a_full_disk_is_named_before_anything_is_made(tmp_path, monkeypatch):
    """With how much there has to be."""
    monkeypatch.setattr("pipelines.pinned_environment.BYTES_WANTED", 10**18)
    settings = make_settings(tmp_path / "home")
    with pytest.raises(PipelineError, match=r"GB free at .*SERLOOP_HOME"):
        ensure_environment(settings, SILENT)
    assert not (settings.home / "tflite" / "environment").exists()


def test_an_installation_that_fails_says_what_pip_said(tmp_path, monkeypatch):
    """And where all of it is; nothing counts as installed."""
    pins = tmp_path / "pins.txt"
    pins.write_text("litert-torch==0.0.0.dev1\nai-edge-litert==2.0.0\n")
    monkeypatch.setattr("pipelines.exporting.environment.PINS", pins)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    settings = make_settings(tmp_path / "home")
    with pytest.raises(PipelineError, match=r"into `.*ERROR: .*install.log`, then export"):
        ensure_environment(settings, SILENT)
    assert not (settings.home / "tflite" / "environment" / STAMP).exists()
    assert "litert-torch==0.0.0.dev1" in (settings.home / "tflite" / "install.log").read_text()


def test_pins_leave_torch_to_serloop():
    """Each package has one version; torch and what it brings would weigh five times as much."""
    lines = [line for line in PINS.read_text().splitlines() if not line.startswith("#")]
    assert all(line.count("==") == 1 for line in lines)
    assert {"litert-torch", "ai-edge-litert", "numpy"} <= read_pins(PINS).keys()
    assert not {"torch", "torchaudio", "triton"} & read_pins(PINS).keys()


def test_a_converter_that_fails_is_reported(tmp_path):
    """By its last words, with the log and the remedy; no file is left."""
    bench = Bench(Environment(Path(sys.executable), {}), tmp_path / "convert.log")
    path = tmp_path / "model.tflite"
    with pytest.raises(PipelineError, match=r"`to_tflite.py` failed .*litert_torch.*`onnx`"):
        bench.convert(make_model(SMALL), None, path, window=40)
    assert "Traceback" in bench.log.read_text()
    assert not path.exists()


def test_clips_are_laid_into_the_window():
    """Zeros follow; a clip that is longer is refused, not cut."""
    fitted = fit_window(np.ones((2, 3, 4)), 5)
    assert fitted.shape == (2, 5, 4)
    assert fitted.dtype == np.float32
    assert fitted.sum(axis=(1, 2)).tolist() == [12, 12]
    with pytest.raises(PipelineError, match=r"a clip of 6 is longer than the 5 .*window_s"):
        fit_window(np.ones((1, 6)), 5)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Return the environment that is named, or make one."""
    place = tmp_path_factory.mktemp("tflite")
    settings = make_settings(place)
    section = settings.export.model_copy(update={"environment": Path(ADOPTED) if ADOPTED else None})
    made = ensure_environment(settings.model_copy(update={"export": section}), SILENT)
    return Bench(made, place / "convert.log")


@pytest.mark.slow
@pytest.mark.parametrize(("family", "hears"), [("ensemble", False), ("lstm", False), ("gru", True)])
def test_tflite_says_what_the_model_says(bench, family, hears, tmp_path):
    """200 clips of random lengths agree to 1e-5 in TFLite's own runtime, ensembles too."""
    model = make_model(FAMILIES[family])
    window = 9000 if hears else LOG_MEL.count_frames(9000)
    path = tmp_path / "model.tflite"
    bench.convert(model, LOG_MEL if hears else None, path, window=window)
    judge = bench.open(path, window)
    batches = draw_batches(clips=200, seed=1)
    assert largest_difference(model, judge, batches, hears=hears) < 1e-5


@pytest.mark.slow
def test_a_model_is_exported_for_phones(trained_once, bench, tmp_path):
    """The bundle holds its window, its versions and its parity; the card says what to do."""
    settings = borrow(trained_once.settings, tmp_path / "home")
    section = settings.export.model_copy(
        update={"environment": bench.environment.python.parents[1], "window_s": 1.0}
    )
    settings = settings.model_copy(update={"export": section})
    result = export(settings, SILENT, model_id=trained_once.model_id, formats=["tflite"])
    bundle = load_bundle(result.made[0].folder)
    assert (bundle.format, bundle.window, bundle.parity_clips) == ("tflite", 16000, 200)
    assert 0 <= bundle.parity < 1e-4
    assert bundle.versions["litert-torch"] == bench.environment.versions["litert-torch"]
    card = (bundle.folder / "CARD.md").read_text()
    assert "of exactly 16000 samples" in card
    assert "`lengths`, int32" in card
    assert json.loads(result.made[0].row["config"])["how"] == {"window": 16000}

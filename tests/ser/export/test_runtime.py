"""A bundle hears what the model hears."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from ser.errors import ConfigurationError
from ser.export.bundle import FILES, write_bundle
from ser.export.onnx_file import export_onnx
from ser.export.runtime import BundleRecogniser, FrameBundleRecogniser, open_recogniser
from ser.inference.recogniser import FrameRecogniser, ModelRecogniser
from tests.ser.export.models import CLASSES, FAMILIES, LOG_MEL, draw_batches, make_model

MODEL = make_model(FAMILIES["ensemble"])


def bundle_at(folder, *, features="inside", format_="onnx"):
    """Return a bundle of the ensemble."""
    folder.mkdir(exist_ok=True)
    if format_ == "onnx":
        export_onnx(MODEL, LOG_MEL if features == "inside" else None, folder / "model.onnx")
    else:
        (folder / FILES[format_]).write_bytes(b"")
    (folder / "CARD.md").write_text("# A card\n")
    return write_bundle(
        folder,
        format=format_,
        precision="float32",
        features=features,
        model_id="model-1",
        classes=list(CLASSES),
        sample_rate=16000,
        feature_parameters=LOG_MEL.parameters,
        parity=0.0,
        parity_clips=1,
        versions={},
        calibration=None,
    )


@pytest.fixture(scope="module", params=["inside", "outside"])
def recogniser(request, tmp_path_factory):
    """Return what judges with a bundle."""
    return open_recogniser(bundle_at(tmp_path_factory.mktemp("bundle"), features=request.param))


def test_it_says_what_the_model_says(recogniser):
    """Batches of random clips, and the classes in their order."""
    expected = ModelRecogniser(MODEL, LOG_MEL)
    assert (recogniser.classes, recogniser.sample_rate) == (CLASSES, 16000)
    assert recogniser.name == "model-1 (onnx, float32)"
    for batch in draw_batches(clips=30, seed=2):
        found = recogniser.judge(batch)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, expected.judge(batch), atol=1e-5)


def test_integers_are_heard_as_floats(recogniser):
    """16-bit samples and the same as float32 give the same answer to the bit."""
    counts = (np.random.default_rng(0).normal(size=5000) * 3000).astype(np.int16)
    as_float = counts.astype(np.float32) / 32768
    np.testing.assert_array_equal(recogniser.judge([counts]), recogniser.judge([as_float]))


def test_no_clips_give_no_rows(recogniser):
    """The classes are still there."""
    assert recogniser.judge([]).shape == (0, 3)


def test_threads_do_not_disturb_each_other(recogniser):
    """Eight threads at once get what each gets alone."""
    batches = draw_batches(clips=24, seed=3)
    alone = [recogniser.judge(batch) for batch in batches]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(recogniser.judge, batches))
    for found, expected in zip(together, alone, strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("waveform", "message"),
    [
        (np.array([np.nan], np.float32), r"`waveforms\[0\]` must be finite"),
        (np.zeros(0, np.float32), r"`waveforms\[0\]` must be float32 or int16"),
        (np.zeros((2, 9), np.float32), r"is float32 \(2, 9\)"),
        (np.zeros(9), "is float64"),
    ],
    ids=["nan", "empty", "stereo", "double"],
)
def test_what_is_no_waveform_is_refused(recogniser, waveform, message):
    """The offender is named."""
    with pytest.raises(ConfigurationError, match=message):
        recogniser.judge([waveform])


def test_frames_are_judged_where_features_lie_outside(tmp_path):
    """A stream can compute each frame once; a bundle that hears waveforms says it cannot."""
    outside = open_recogniser(bundle_at(tmp_path / "out", features="outside"))
    clip = draw_batches(clips=2, seed=4)[0]
    assert isinstance(outside, FrameRecogniser)
    found = outside.judge_frames(list(outside.features.compute(clip)))
    np.testing.assert_array_equal(found, outside.judge(clip))
    inside = bundle_at(tmp_path / "in")
    assert not isinstance(open_recogniser(inside), FrameRecogniser)
    with pytest.raises(ConfigurationError, match="hears waveforms and judges no frames"):
        FrameBundleRecogniser(inside)


def test_a_phones_bundle_is_refused_with_the_remedy(tmp_path):
    """TensorFlow Lite does not run here."""
    with pytest.raises(ConfigurationError, match=r"runs on phones and not here.*`onnx`"):
        BundleRecogniser(bundle_at(tmp_path, format_="tflite"))


def test_a_bundle_runs_without_torch(tmp_path):
    """Whoever only judges need not load PyTorch, with features inside or outside."""
    code = (
        "import sys, numpy as np; from pathlib import Path;"
        "from ser.export.bundle import load_bundle; from ser.export.runtime import open_recogniser;"
        "[open_recogniser(load_bundle(Path(p))).judge([np.ones(99, np.float32)])"
        " for p in sys.argv[1:]]; assert 'torch' not in sys.modules"
    )
    for place in ("inside", "outside"):
        bundle_at(tmp_path / place, features=place)
    folders = [str(tmp_path / "inside"), str(tmp_path / "outside")]
    done = subprocess.run(
        [sys.executable, "-c", code, *folders], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

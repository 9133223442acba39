"""Files in eight bits are small, and say nearly the same."""

from dataclasses import replace

import numpy as np
import onnx
import pytest

from ser.compression.fuse import fuse
from ser.compression.quantise import quantise_dynamic, quantise_static
from ser.errors import ConfigurationError
from ser.export.onnx_file import export_onnx
from ser.export.runtime import open_model
from ser.models.parameters import NetworkParameters
from tests.ser.compression.test_fuse import positive
from tests.ser.export.models import LOG_MEL, make_model

WIDE = NetworkParameters(
    channels=(16, 32), time_pools=(2, 2), recurrent="none", pooling="statistics", members=2
)


def clips_of(count: int, *, seed: int = 0, hears: bool = False):
    """Yield batches of one random clip each."""
    rng = np.random.default_rng(seed)
    for length in rng.integers(20, 60, count):
        if hears:
            sound = rng.normal(size=(1, int(length) * 256)) / 10
            yield {"waveforms": sound.astype(np.float32), "lengths": np.array([sound.shape[1]])}
        else:
            frames = rng.normal(-7, 3, (1, int(length), 16)).astype(np.float32)
            yield {"features": frames, "lengths": np.array([length])}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with an ensemble in float and in eight bits."""
    folder = tmp_path_factory.mktemp("quantised")
    model = replace(make_model(WIDE), network=fuse(positive(WIDE)))
    export_onnx(model, None, folder / "float.onnx")
    quantise_static(folder / "float.onnx", folder / "static.onnx", clips_of(20))
    return folder


def judge_both(folder, batch, lengths):
    """Return what both files say."""
    return [open_model(folder / f"{of}.onnx", "onnx")(batch, lengths) for of in ("float", "static")]


def test_static_files_are_small_and_close(folder):
    """Of clips of other seeds no posterior moves by a twentieth, in a third of the bytes."""
    assert (folder / "static.onnx").stat().st_size < (folder / "float.onnx").stat().st_size / 3
    for clip in clips_of(10, seed=1):
        exact, rounded = judge_both(folder, clip["features"], clip["lengths"])
        np.testing.assert_allclose(rounded, exact, atol=0.05)


def test_static_files_multiply_whole_numbers(folder):
    """All but the narrow first convolution work in eight bits, and so does what lies between."""
    operators = [node.op_type for node in onnx.load(folder / "static.onnx").graph.node]
    assert operators.count("Conv") == 1
    assert operators.count("QLinearConv") == 4  # of each member's second block, and both heads


def test_padding_says_nothing_in_eight_bits(folder):
    """A clip is judged alike alone and before 100 frames of junk."""
    (clip,) = clips_of(1, seed=3)
    padded = np.pad(clip["features"], ((0, 0), (0, 100), (0, 0)), constant_values=5.0)
    alone = judge_both(folder, clip["features"], clip["lengths"])[1]
    np.testing.assert_allclose(judge_both(folder, padded, clip["lengths"])[1], alone, atol=1e-6)


def test_equal_files_give_equal_bytes(folder):
    """Neither the place nor the run is in a file."""
    quantise_static(folder / "float.onnx", folder / "again.onnx", clips_of(20))
    assert (folder / "again.onnx").read_bytes() == (folder / "static.onnx").read_bytes()


def test_features_inside_stay_exact(tmp_path):
    """What computes the spectrogram is not rounded, nor written out."""
    model = replace(make_model(WIDE), network=fuse(positive(WIDE)))
    export_onnx(model, LOG_MEL, tmp_path / "float.onnx")
    clips = list(clips_of(10, hears=True))
    quantise_static(tmp_path / "float.onnx", tmp_path / "static.onnx", clips)
    assert (tmp_path / "static.onnx").stat().st_size < (tmp_path / "float.onnx").stat().st_size
    exact, rounded = judge_both(tmp_path, clips[0]["waveforms"], clips[0]["lengths"])
    np.testing.assert_allclose(rounded, exact, atol=0.05)


def test_dynamic_files_take_recurrent_layers_along(tmp_path):
    """Weights of an LSTM shrink too, and no clips are needed."""
    model = make_model(NetworkParameters(channels=(4, 8), time_pools=(2, 2)))
    export_onnx(model, None, tmp_path / "float.onnx")
    quantise_dynamic(tmp_path / "float.onnx", tmp_path / "static.onnx")
    assert (tmp_path / "static.onnx").stat().st_size < (tmp_path / "float.onnx").stat().st_size / 2
    (clip,) = clips_of(1)
    exact, rounded = judge_both(tmp_path, clip["features"], clip["lengths"])
    np.testing.assert_allclose(rounded, exact, atol=0.05)


def test_no_clips_give_no_ranges(folder):
    """Static ranges need clips, and the message says whose."""
    with pytest.raises(ConfigurationError, match="clips that the model learned from"):
        quantise_static(folder / "float.onnx", folder / "none.onnx", [])

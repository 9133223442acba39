"""ONNX files say what PyTorch says, whatever is asked at once."""

import numpy as np
import pytest

from ser.errors import ConfigurationError
from ser.export.onnx_file import LOG_MEL_NODES, export_onnx
from ser.export.runtime import open_model
from ser.features.cepstral import Mfcc
from ser.features.ragged import RaggedFeatures
from ser.features.spectral import LogMel
from ser.inference.predictor import predict
from ser.models.parameters import NetworkParameters
from tests.ser.export.models import (
    FAMILIES,
    LOG_MEL,
    SMALL,
    draw_batches,
    largest_difference,
    make_model,
)


@pytest.mark.parametrize("hears", [True, False], ids=["inside", "outside"])
@pytest.mark.parametrize("parameters", FAMILIES.values(), ids=FAMILIES)
def test_a_file_says_what_the_model_says(parameters, hears, tmp_path):
    """200 clips of random lengths in batches of random sizes agree to 1e-5, padding or not."""
    model = make_model(parameters)
    export_onnx(model, LOG_MEL if hears else None, tmp_path / "model.onnx")
    judge = open_model(tmp_path / "model.onnx", "onnx")
    batches = draw_batches(clips=200, seed=1)
    assert {len(batch) for batch in batches} >= {1, 2, 5, 8}
    assert largest_difference(model, judge, batches, hears=hears) < 1e-5


def test_layers_of_an_encoder_are_judged_outside(tmp_path):
    """A head over frozen statistics has a frame per layer, and becomes a file too."""
    model = make_model(NetworkParameters(layers=5, embedding_size=0), LogMel(bands=12))
    export_onnx(model, None, tmp_path / "model.onnx")
    judge = open_model(tmp_path / "model.onnx", "onnx")
    statistics = np.random.default_rng(0).normal(size=(7, 5, 12)).astype(np.float32)
    expected = predict(model, RaggedFeatures.from_list(list(statistics))).posterior
    np.testing.assert_allclose(judge(statistics, np.full(7, 5)), expected, atol=1e-6)


def test_equal_models_give_equal_bytes(tmp_path):
    """Nothing of the time or the place is in a file."""
    for name in ("first", "second"):
        export_onnx(make_model(FAMILIES["ensemble"]), LOG_MEL, tmp_path / name)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_the_transform_takes_no_room(tmp_path):
    """Hearing waveforms costs less than 100 kB: cosines are worked out when a file is loaded."""
    model = make_model(SMALL)
    export_onnx(model, LOG_MEL, tmp_path / "inside")
    export_onnx(model, None, tmp_path / "outside")
    grown = (tmp_path / "inside").stat().st_size - (tmp_path / "outside").stat().st_size
    assert grown < 100_000


def test_recurrent_files_can_be_quantised(tmp_path):
    """ONNX Runtime finds the LSTM, and leaves alone what computes features."""
    import onnx
    from onnxruntime.quantization import quantize_dynamic

    export_onnx(make_model(FAMILIES["lstm"]), LOG_MEL, tmp_path / "model.onnx")
    names = [node.name for node in onnx.load(tmp_path / "model.onnx").graph.node]
    kept = [name for name in names if name.startswith(LOG_MEL_NODES)]
    quantize_dynamic(tmp_path / "model.onnx", tmp_path / "int8.onnx", nodes_to_exclude=kept)
    operators = {node.op_type for node in onnx.load(tmp_path / "int8.onnx").graph.node}
    assert kept
    assert "DynamicQuantizeLSTM" in operators


def test_a_model_is_left_as_it_was(tmp_path):
    """Exporting neither changes weights nor takes ratings off."""
    model = make_model(FAMILIES["ratings-too"])
    before = {name: value.clone() for name, value in model.network.state_dict().items()}
    export_onnx(model, None, tmp_path / "model.onnx")
    after = model.network.state_dict()
    assert model.network.n_ratings == 1
    assert all(bool((after[name] == value).all()) for name, value in before.items())


def test_ratings_alone_are_refused(tmp_path):
    """There is no posterior to give."""
    model = make_model(FAMILIES["ratings-too"], classes=0)
    with pytest.raises(ConfigurationError, match="predicts ratings alone"):
        export_onnx(model, None, tmp_path / "model.onnx")


def test_other_features_are_refused(tmp_path):
    """Features that the model was not trained on would be heard as nonsense."""
    with pytest.raises(ConfigurationError, match="which the model reads, but are `log_mel-"):
        export_onnx(make_model(SMALL), LogMel(bands=16, hop=160), tmp_path / "model.onnx")


def test_features_no_graph_can_compute_are_refused(tmp_path):
    """The remedy is named."""
    features = Mfcc(coefficients=16)
    with pytest.raises(ConfigurationError, match=r"`mfcc` cannot be computed inside.*outside"):
        export_onnx(make_model(SMALL, features), features, tmp_path / "model.onnx")

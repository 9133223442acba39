"""Files for PyTorch alone say what the model says."""

import pytest

from ser.errors import ConfigurationError
from ser.export.runtime import open_model
from ser.export.torch_files import export_program, export_torchscript
from tests.ser.export.models import (
    FAMILIES,
    LOG_MEL,
    draw_batches,
    largest_difference,
    make_model,
)

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.mark.parametrize("hears", [True, False], ids=["inside", "outside"])
@pytest.mark.parametrize("family", ["lstm", "self-attention", "ensemble"])
def test_torchscript_says_what_the_model_says(family, hears, tmp_path):
    """Lengths and batch sizes other than those traced are free."""
    model = make_model(FAMILIES[family])
    export_torchscript(model, LOG_MEL if hears else None, tmp_path / "model.ts")
    judge = open_model(tmp_path / "model.ts", "torchscript")
    batches = draw_batches(clips=60, seed=1)
    assert largest_difference(model, judge, batches, hears=hears) < 1e-5


@pytest.mark.parametrize("hears", [True, False], ids=["inside", "outside"])
def test_programs_say_what_the_model_says(hears, tmp_path):
    """Lengths and batch sizes other than those exported with are free, one clip among them."""
    model = make_model(FAMILIES["ensemble"])
    export_program(model, LOG_MEL if hears else None, tmp_path / "model.pt2")
    judge = open_model(tmp_path / "model.pt2", "torch_export")
    batches = draw_batches(clips=40, seed=1)
    assert largest_difference(model, judge, batches, hears=hears) < 1e-5


def test_a_program_with_a_recurrent_layer_is_refused(tmp_path):
    """Its time would be fixed; the formats that leave it free are named."""
    with pytest.raises(ConfigurationError, match="an `lstm` layer; export it to `onnx` or"):
        export_program(make_model(FAMILIES["lstm"]), None, tmp_path / "model.pt2")

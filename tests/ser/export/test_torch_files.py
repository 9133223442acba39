"""Files for PyTorch alone say what the model says."""

import pytest
import torch

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


@pytest.mark.parametrize(
    ("family", "hears"),
    [
        ("lstm", True),
        ("lstm", False),
        ("gru", False),
        ("self-attention", False),
        ("ensemble", True),
    ],
)
def test_programs_say_what_the_model_says(family, hears, tmp_path):
    """200 clips of lengths and batches other than those exported with, one clip among them."""
    model = make_model(FAMILIES[family])
    export_program(model, LOG_MEL if hears else None, tmp_path / "model.pt2")
    judge = open_model(tmp_path / "model.pt2", "torch_export")
    batches = draw_batches(clips=200, seed=1)
    assert largest_difference(model, judge, batches, hears=hears) < 1e-5


def test_recurrent_layers_are_as_before_after_an_export(tmp_path):
    """PyTorch's own rules are put back: its exporter fixes the time again, and layers still run."""
    layer = torch.nn.LSTM(3, 4, batch_first=True).eval()
    clip = torch.rand(2, 7, 3)
    before = layer(clip)[0]
    export_program(make_model(FAMILIES["lstm"]), None, tmp_path / "model.pt2")
    torch.testing.assert_close(layer(clip)[0], before)
    with pytest.raises(torch._dynamo.exc.UserError, match="specialized it to be a constant"):
        torch.export.export(layer, (clip,), dynamic_shapes=({1: torch.export.Dim("time")},))

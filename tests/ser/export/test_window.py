"""A program over clips of one size says what the model says of any shorter one."""

import numpy as np
import torch

from ser.export.window import count_window, export_window
from tests.ser.export.models import FAMILIES, LOG_MEL, draw_batches, largest_difference, make_model


def test_a_window_holds_any_shorter_clip(tmp_path):
    """Lengths are told in 32 bits, and weights lie as the converter for phones can tell apart."""
    model = make_model(FAMILIES["ensemble"])
    window = count_window(LOG_MEL, 9000, "outside")
    export_window(model, None, tmp_path / "model.pt2", window=window)
    program = torch.export.load(tmp_path / "model.pt2")
    assert all(values.is_contiguous() for values in program.state_dict.values())
    judge = program.module()

    def one_by_one(batch, lengths):
        fitted = np.zeros((len(batch), window, LOG_MEL.bands), np.float32)
        fitted[:, : batch.shape[1]] = batch
        said = [
            judge(torch.from_numpy(clip[None]), torch.tensor([length], dtype=torch.int32))
            for clip, length in zip(fitted, lengths, strict=True)
        ]
        return torch.cat(said).detach().numpy()

    batches = draw_batches(clips=60, seed=1)
    assert largest_difference(model, one_by_one, batches, hears=False) < 1e-5


def test_a_window_is_counted_in_what_the_file_reads():
    """Samples where it hears, frames where it does not."""
    assert count_window(LOG_MEL, 9000, "inside") == 9000
    assert count_window(LOG_MEL, 9000, "outside") == LOG_MEL.count_frames(9000)

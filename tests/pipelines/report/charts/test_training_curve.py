"""What the training curve shows beyond the common promises."""

from pipelines.report.charts.training_curve import draw_training_curve


def test_the_kept_epoch_tells_its_score():
    """Hovering the mark tells which epoch it is, and the description says how loss fell."""
    text = draw_training_curve((2.0, 1.0, 0.5), (0.2, 0.61, 0.5), best_epoch=2, key="k")
    assert "<title>Epoch 2: dev UAR .61, kept</title>" in text
    assert "Loss 2.00 after epoch 1, 0.50 after epoch 3; best dev UAR .61 after epoch 2." in text


def test_without_dev_speakers_there_is_only_the_loss():
    """A panel that would be empty is left out."""
    text = draw_training_curve((2.0, 1.0), (None, None), best_epoch=2, key="k", compact=True)
    assert ">loss</text>" in text
    assert "dev UAR" not in text
    assert 'width="350"' in text

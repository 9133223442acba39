"""What the entropy histogram shows beyond the common promises."""

from pipelines.report.charts.entropy import draw_entropy


def test_bin_tells_its_range_and_count():
    """Hovering a bin reads it as a sentence."""
    text = draw_entropy((1200, 3), (0.0, 0.5, 1.0), n_classes=6, key="k")
    assert "<title>0.00 to 0.50 nats: 1,200</title>" in text


def test_empty_bins_are_drawn():
    """A histogram of zeros is a picture, not an error."""
    assert "<svg" in draw_entropy((0, 0), (0.0, 0.5, 1.0), n_classes=6, key="k")

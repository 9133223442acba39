"""The curve of accuracy over clips answered says in words what it shows."""

from pipelines.report.charts import draw_selective
from pipelines.report.model.content import SelectiveView

CURVE = tuple(
    SelectiveView(answered=share, accuracy=1 - share / 4, low=0.9 - share / 4, high=1.0)
    for share in (0.2, 0.6, 1.0)
)


def test_both_ends_are_told() -> None:
    """Whoever cannot see it reads the surest clips and all of them."""
    drawing = draw_selective(CURVE, key="selective", note="synthetic speech")
    assert 'aria-label="Accuracy of the clips answered · synthetic speech"' in drawing
    assert "20% answered: .95" in drawing
    assert "100% answered: .75" in drawing


def test_an_undefined_interval_is_drawn_without_a_band() -> None:
    """One speaker has no interval, and equal input gives equal bytes."""
    curve = [
        SelectiveView(
            answered=of.answered, accuracy=of.accuracy, low=float("nan"), high=float("nan")
        )
        for of in CURVE
    ]
    assert draw_selective(curve, key="one") == draw_selective(curve, key="one")

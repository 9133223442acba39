"""What the recall bars show beyond the common promises."""

from pipelines.report.charts.recall import draw_recalls


def test_bar_tells_recall_and_clips():
    """Hovering a bar tells on how many clips the recall rests."""
    text = draw_recalls(((3, 1), (0, 1)), ("a", "b"), key="k")
    assert "<title>a: recall .75 on 4 test clips</title>" in text


def test_class_without_clips_has_no_bar():
    """An undefined recall is said in words."""
    text = draw_recalls(((3, 1), (0, 0)), ("a", "b"), key="k")
    assert ">no test clips</text>" in text
    assert 'id="k-recall-1"' not in text

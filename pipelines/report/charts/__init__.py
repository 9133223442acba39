"""The pages' charts, each a pure function from numbers to one SVG element."""

from pipelines.report.charts.agreement import draw_agreement
from pipelines.report.charts.annotator_map import draw_annotator_map
from pipelines.report.charts.confusion import draw_confusion, draw_shares
from pipelines.report.charts.entropy import draw_entropy
from pipelines.report.charts.forecast import draw_forecast
from pipelines.report.charts.learning_curve import draw_learning_curve
from pipelines.report.charts.recall import draw_recalls
from pipelines.report.charts.selective import draw_selective
from pipelines.report.charts.training_curve import draw_training_curve

__all__ = [
    "draw_agreement",
    "draw_annotator_map",
    "draw_confusion",
    "draw_entropy",
    "draw_forecast",
    "draw_learning_curve",
    "draw_recalls",
    "draw_selective",
    "draw_shares",
    "draw_training_curve",
]

"""From the records of a model to one HTML file that needs nothing outside itself."""

from __future__ import annotations

from typing import Any

from pipelines.report.charts import (
    draw_confusion,
    draw_recalls,
    draw_selective,
    draw_training_curve,
)
from pipelines.report.content import largest_confusions
from pipelines.report.headline import chance_level
from pipelines.report.model.content import EvaluationView, ModelContent
from pipelines.report.page import page_environment
from pipelines.report.render import SYNTHETIC_NOTE
from pipelines.report.wording import format_interval, format_quantity, format_score

MAX_EVALUATIONS = 6  # each draws a matrix of up to a few hundred cells


def render_model(content: ModelContent) -> str:
    """Render a model as one self-contained HTML page.

    The page loads nothing and equal content gives equal text, like the report of a round.

    Args:
        content: everything the page shows. The first `MAX_EVALUATIONS` evaluations are drawn.

    Returns:
        The HTML text.
    """
    return (
        page_environment("pipelines.report.model")
        .get_template("model.html.j2")
        .render(
            content=content,
            sentence=write_sentence(content),
            curves=_draw_curves(content),
            doubt=_draw_doubt(content),
            views=[
                _describe(content, view, index)
                for index, view in enumerate(content.evaluations[:MAX_EVALUATIONS])
            ],
        )
    )


def write_sentence(content: ModelContent) -> str:
    """Say what the model learned from, and what it is worth as far as that is known.

    Args:
        content: the records of the page.
    """
    learned = (
        f"Learned from {format_quantity(content.train_clips, 'clip')} of {content.corpus_title}, "
        f"labels: {content.labels}"
    )
    if content.unlabelled_clips:
        heard = format_quantity(content.unlabelled_clips, "clip")
        learned += f", and from {heard} of {content.unlabelled_title} without labels"
    if not content.evaluations:
        return f"{learned}; not evaluated yet."
    first = content.evaluations[0]
    told = [
        f"CCC of {of.dimension} {format_score(of.ccc)} {format_interval(of.ccc_low, of.ccc_high)}"
        for of in first.ratings
    ]
    guessing = "guessing has none"
    if first.classes:
        interval = format_interval(first.uar_low, first.uar_high)
        told.insert(0, f"UAR {format_score(first.uar)} {interval}")
        guessing = f"guessing has {format_score(chance_level(len(first.classes)))}"
    return (
        f"{learned}; {', '.join(told)} on {first.title}, "
        f"{format_quantity(first.speakers, 'speaker')} it never met, where {guessing}."
    )


def _draw_curves(content: ModelContent) -> dict[str, str]:
    history = content.history
    if history is None or len(history.loss) == 1:
        return {}
    return {
        key: draw_training_curve(
            history.loss,
            history.dev_uar,
            dev_ccc=history.dev_ccc,
            best_epoch=history.best_epoch,
            key=key,
            compact=compact,
            note=SYNTHETIC_NOTE if content.is_synthetic else "",
        )
        for key, compact in (("training", False), ("training-compact", True))
    }


def _draw_doubt(content: ModelContent) -> str:
    if content.doubt is None:
        return ""
    note = SYNTHETIC_NOTE if content.is_synthetic else ""
    return draw_selective(content.doubt.curve, key="selective", note=note)


def _describe(content: ModelContent, view: EvaluationView, index: int) -> dict[str, Any]:
    if not view.classes:
        return {"shown": view}
    note = SYNTHETIC_NOTE if content.is_synthetic else ""
    return {
        "shown": view,
        "confusion": draw_confusion(
            view.confusion, view.classes, key=f"confusion-{index}", truth="truth", note=note
        ),
        "recalls": draw_recalls(view.confusion, view.classes, key=f"recalls-{index}", note=note),
        "worst": largest_confusions(view.confusion, view.classes, count=3),
    }

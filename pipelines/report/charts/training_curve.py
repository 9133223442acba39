"""Training loss and development UAR over epochs."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pipelines.report.charts.svg import ACTIVE, MUTED, RANDOM, SURFACE, Chart
from pipelines.report.wording import format_score, with_note

_PANEL_PX = 150


def draw_training_curve(
    loss: Sequence[float],
    dev_uar: Sequence[float | None],
    *,
    dev_ccc: Sequence[float | None] = (),
    best_epoch: int,
    key: str,
    compact: bool = False,
    note: str = "",
) -> str:
    """Draw the loss of each epoch, and below it UAR and CCC on the development speakers.

    Args:
        loss: mean training loss of each epoch, at least one.
        dev_uar: UAR after each epoch, in [0, 1]; None without development speakers or classes.
        dev_ccc: mean CCC of ratings after each epoch, in [-1, 1]; None, or empty, without any.
        best_epoch: the epoch whose weights were kept, from 1.
        key: id prefix, unique on the page.
        compact: the narrow drawing for a phone in place of the wide one.
        note: words put beside the axis title, such as `synthetic speech`.

    Returns:
        One SVG element.
    """
    epochs = range(1, len(loss) + 1)
    scores = {name: _known(of) for name, of in (("dev UAR", dev_uar), ("dev CCC", dev_ccc))}
    judged = {name: of for name, of in scores.items() if of}
    below = len(judged)
    width_px, height_px = 350 if compact else 620, 62 + (1 + below) * (_PANEL_PX + 14)
    told = [f"Loss {loss[0]:.2f} after epoch 1, {loss[-1]:.2f} after epoch {len(loss)}"]
    tooltips: dict[str, str] = {}
    with Chart(key, width_px=width_px, height_px=height_px) as chart:
        left, bottom, width = 56, 54, width_px - 56 - 20
        axes = chart.add_axes((left, bottom + below * (_PANEL_PX + 14), width, _PANEL_PX))
        axes.plot(epochs, loss, color=RANDOM, linewidth=2)
        _style(axes, "loss", epochs, best_epoch)
        for name, score in judged.items():
            below -= 1
            axes.tick_params(labelbottom=False)
            axes = chart.add_axes((left, bottom + below * (_PANEL_PX + 14), width, _PANEL_PX))
            best = score[best_epoch]
            mark = f"best-{name.split()[-1].lower()}"
            axes.plot(list(score), list(score.values()), color=ACTIVE, linewidth=2)
            axes.plot([best_epoch], [best], "o", ms=7, color=ACTIVE, mec=SURFACE, gid=mark)
            _style(axes, name, epochs, best_epoch)
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: format_score(value)))
            # The first score decided which epoch was kept.
            told.append(
                f"{name} {format_score(best)} then"
                if tooltips
                else f"best {name} {format_score(best)} after epoch {best_epoch}"
            )
            tooltips[mark] = f"Epoch {best_epoch}: {name} {format_score(best)}, kept"
        axes.set_xlabel(with_note("epoch", note), labelpad=8)
        return chart.to_svg(
            label=with_note("Training curve", note),
            description="; ".join(told) + ".",
            tooltips=tooltips,
        )


def _known(scores: Sequence[float | None]) -> dict[int, float]:
    """Return scores by the number of their epoch, from 1."""
    return {epoch: score for epoch, score in enumerate(scores, start=1) if score is not None}


def _style(axes: Axes, name: str, epochs: range, best_epoch: int) -> None:
    axes.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
    axes.axvline(best_epoch, color=MUTED, linewidth=1, linestyle=":")
    axes.grid(axis="y")
    axes.set_ylabel(name, labelpad=8)
    axes.tick_params(length=0, pad=7)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(4))

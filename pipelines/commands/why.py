"""serloop why."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from pipelines.commands import options
from pipelines.commands.session import print_rows, session

if TYPE_CHECKING:
    from annotation.clips import ClipExplanation
    from pipelines.clip_opinion import ClipOpinion, WhyResult
    from pipelines.runner import Row


def why(
    clip_id: Annotated[str, typer.Argument(metavar="CLIP", help="Id of the clip.")],
    modality: Annotated[
        Literal["audio", "video", "audiovisual"] | None,
        typer.Option(help="Only what was heard, seen, or both."),
    ] = None,
    methods: Annotated[
        str, typer.Option(help="Aggregators to ask, comma-separated; default: all.")
    ] = "",
    home: options.Home = None,
    as_json: options.Json = False,
) -> None:
    """Say why a clip has its label: every vote, who cast it, every answer, what is in doubt."""
    from pipelines.progress import SilentProgress
    from pipelines.why import why as stage

    with session(home, as_json=as_json) as run:
        chosen = options.names(methods)
        found = stage(
            run.settings, SilentProgress(), clip_id=clip_id, modality=modality, methods=chosen
        )
        if as_json:
            typer.echo(json.dumps(found.document(), indent=2))
        else:
            _show(found)


def _show(found: "WhyResult") -> None:
    typer.echo(f"clip {found.clip_id}, intended: {found.intended or 'not known'}")
    for opinion in found.opinions:
        _show_opinion(opinion)
    if found.runs:
        typer.echo("\nstored runs")
        print_rows(found.runs, as_json=False)


def _show_opinion(opinion: "ClipOpinion") -> None:
    explanation = opinion.explanation
    typer.echo(f"\n{opinion.taxonomy}, {explanation.modality}")
    tables: dict[str, Sequence[Row]] = {
        "votes": _votes(opinion),
        "reliability: skill (evidence for the answer, in nats)": _reliability(explanation),
        "answers": [
            {
                "aggregator": answer.aggregator,
                "label": answer.label,
                **dict(zip(explanation.classes, answer.posterior, strict=True)),
                "entropy": answer.entropy,
                "votes": answer.votes,
                "converged": "yes" if answer.converged else "no",
                "path gap": None if _is_undefined(answer.path_gap) else answer.path_gap,
            }
            for answer in explanation.answers
        ],
        "ratings": [_finite(asdict(answer)) for answer in opinion.ratings],
        "how the answers came about": _path(explanation),
        "in doubt": [asdict(opinion.doubt)] if opinion.doubt else [],
    }
    for title, rows in tables.items():
        if rows:
            typer.echo(f"\n{title}")
            print_rows(rows, as_json=False)
    for name, reason in opinion.refused:
        typer.echo(f"{name} cannot say: {reason}")


def _votes(opinion: "ClipOpinion") -> "list[Row]":
    """Return one row per row of the ledger; the rated dimensions only where there are any."""
    ratings = {one.vote_id: _finite(asdict(one)) for one in opinion.rated}
    scales = [
        name
        for name in ("arousal", "valence", "dominance")
        if any(row[name] is not None for row in ratings.values())
    ]
    return [
        {
            "vote": line.vote_id,
            "cast at": _moment(line.cast_at),
            "annotator": line.annotator,
            "label": line.label,
            **{name: ratings.get(line.vote_id, {}).get(name) for name in scales},
            "count": line.count,
            "lead s": line.lead_time_s,
            "source": line.source,
            "state": line.state,
            "supersedes": line.supersedes,
        }
        for line in opinion.explanation.votes
    ]


def _reliability(explanation: "ClipExplanation") -> "list[Row]":
    """Return one row per annotator, with what each aggregator makes of them."""
    names = [answer.aggregator for answer in explanation.answers]
    rows: dict[str, dict[str, Any]] = {}
    for line in explanation.reliability:
        row = rows.setdefault(
            line.annotator,
            {"annotator": line.annotator, "votes": line.votes, **dict.fromkeys(names)},
        )
        weight = "" if _is_undefined(line.evidence) else f" ({line.evidence:+.2f})"
        row[line.aggregator] = None if _is_undefined(line.skill) else f"{line.skill:.2f}{weight}"
    return [rows[name] for name in sorted(rows)]


def _path(explanation: "ClipExplanation") -> "list[Row]":
    """Return one row per step, with what led by then in the eyes of each aggregator."""
    if not explanation.answers:
        return []
    steps: dict[int, dict[str, Any]] = {}
    for step in explanation.path:
        row = steps.setdefault(
            step.step,
            {
                "step": step.step,
                "cast at": _moment(step.cast_at),
                "annotator": step.annotator,
                "label": step.label,
            },
        )
        row[step.aggregator] = f"{step.leading or 'tie'} {max(step.posterior):.2f}"
    return list(steps.values())


def _moment(cast_at: datetime | None) -> str | None:
    return None if cast_at is None else f"{cast_at:%Y-%m-%d %H:%M:%S}"


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    # A measure that an aggregator does not have is no number.
    return {key: None if _is_undefined(value) else value for key, value in row.items()}


def _is_undefined(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)

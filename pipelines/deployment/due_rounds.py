"""Make the rounds that are due."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.deployment.due import DueRound, read_due, read_open
from pipelines.deployment.each import attempt_each
from pipelines.errors import NothingToDoError
from pipelines.loop import run_round
from pipelines.round_lock import RoundRunningError, claim_round
from pipelines.runner import Link, Row, Runner
from pipelines.settings import Settings


@dataclass(frozen=True)
class MadeRound:
    """What became of a round that was due.

    Args:
        due: The round.
        outcome: What became of it, in words.
        report: Its report, if it was made.
    """

    due: DueRound
    outcome: str
    report: str | None = None


@dataclass(frozen=True)
class DueRoundsResult:
    """What one look for due rounds did.

    Args:
        made: Each round that was due.
    """

    made: tuple[MadeRound, ...] = ()

    def rows(self) -> Sequence[Row]:
        """Return one row per round."""
        return [
            {
                "campaign": item.due.campaign,
                "round": item.due.number,
                "new_votes": item.due.new_votes,
                "reason": item.due.reason,
                "outcome": item.outcome,
            }
            for item in self.made
        ]

    def links(self) -> Sequence[Link]:
        """Return the reports."""
        return [
            Link(f"Round {item.due.number} of {item.due.campaign}", item.report)
            for item in self.made
            if item.report is not None
        ]


def run_due_rounds(run: Runner, *, campaign: str | None = None) -> DueRoundsResult:
    """Make the rounds that are due; where none is, nothing happens.

    Args:
        run: Runs the stages.
        campaign: Only a round of this campaign; default: of each.

    Raises:
        PipelineError: If rounds failed, with each campaign and why; they are tried again at the
            next look.
    """
    found = {item.campaign: item for item in read_due(run.settings)}
    wanted = [name for name in found if campaign in {None, name}]
    return DueRoundsResult(tuple(attempt_each(wanted, lambda name: _make(run, found[name]))))


def _make(run: Runner, due: DueRound) -> MadeRound:
    try:
        with claim_round(run.settings, due.campaign, again_if_failed=True) as was_killed:
            if not was_killed and not _is_due(run.settings, due.campaign):
                return MadeRound(due, "made meanwhile")
            try:
                done = run_round(run, corpus=due.corpus, campaign=due.campaign)
            except NothingToDoError as error:
                return MadeRound(due, f"nothing to do: {error}")
            waiting = f"{done.waiting} asks wait for an answer"
            return MadeRound(due, f"made; {waiting}", done.report)
    except RoundRunningError as error:
        return MadeRound(due, str(error))


def _is_due(settings: Settings, campaign: str) -> bool:
    return any(item.reason is not None for item in read_open(settings) if item.campaign == campaign)

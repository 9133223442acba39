"""What is worth doing after reading a page, the most urgent first."""

from collections.abc import Sequence

from pipelines.report.content import NextStep
from pipelines.report.drift import DriftCheck, list_alarms
from pipelines.report.following import NextRound
from pipelines.report.outlook import Outlook
from pipelines.report.registry import Registry


def list_steps(
    corpus: str,
    campaign: str,
    *,
    registry: Registry,
    following: NextRound | None,
    outlook: Outlook | None,
    drifts: Sequence[DriftCheck],
) -> tuple[NextStep, ...]:
    """Return commands to offer.

    Args:
        corpus: Corpus of the campaign.
        campaign: The campaign.
        registry: What became of the round's model.
        following: The next round; None before it is asked.
        outlook: Whether more rounds are worth asking.
        drifts: How clips that came in differ.

    Returns:
        Decisions that wait for somebody, then alarms, then the next round.
    """
    steps = []
    if registry.state == "waiting":
        steps.append(
            NextStep(
                command=f"serloop promote {registry.candidate}",
                purpose="approve the candidate, if you agree with the gate",
            )
        )
    alarms = list_alarms(drifts)
    if alarms:
        steps.append(
            NextStep(
                command=f"serloop drift {drifts[0].model_id}",
                purpose=f"see how new clips drifted: {', '.join(alarms)}",
            )
        )
    if outlook is not None and outlook.advice.words.startswith("Consider stopping"):
        steps.append(
            NextStep(
                command=f"serloop plan {campaign}",
                purpose="weigh stopping: more votes would change little",
            )
        )
    name = "" if campaign == corpus else f" --campaign {campaign}"
    steps += _round_steps(f"serloop round {corpus}{name}", following)
    if registry.state == "candidate" and registry.decision is None:
        steps.append(
            NextStep(
                command=f"serloop gate {registry.candidate}",
                purpose="let the gate decide about this round’s model",
            )
        )
    return tuple(steps)


def _round_steps(command: str, following: NextRound | None) -> list[NextStep]:
    if following is None:
        return [
            NextStep(
                command=f"{command} --tasks tasks.json",
                purpose="ask the next round as a task file for Label Studio",
            ),
            NextStep(
                command=f"{command} --answers export.json",
                purpose="collect its answers and learn from them",
            ),
        ]
    if not following.open_votes:
        return [
            NextStep(command=command, purpose=f"learn from the answers to round {following.number}")
        ]
    return [
        NextStep(
            command=f"{command} --answers export.json",
            purpose=f"let people answer round {following.number}, then learn from it",
        )
    ]

"""The loop: ask, answer, aggregate, train both arms, evaluate, score, ask again.

These compositions call stages through a `Runner`, so that one text runs directly and as Prefect
tasks. Every stage finds its own earlier result by a deterministic name, so a round that was
killed goes on where it stopped.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.acquire import AcquireResult, acquire
from pipelines.aggregate import AggregateResult, aggregate
from pipelines.aided import aided, is_wanted
from pipelines.answer import answer
from pipelines.campaign import ARMS, SEED_ARM, find_round, read_asks, read_rounds, round_name
from pipelines.campaign_runs import HEARD
from pipelines.clipset import corpus_classes
from pipelines.collect import collect
from pipelines.curve import curve_rows, read_curve
from pipelines.errors import NothingToDoError, PoolExhaustedError
from pipelines.evaluate import evaluate
from pipelines.labels import Targets
from pipelines.report.content import CurvePoint
from pipelines.round_report import report
from pipelines.runner import Row, Runner
from pipelines.score import score
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.training_choice import SOFT_LOSS
from pipelines.workspace import open_store


@dataclass(frozen=True)
class RoundResult:
    """Where a campaign stands.

    Args:
        campaign: The campaign.
        curve: Every evaluated model, by round and arm.
        waiting: Asks still without an answer.
        tasks: Task file of the open round, if one was written.
        report: The report, if anything was learned.
        shortfalls: What the new round could not have of what was wanted, in words.
    """

    campaign: str
    curve: tuple[CurvePoint, ...]
    waiting: int
    tasks: str | None
    report: str | None
    shortfalls: tuple[str, ...] = ()

    def rows(self) -> Sequence[Row]:
        """Return the two-arm table."""
        return curve_rows(self.curve)


def run_round(
    run: Runner,
    *,
    corpus: str,
    campaign: str | None = None,
    budget: int | None = None,
    test_speakers: tuple[str, ...] = (),
    answers: Path | None = None,
    simulate: bool = False,
    tasks: Path | None = None,
) -> RoundResult:
    """Take a campaign one round further: learn from the answers there are, then ask again.

    Args:
        run: Runs the stages.
        corpus: Corpus of the campaign.
        campaign: Its name; default: the corpus.
        budget: Clips to ask about; default: the setting.
        test_speakers: Speakers never asked about; fixed by the first round.
        answers: Label Studio export to collect first.
        simulate: Let simulated annotators answer what is open, and what is asked now.
        tasks: Write the new tasks for Label Studio here.

    Returns:
        The learning curve so far and what is open.

    Raises:
        NothingToDoError: If the open round has no answer yet.
    """
    name = campaign or corpus
    if answers is not None:
        run(collect, source=answers, corpus=corpus, project=name)
    last = last_round_number(run.settings, name)
    page, shortfalls = None, tuple[str, ...]()
    if last is not None:
        if simulate:
            run(answer, campaign=name)
        require_answers(run.settings, name, last)
        page = learn(run, corpus=corpus, campaign=name, number=last)
    try:
        asked = ask(
            run,
            corpus=corpus,
            campaign=name,
            number=0 if last is None else last + 1,
            budget=budget,
            test_speakers=test_speakers,
            out=tasks,
        )
        shortfalls = asked.shortfalls
    except PoolExhaustedError:
        # The last round was learned from; that nothing is left to ask is no failure of it.
        if last is None:
            raise
        tasks = None
    if simulate:
        run(answer, campaign=name)
    return replace(_stand(run.settings, name, tasks, page), shortfalls=shortfalls)


def ask(
    run: Runner,
    *,
    corpus: str,
    campaign: str,
    number: int,
    budget: int | None = None,
    test_speakers: tuple[str, ...] = (),
    out: Path | None = None,
) -> AcquireResult:
    """Ask a round: at random for the seed, else by the active arm's model of the round before.

    Args:
        run: Runs the stages.
        corpus: Corpus of the campaign.
        campaign: The campaign.
        number: Number of the round to ask.
        budget: Clips to ask about; default: the setting.
        test_speakers: Speakers never asked about.
        out: Task file to write.

    Returns:
        What is asked.
    """
    model_id = None
    if number > 0:
        model_id = active_model(run.settings, campaign, number - 1)
        run(score, model_id=model_id)
    return run(
        acquire,
        corpus=corpus,
        campaign=campaign,
        model_id=model_id,
        number=number,
        budget=budget,
        test_speakers=test_speakers,
        out=out,
    )


def learn(run: Runner, *, corpus: str, campaign: str, number: int) -> str:
    """Learn from a round's answers: one model per arm, each from its own asks and the seed.

    Where rounds listen to a model (`rounds.aided`), both arms learn the posteriors it leads to.

    Args:
        run: Runs the stages.
        corpus: Corpus of the campaign.
        campaign: The campaign.
        number: Number of the round.

    Returns:
        Path of the report.
    """
    with open_store(run.settings) as store:
        asked = find_round(store, campaign, number)
    held_out = tuple(asked["test_speakers"]) if asked else ()
    round_id = round_name(campaign, number)
    for arm in (SEED_ARM,) if number == 0 else ARMS:
        consensus = run(aggregate, campaign=campaign, arm=arm, up_to=number)
        labels, targets = choose_run(run.settings, consensus, corpus), None
        if is_wanted(run.settings):
            heard = run(aided, corpus=corpus, run_id=labels, test_speakers=held_out, arm=arm)
            labels, targets = heard.run_id, soft_targets(run.settings)
        model = run(
            train,
            corpus=corpus,
            labels=labels,
            targets=targets,
            test_speakers=held_out,
            recipe="round",
            round_id=round_id,
            arm=arm,
        )
        run(evaluate, model_id=model.model_id)
    return run(report, campaign=campaign, number=number).path


def soft_targets(settings: Settings) -> Targets | None:
    """Return `soft`, unless a loss is set that learns decided labels alone."""
    return "soft" if settings.training.loss in (None, SOFT_LOSS) else None


def choose_run(settings: Settings, consensus: AggregateResult, corpus: str) -> str:
    """Return the run on what people heard, in the corpus's own classes.

    Raises:
        NothingToDoError: If nobody judged the sound in these classes.
    """
    with open_store(settings) as store:
        taxonomy, _ = corpus_classes(store, corpus)
    for run in consensus.runs:
        if (run.taxonomy, run.modality) == (taxonomy, HEARD):
            return run.run_id
    raise NothingToDoError(
        f"no clip of this campaign has a vote on its sound in the classes `{taxonomy}`; collect "
        "answers first"
    )


def last_round_number(settings: Settings, campaign: str) -> int | None:
    """Return the number of a campaign's latest round, or None before the first."""
    with open_store(settings) as store:
        rounds = read_rounds(store, campaign)
    return rounds[-1]["number"] if rounds else None


def active_model(settings: Settings, campaign: str, number: int) -> str:
    """Return the model that the active arm trained after a round.

    Raises:
        NothingToDoError: If that round was not learned from yet.
    """
    with open_store(settings) as store:
        curve = read_curve(store, campaign)
    for point in curve:
        if point.round == number and point.arm == "active":
            return point.model_id
    raise NothingToDoError(
        f"round {number} of campaign `{campaign}` has no model yet; `serloop round` learns from "
        "its answers first"
    )


def require_answers(settings: Settings, campaign: str, number: int) -> None:
    """Refuse to learn from a round nobody has answered.

    Raises:
        NothingToDoError: With the number of open asks and how to get them answered.
    """
    with open_store(settings) as store:
        asks = read_asks(store, campaign, number=number)
    received = asks["votes_received"].to_pylist()
    if not any(received):
        raise NothingToDoError(
            f"round {number} of campaign `{campaign}` asks about {len(received)} clips and has "
            "no answer yet; import its task file into Label Studio, then collect the export "
            "with `serloop round --answers export.json`, or try --simulate"
        )


def read_standing(settings: Settings, campaign: str) -> tuple[CurvePoint, ...]:
    """Return the learning curve of a campaign so far."""
    with open_store(settings) as store:
        return tuple(read_curve(store, campaign))


def _stand(settings: Settings, campaign: str, tasks: Path | None, page: str | None) -> RoundResult:
    with open_store(settings) as store:
        asks = read_asks(store, campaign)
        curve = read_curve(store, campaign)
    waiting = sum(
        received < wanted
        for received, wanted in zip(
            asks["votes_received"].to_pylist(), asks["votes_wanted"].to_pylist(), strict=True
        )
    )
    return RoundResult(
        campaign=campaign,
        curve=tuple(curve),
        waiting=waiting,
        tasks=None if tasks is None else str(tasks),
        report=page,
    )

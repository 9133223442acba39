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
from pipelines.answer_online import answer_online
from pipelines.campaign import ARMS, SEED_ARM, find_round, read_asks, read_rounds, round_name
from pipelines.campaign_runs import HEARD
from pipelines.clipset import corpus_classes
from pipelines.collect import collect
from pipelines.collecting.pull import pull
from pipelines.curve import curve_rows, read_curve
from pipelines.drift.drift import drift
from pipelines.errors import NothingToDoError, PoolExhaustedError
from pipelines.evaluate import evaluate
from pipelines.gate.gate import gate
from pipelines.label_studio.connect import is_configured
from pipelines.labels import Targets
from pipelines.publishing.publish import publish
from pipelines.report.content import CurvePoint
from pipelines.round_lock import claim_round
from pipelines.round_report import report, report_path
from pipelines.runner import Row, Runner
from pipelines.score import score
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.training_choice import SOFT_LOSS
from pipelines.workspace import open_store
from warehouse import queries


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
        queue: Address of the Label Studio project that people answer in, if there is one.
    """

    campaign: str
    curve: tuple[CurvePoint, ...]
    waiting: int
    tasks: str | None
    report: str | None
    shortfalls: tuple[str, ...] = ()
    queue: str | None = None

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
    label_studio: bool | None = None,
) -> RoundResult:
    """Take a campaign one round further: learn from the answers there are, then ask again.

    With a Label Studio, answers are collected there before and the new round is published there
    after; simulated annotators then answer there too, each as a user of its own.

    Args:
        run: Runs the stages.
        corpus: Corpus of the campaign.
        campaign: Its name; default: the corpus.
        budget: Clips to ask about; default: the setting.
        test_speakers: Speakers never asked about; fixed by the first round.
        answers: Label Studio export to collect first.
        simulate: Let simulated annotators answer what is open, and what is asked now.
        tasks: Write the new tasks for Label Studio here.
        label_studio: Whether to ask in Label Studio; default: where one is configured, and people
            are to answer.

    Returns:
        The learning curve so far and what is open.

    Raises:
        NothingToDoError: If the open round has no answer yet.
        RoundRunningError: If another process makes a round of the campaign.
        PipelineError: If Label Studio is wanted and none is configured.
    """
    name = campaign or corpus
    is_online = label_studio
    if is_online is None:
        is_online = not simulate and is_configured(run.settings)
    with claim_round(run.settings, name):
        if answers is not None:
            run(collect, source=answers, corpus=corpus, project=name)
        last = last_round_number(run.settings, name)
        shortfalls = tuple[str, ...]()
        if last is not None:
            get_answers(run, campaign=name, simulate=simulate, is_online=is_online)
            if not has_answers(run.settings, name, last):
                return _complete(run, campaign=name, number=last, is_online=is_online)
            learn(run, corpus=corpus, campaign=name, number=last)
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
        queue = run(publish, campaign=name).url if is_online else None
        if simulate:
            get_answers(run, campaign=name, simulate=True, is_online=is_online)
        page = None if last is None else conclude(run, campaign=name, number=last)
        stand = _stand(run.settings, name, tasks, page)
        return replace(stand, shortfalls=shortfalls, queue=queue)


def conclude(run: Runner, *, campaign: str, number: int) -> str:
    """Say what a round that was learned from came to: gate, drift and report.

    Args:
        run: Runs the stages.
        campaign: The campaign.
        number: Number of the round.

    Returns:
        Path of the report; that it is there tells that the round was concluded.
    """
    model_id = active_model(run.settings, campaign, number)
    run(gate, model_id=model_id)
    run(drift, model_id=model_id)
    return run(report, campaign=campaign, number=number).path


def _complete(run: Runner, *, campaign: str, number: int, is_online: bool) -> RoundResult:
    """Do what a killed run left undone after it had asked a round.

    Raises:
        NothingToDoError: If nothing was left undone: the round waits for answers.
    """
    queue = run(publish, campaign=campaign).url if is_online else None
    before = number - 1
    if number == 0 or report_path(run.settings, campaign, before).exists():
        raise _unanswered(run.settings, campaign, number)
    page = conclude(run, campaign=campaign, number=before)
    return replace(_stand(run.settings, campaign, None, page), queue=queue)


def get_answers(run: Runner, *, campaign: str, simulate: bool, is_online: bool) -> None:
    """Bring the ledger up to date with what people, or simulated annotators, answer.

    Args:
        run: Runs the stages.
        campaign: The campaign.
        simulate: Whether simulated annotators answer what is open.
        is_online: Whether answers are given in Label Studio.
    """
    if simulate and is_online:
        run(publish, campaign=campaign)
        run(answer_online, campaign=campaign)
    elif simulate:
        run(answer, campaign=campaign)
    if is_online and is_published(run.settings, campaign):
        run(pull, campaign=campaign)


def is_published(settings: Settings, campaign: str) -> bool:
    """Return whether a campaign has a Label Studio project."""
    with open_store(settings) as store:
        return bool(queries.select_projects(store, campaign=campaign).num_rows)


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


def learn(run: Runner, *, corpus: str, campaign: str, number: int) -> None:
    """Learn from a round's answers: one model per arm, each from its own asks and the seed.

    Where rounds listen to a model (`rounds.aided`), both arms learn the posteriors it leads to.

    Args:
        run: Runs the stages.
        corpus: Corpus of the campaign.
        campaign: The campaign.
        number: Number of the round.
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


def has_answers(settings: Settings, campaign: str, number: int) -> bool:
    """Return whether anybody has answered a round."""
    return any(_count_answers(settings, campaign, number))


def _unanswered(settings: Settings, campaign: str, number: int) -> NothingToDoError:
    """Say how many asks are open and how to get them answered."""
    return NothingToDoError(
        f"round {number} of campaign `{campaign}` asks about "
        f"{len(_count_answers(settings, campaign, number))} clips and has no answer yet; let "
        "people answer in Label Studio (`serloop publish`), or import its task file and collect "
        "the export with `serloop round --answers export.json`, or try --simulate"
    )


def _count_answers(settings: Settings, campaign: str, number: int) -> list[int]:
    with open_store(settings) as store:
        received: list[int] = read_asks(store, campaign, number=number)[
            "votes_received"
        ].to_pylist()
    return received


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

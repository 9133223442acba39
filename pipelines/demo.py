"""Demo: the main job from raw audio to a better model, on a corpus that needs no download."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.curve import curve_rows
from pipelines.errors import PipelineError, PoolExhaustedError
from pipelines.ingest import ingest
from pipelines.label_studio.server import up
from pipelines.label_studio.status import read_shown_login
from pipelines.loop import ask, conclude, get_answers, learn, read_standing
from pipelines.publishing.publish import publish
from pipelines.report.content import CurvePoint
from pipelines.runner import Row, Runner
from pipelines.settings import Settings
from pipelines.synthesise import synthesise

SYNTHETIC = "synthetic"
ROUNDS = 3
ROUNDS_ONLINE = 1
LABEL_STUDIO_HINT = "          make demo LABEL_STUDIO=1    (ask and answer in Label Studio)"


@dataclass(frozen=True)
class DemoResult:
    """What the demo ended with.

    Args:
        corpus: Corpus it ran on.
        is_synthetic: Whether its speech was made in code.
        curve: UAR of both arms after each round.
        report: The HTML report of the last round.
        queue: Address of the Label Studio project that was left open, if there is one.
    """

    corpus: str
    is_synthetic: bool
    curve: tuple[CurvePoint, ...]
    report: str
    queue: str | None = None

    def rows(self) -> Sequence[Row]:
        """Return the two-arm table."""
        return curve_rows(self.curve)


def demo(
    run: Runner,
    *,
    corpus: str = SYNTHETIC,
    data: Path | None = None,
    rounds: int | None = None,
    label_studio: bool = False,
) -> DemoResult:
    """Run the whole loop: ingest, ask, answer, aggregate, train, evaluate, and ask again.

    The annotators are simulated: they err at the rates of the people who listened to CREMA-D.
    Each round trains two models, one from what the active arm asked and one from what was drawn
    at random, and judges both on the same speakers, who are never asked about.

    Args:
        run: Runs the stages.
        corpus: `synthetic`, or a corpus whose clips have an intended emotion.
        data: Folder of the corpus; for `synthetic` it is made.
        rounds: Rounds after the seed; default: 3, or 1 where answers are given over HTTP.
        label_studio: Whether to start a Label Studio of our own, let the simulated annotators
            answer there as users, and leave a round open in it for a person to label.

    Returns:
        The learning curve of both arms and the report.

    Raises:
        PipelineError: If a real corpus is named without its folder.
    """
    if corpus == SYNTHETIC and data is None:
        data = run.settings.home / "synthetic"
        run(synthesise, root=data)
    if data is None:
        raise PipelineError(
            f"corpus `{corpus}` needs its folder: make demo CORPUS={corpus} DATA=path"
        )
    if label_studio:
        run(up)
    run(ingest, corpus=corpus, root=data)
    page, queue = "", None
    last = rounds
    if last is None:
        last = ROUNDS_ONLINE if label_studio else ROUNDS
    for number in range(last + 2 if label_studio else last + 1):
        try:
            ask(run, corpus=corpus, campaign=corpus, number=number)
        except PoolExhaustedError:
            # A small corpus is asked out before its rounds are over; what was learned stands.
            if number == 0:
                raise
            break
        if number > last:
            # One more round is left open, for a person to label.
            queue = run(publish, campaign=corpus).url
            break
        get_answers(run, campaign=corpus, simulate=True, is_online=label_studio)
        learn(run, corpus=corpus, campaign=corpus, number=number)
        page = conclude(run, campaign=corpus, number=number)
    return DemoResult(
        corpus=corpus,
        is_synthetic=corpus == SYNTHETIC,
        curve=read_standing(run.settings, corpus),
        report=page,
        queue=queue,
    )


def demo_home(home: Path | None, corpus: str) -> Path:
    """Return where the demo writes: a folder of its own, so that it never touches real work.

    Example:
        >>> demo_home(None, "ravdess").as_posix()
        '.serloop/demo-ravdess'
    """
    return home or Path(".serloop") / f"demo-{corpus}"


def next_steps(result: DemoResult, settings: Settings) -> str:
    """Say what the table means, what to look at and what to do next.

    Args:
        result: What the demo ended with.
        settings: Where it wrote.
    """
    home = f"--home {settings.home}"
    serloop = _command()
    kind = "synthetic speech" if result.is_synthetic else f"corpus {result.corpus}"
    return f"""\
UAR of both arms on held-out speakers who were never asked about ({kind}; simulated annotators
with the error rates of CREMA-D's listeners). Intervals: 95 %, speakers resampled.

Look at   {result.report}
Then      {serloop} status {home}
          {serloop} round {result.corpus} --simulate {home}    (one more round)
          {serloop} round {result.corpus} --tasks tasks.json {home}    (ask people: Label Studio)
          make demo CORPUS=ravdess DATA=path/to/ravdess    (real speech)
{_say_queue(result, settings, serloop, home) or LABEL_STUDIO_HINT}
"""


def _say_queue(result: DemoResult, settings: Settings, serloop: str, home: str) -> str:
    """Say where a person can label, and as whom; empty where no queue was left open."""
    login = read_shown_login(settings)
    if result.queue is None or login is None:
        return ""
    return f"""
Label     {result.queue}    (name {login.username}, password {login.password})
Then      {serloop} round {result.corpus} {home}    (collects, learns, asks again)
          {serloop} label-studio down {home}    (ends Label Studio)"""


def _command() -> str:
    """Return how to call this command line again: by name where the shell would find it."""
    if shutil.which("serloop"):
        return "serloop"
    program = Path(sys.argv[0])
    here = Path.cwd()
    return str(program.relative_to(here) if program.is_relative_to(here) else program)

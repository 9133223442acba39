"""Demo: the main job from raw audio to a better model, on a corpus that needs no download."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.answer import answer
from pipelines.curve import curve_rows
from pipelines.errors import PipelineError, PoolExhaustedError
from pipelines.ingest import ingest
from pipelines.loop import ask, learn, read_standing
from pipelines.report.content import CurvePoint
from pipelines.runner import Row, Runner
from pipelines.settings import Settings
from pipelines.synthesise import synthesise

SYNTHETIC = "synthetic"


@dataclass(frozen=True)
class DemoResult:
    """What the demo ended with.

    Args:
        corpus: Corpus it ran on.
        is_synthetic: Whether its speech was made in code.
        curve: UAR of both arms after each round.
        report: The HTML report of the last round.
    """

    corpus: str
    is_synthetic: bool
    curve: tuple[CurvePoint, ...]
    report: str

    def rows(self) -> Sequence[Row]:
        """Return the two-arm table."""
        return curve_rows(self.curve)


def demo(
    run: Runner, *, corpus: str = SYNTHETIC, data: Path | None = None, rounds: int = 3
) -> DemoResult:
    """Run the whole loop: ingest, ask, answer, aggregate, train, evaluate, and ask again.

    The annotators are simulated: they err at the rates of the people who listened to CREMA-D.
    Each round trains two models, one from what the active arm asked and one from what was drawn
    at random, and judges both on the same speakers, who are never asked about.

    Args:
        run: Runs the stages.
        corpus: `synthetic`, or a corpus whose clips have an intended emotion.
        data: Folder of the corpus; for `synthetic` it is made.
        rounds: Rounds after the seed.

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
    run(ingest, corpus=corpus, root=data)
    page = ""
    for number in range(rounds + 1):
        try:
            ask(run, corpus=corpus, campaign=corpus, number=number)
        except PoolExhaustedError:
            # A small corpus is asked out before its rounds are over; what was learned stands.
            if number == 0:
                raise
            break
        run(answer, campaign=corpus)
        page = learn(run, corpus=corpus, campaign=corpus, number=number)
    return DemoResult(
        corpus=corpus,
        is_synthetic=corpus == SYNTHETIC,
        curve=read_standing(run.settings, corpus),
        report=page,
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
"""


def _command() -> str:
    """Return how to call this command line again: by name where the shell would find it."""
    if shutil.which("serloop"):
        return "serloop"
    program = Path(sys.argv[0])
    here = Path.cwd()
    return str(program.relative_to(here) if program.is_relative_to(here) else program)

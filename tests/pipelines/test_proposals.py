"""Proposals are functions of the space, the earlier trials and the number."""

import statistics
import subprocess
import sys

from pipelines.proposals import propose
from pipelines.search_space import Choices, Range
from pipelines.trials import COMPLETE, FAILED, PRUNED, Trial

SPACE = {
    "network.dropout": Range(0.0, 0.5),
    "training.batch_size": Range(4, 32, log=True, is_whole=True),
    "training.learning_rate": Range(1e-4, 1e-2, log=True),
    "training.loss": Choices(("focal", "cross_entropy")),
}


def tell(count: int, *, best: float = 0.25) -> list[Trial]:
    """Return trials that are better the nearer their dropout is to `best`."""
    trials = []
    for number in range(count):
        values = propose(SPACE, [], study="told", number=number)
        score = 1 - abs(values["network.dropout"] - best)
        trials.append(Trial(number, COMPLETE, values, (score, score), None, 1.0))
    return trials


def test_a_proposal_lies_in_its_space() -> None:
    """Whole numbers are whole, ranges are kept, and real numbers are short to write."""
    for number in range(30):
        values = propose(SPACE, [], study="s", number=number)
        assert all(domain.holds(values[name]) for name, domain in SPACE.items())
        assert isinstance(values["training.batch_size"], int)
        assert float(f"{values['training.learning_rate']:.3g}") == values["training.learning_rate"]


def test_rounding_never_leaves_the_range() -> None:
    """An end with more digits than are kept is not passed."""
    narrow = {"training.mixup": Range(0.12345, 0.12346)}
    value = propose(narrow, [], study="s", number=0)["training.mixup"]
    assert narrow["training.mixup"].holds(value)


def test_the_same_question_has_the_same_answer_anywhere() -> None:
    """Another process proposes the same, whatever it did before."""
    earlier = tell(12)
    code = (
        "import random, numpy; random.seed(5); numpy.random.seed(5)\n"
        "from tests.pipelines.test_proposals import SPACE, tell\n"
        "from pipelines.proposals import propose\n"
        "print(propose(SPACE, tell(12), study='s', number=12))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(propose(SPACE, earlier, study="s", number=12))


def test_numbers_and_studies_differ() -> None:
    """Each trial of each study is drawn anew."""
    asked = [("s", 0), ("s", 1), ("t", 0)]
    drawn = [propose(SPACE, [], study=study, number=number) for study, number in asked]
    assert len({str(values) for values in drawn}) == 3


def test_proposals_follow_what_was_good() -> None:
    """After many trials the next ones lie nearer to the best than blind ones do."""
    earlier = tell(30, best=0.05)
    informed = [propose(SPACE, earlier, study="s", number=30 + n) for n in range(8)]
    distance = statistics.mean(values["network.dropout"] for values in informed)
    assert distance < statistics.mean(trial.parameters["network.dropout"] for trial in earlier) / 2


def test_trials_without_an_objective_are_replayed() -> None:
    """A pruned trial teaches as a complete one does, a failed one nothing."""
    *complete, last = tell(10)
    blind = propose(SPACE, complete, study="s", number=10)
    pruned = Trial(9, PRUNED, last.parameters, (0.1,), "below the median", 1.0)
    failed = Trial(9, FAILED, last.parameters, (), "diverged", 1.0)
    # The tenth finished trial is the first after which proposals are informed.
    assert propose(SPACE, [*complete, pruned], study="s", number=10) != blind
    assert propose(SPACE, [*complete, failed], study="s", number=10) == blind

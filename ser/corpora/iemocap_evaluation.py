r"""The evaluation files of IEMOCAP, one block of lines an utterance.

[6.2901 - 8.2357]\tSes01F_impro01_F000\tneu\t[2.5000, 2.5000, 2.5000]
C-E2:\tNeutral;\t()
C-F1:\tNeutral; Anger;\t(curious)
A-E3:\tval 3; act 2; dom  2;\t()
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ser.errors import CorpusError

EVALUATION_GLOB = "Session[1-5]/dialog/EmoEvaluation/Ses*.txt"
LABELS = {
    "anger": "anger",
    "disgust": "disgust",
    "excited": "excitement",
    "fear": "fear",
    "frustration": "frustration",
    "happiness": "happiness",
    "neutral": "neutral",
    "neutral state": "neutral",
    "other": "other",
    "sadness": "sadness",
    "surprise": "surprise",
}

_BLOCK = re.compile(r"\[[\d.]+ - [\d.]+\]\t(\S+)\t\S+\t\[.*\]")
_JUDGEMENT = re.compile(r"(([CA])-([EFM])(\d+)):\t([^\t]*)\t?.*")
_RATING = re.compile(r"(val|act|dom)\s*(\d+(?:\.\d+)?)?")


@dataclass(frozen=True)
class Evaluation:
    """One category or one set of ratings that one evaluator gave one utterance.

    Args:
        native_id: The utterance.
        evaluator: `E2` for a listener, `Ses01F-self` for an actor judging the own session.
        source_ref: `<utterance>/<line code>/<n-th judgement under that code>`.
        label: A class of `iemocap-10`, or None on a ratings line.
        arousal: Activation, 1 (calm) to 5 (excited), None where not given.
        valence: 1 (negative) to 5 (positive), None where not given.
        dominance: 1 (weak) to 5 (strong), None where not given.
    """

    native_id: str
    evaluator: str
    source_ref: str
    label: str | None = None
    arousal: float | None = None
    valence: float | None = None
    dominance: float | None = None


def read_evaluations(path: Path) -> list[Evaluation]:
    """Read one evaluation file.

    Args:
        path: `SessionN/dialog/EmoEvaluation/<dialog>.txt`.

    Returns:
        The judgements in file order; a line without any category or rating yields none.

    Raises:
        CorpusError: If a judgement stands before the first utterance, or a line or a category
            is unknown.
    """
    found: list[Evaluation] = []
    seen: Counter[str] = Counter()
    native_id: str | None = None
    # Latin-1 reads whatever bytes a comment holds; `splitlines` would break at some of them.
    for number, line in enumerate(path.read_text(encoding="latin-1").split("\n"), start=1):
        block = _BLOCK.fullmatch(line.rstrip())
        if block is not None:
            native_id = block[1]
        elif _is_judgement(line):
            where = f"`{path}` line {number}"
            if native_id is None:
                raise CorpusError(f"{where}: expected an utterance before '{line}'")
            found.extend(_read_judgement(line, native_id, seen, where=where))
    return found


def _is_judgement(line: str) -> bool:
    """Return whether a line needs reading; the first line of a file is a `%` comment."""
    return bool(line.strip()) and not line.startswith("%")


def _read_judgement(
    line: str, native_id: str, seen: Counter[str], *, where: str
) -> Iterator[Evaluation]:
    match = _JUDGEMENT.fullmatch(line.rstrip())
    if match is None:
        raise CorpusError(f"{where}: expected a line such as 'C-E2:\tNeutral;\t()', got '{line}'")
    code, kind, role, number, content = match.groups()
    # F1 is the actress of each session, so she is another person in every session.
    evaluator = f"E{number}" if role == "E" else f"{native_id[:5]}{role}-self"
    answers = [part.strip() for part in content.split(";") if part.strip()]
    key = f"{native_id}/{code}"
    if kind == "C":
        for answer in answers:
            label = _label(answer, where)
            yield Evaluation(native_id, evaluator, f"{key}/{seen[key]}", label=label)
            seen[key] += 1
        return
    ratings = dict(_rating(answer, where) for answer in answers)
    if any(value is not None for value in ratings.values()):
        yield Evaluation(
            native_id,
            evaluator,
            f"{key}/{seen[key]}",
            arousal=ratings.get("act"),
            valence=ratings.get("val"),
            dominance=ratings.get("dom"),
        )
        seen[key] += 1


def _label(answer: str, where: str) -> str:
    label = LABELS.get(answer.lower())
    if label is None:
        raise CorpusError(f"{where}: expected one of {sorted(LABELS)}, got '{answer}'")
    return label


def _rating(answer: str, where: str) -> tuple[str, float | None]:
    match = _RATING.fullmatch(answer)
    if match is None:
        raise CorpusError(f"{where}: expected 'val', 'act' or 'dom' and a number, got '{answer}'")
    return match[1], None if match[2] is None else float(match[2])

"""What the gateway was told to do and how far it is, by project: pure records."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Literal, NamedTuple

Kind = Literal["collect", "due", "round"]


class Name(NamedTuple):
    """What is to be done, for which project."""

    kind: Kind
    project: str


@dataclass(frozen=True)
class Wake:
    """All that was ever told about one thing to do, as two counts.

    A hundred webhooks about one project ask for one collection, so that they need no hundred rows:
    whatever was received before a collection began is handled when it ends.

    Args:
        kind: What is to be done.
        project: Key of the project.
        received: How often it was asked for.
        handled: How many of these are done.
        first_at: When the first that is not done came, seconds since 1970.
        last_at: When the last one came.
        attempts: How often it failed since it last succeeded.
        failure: Why it failed last; None since it succeeded.
        retry_at: When it may be tried again.
        done_at: When it last succeeded.
        outcome: What came of that.
    """

    kind: Kind
    project: str
    received: int = 0
    handled: int = 0
    first_at: float = 0.0
    last_at: float = 0.0
    attempts: int = 0
    failure: str | None = None
    retry_at: float = 0.0
    done_at: float | None = None
    outcome: str | None = None

    @property
    def waiting(self) -> int:
        """Return how often it was asked for and not done."""
        return self.received - self.handled

    def noted(self, at: float) -> "Wake":
        """Return it asked for once more."""
        first_at = self.first_at if self.waiting else at
        # Who presses a button again has done something about what failed.
        retry_at = 0.0 if self.kind == "round" else self.retry_at
        told = replace(self, received=self.received + 1, retry_at=retry_at)
        return replace(told, first_at=first_at, last_at=at)

    def settled(self, upto: int, at: float, outcome: str) -> "Wake":
        """Return it done.

        Args:
            upto: How often it had been asked for when the work began.
            at: When it ended.
            outcome: What came of it.
        """
        # Of what came meanwhile the first is not known; that it waits since now is near enough.
        done = replace(self, handled=max(upto, self.handled), first_at=at)
        return replace(done, attempts=0, failure=None, retry_at=0.0, done_at=at, outcome=outcome)

    def failed(self, reason: str, at: float, *, longest_pause_s: float) -> "Wake":
        """Return it to be tried again, after twice the pause of the time before.

        Args:
            reason: Why it failed.
            at: When.
            longest_pause_s: Seconds a pause has at most.
        """
        pause_s = min(2.0 ** min(self.attempts, 30), longest_pause_s)
        return replace(self, attempts=self.attempts + 1, failure=reason, retry_at=at + pause_s)


def write_wakes(wakes: Iterable[Wake]) -> bytes:
    """Return wakes as a file holds them; equal ones give equal bytes."""
    rows = [asdict(wake) for wake in sorted(wakes, key=lambda wake: (wake.kind, wake.project))]
    return json.dumps({"wakes": rows}, indent=1).encode()


def read_wakes(content: bytes) -> Mapping[Name, Wake]:
    """Return the wakes in a file.

    Raises:
        ValueError: It is no such file.

    Example:
        >>> told = Wake("collect", "campaign-00c0ffee").noted(12.0)
        >>> read_wakes(write_wakes([told])) == {Name("collect", "campaign-00c0ffee"): told}
        True
    """
    try:
        rows = json.loads(content)["wakes"]
        names = {item.name for item in fields(Wake)}
        wakes = [Wake(**{key: row[key] for key in row.keys() & names}) for row in rows]
        return {Name(wake.kind, wake.project): wake for wake in wakes}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no list of wakes: {error}") from error

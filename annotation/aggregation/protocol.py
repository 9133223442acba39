"""What every aggregator offers, so that a caller can take any of them."""

from typing import Protocol

from annotation.aggregation.result import Consensus
from annotation.votes import VoteMatrix


class Aggregator(Protocol):
    """Turns many votes per clip into one posterior per clip."""

    @property
    def name(self) -> str:
        """Return the name stored with a run, such as `majority`."""
        ...

    @property
    def takes_anonymous(self) -> bool:
        """Return whether counts without annotators are read; if not, they are refused."""
        ...

    def aggregate(self, votes: VoteMatrix) -> Consensus:
        """Return the consensus on every clip of `votes`, leaving `votes` untouched."""
        ...

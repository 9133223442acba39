"""What every aggregator of ratings offers, so that a caller can take any of them."""

from typing import Protocol

from annotation.ratings.matrix import RatingMatrix
from annotation.ratings.result import RatingConsensus


class RatingAggregator(Protocol):
    """Turns many ratings per clip into one per clip."""

    @property
    def name(self) -> str:
        """Return the name stored with a run, such as `mean`."""
        ...

    @property
    def takes_anonymous(self) -> bool:
        """Return whether ratings without annotators are read; if not, they are refused."""
        ...

    def aggregate(self, ratings: RatingMatrix) -> RatingConsensus:
        """Return the consensus on every clip of `ratings`, leaving `ratings` untouched."""
        ...

"""People's opinions: votes, their aggregation, whom and what to ask next, Label Studio."""

from annotation.aggregation import Aggregator, Consensus, DawidSkene, MajorityVote
from annotation.errors import AnnotationError
from annotation.sampling import Selection, select_round
from annotation.simulate import SimulatedAnnotators
from annotation.votes import VOTE_SCHEMA, VoteMatrix, build_vote_matrix

__all__ = [
    "VOTE_SCHEMA",
    "Aggregator",
    "AnnotationError",
    "Consensus",
    "DawidSkene",
    "MajorityVote",
    "Selection",
    "SimulatedAnnotators",
    "VoteMatrix",
    "build_vote_matrix",
    "select_round",
]

"""Aggregation: from many votes per clip to one posterior per clip."""

from annotation.aggregation.dawid_skene import DawidSkene
from annotation.aggregation.majority import MajorityVote
from annotation.aggregation.protocol import Aggregator
from annotation.aggregation.result import Consensus

__all__ = ["Aggregator", "Consensus", "DawidSkene", "MajorityVote"]

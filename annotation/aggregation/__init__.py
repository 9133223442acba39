"""Aggregation: from many votes per clip to one posterior per clip."""

from annotation.aggregation.dawid_skene import DawidSkene
from annotation.aggregation.glad import Glad
from annotation.aggregation.hierarchical import HierarchicalDawidSkene
from annotation.aggregation.mace import Mace
from annotation.aggregation.majority import MajorityVote
from annotation.aggregation.one_coin import OneCoinDawidSkene
from annotation.aggregation.protocol import Aggregator
from annotation.aggregation.registry import AGGREGATORS
from annotation.aggregation.result import Consensus
from annotation.aggregation.soft_label import SoftLabel
from annotation.aggregation.streaming import StreamingDawidSkene, StreamUpdate
from annotation.aggregation.wawa import Wawa

__all__ = [
    "AGGREGATORS",
    "Aggregator",
    "Consensus",
    "DawidSkene",
    "Glad",
    "HierarchicalDawidSkene",
    "Mace",
    "MajorityVote",
    "OneCoinDawidSkene",
    "SoftLabel",
    "StreamUpdate",
    "StreamingDawidSkene",
    "Wawa",
]

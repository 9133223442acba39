"""Every aggregator by the name a run stores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from annotation.aggregation.dawid_skene import DawidSkene
from annotation.aggregation.glad import Glad
from annotation.aggregation.hierarchical import HierarchicalDawidSkene
from annotation.aggregation.mace import Mace
from annotation.aggregation.majority import MajorityVote
from annotation.aggregation.one_coin import OneCoinDawidSkene
from annotation.aggregation.protocol import Aggregator
from annotation.aggregation.soft_label import SoftLabel
from annotation.aggregation.wawa import Wawa

AGGREGATORS: Final[Mapping[str, Callable[[], Aggregator]]] = MappingProxyType(
    {
        "majority": MajorityVote,
        "soft_label": SoftLabel,
        "wawa": Wawa,
        "one_coin": OneCoinDawidSkene,
        "dawid_skene": DawidSkene,
        "hierarchical": HierarchicalDawidSkene,
        "glad": Glad,
        "mace": Mace,
    }
)
"""Name → class; calling it gives the aggregator with its defaults."""

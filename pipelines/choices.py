"""Names a user chooses from, kept apart so that help need not load what they name."""

from typing import Literal

# A test holds them to `annotation.aggregation.AGGREGATORS`.
AggregatorName = Literal[
    "majority", "soft_label", "wawa", "one_coin", "dawid_skene", "hierarchical", "glad", "mace"
]
# `full` trains to convergence on a labelled corpus, `round` in seconds on a growing label set.
Recipe = Literal["full", "round"]

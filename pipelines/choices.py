"""Names a user chooses from, kept apart so that help need not load what they name."""

from typing import Literal

# A test holds them to `annotation.aggregation.AGGREGATORS`.
AggregatorName = Literal[
    "majority", "soft_label", "wawa", "one_coin", "dawid_skene", "hierarchical", "glad", "mace"
]
# A test holds them to `annotation.sampling.batches.BATCHES`.
BatchName = Literal["top", "badge", "k_centre", "typical", "facility", "determinantal"]
# A test holds them to `annotation.sampling.UTILITIES`.
UtilityName = Literal[
    "entropy", "margin", "least_confidence", "bald", "expected_change", "reducible"
]
# `full` trains to convergence on a labelled corpus, `round` in seconds on a growing label set.
Recipe = Literal["full", "round"]
# How the active arm asks: by a utility about new clips alone, or by what the next vote is worth.
StrategyName = Literal[
    "worth", "entropy", "margin", "least_confidence", "bald", "expected_change", "reducible"
]
AidedChoice = Literal["auto", "always", "never"]

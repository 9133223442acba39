"""Mappings between corpora's label sets: declared, versioned, checked, and accounted for."""

from annotation.taxonomies.apply import (
    MappedPosterior,
    MappedVotes,
    map_labels,
    map_posterior,
    map_votes,
)
from annotation.taxonomies.builtin import BUILTIN, find_mapping
from annotation.taxonomies.compiled import CompiledMapping, compile_mapping
from annotation.taxonomies.compose import compose
from annotation.taxonomies.errors import TaxonomyError
from annotation.taxonomies.loss import MappingLoss, account
from annotation.taxonomies.mapping import Split, TaxonomyMap
from annotation.taxonomies.toml_text import build_mapping, describe_mapping, read_mapping

__all__ = [
    "BUILTIN",
    "CompiledMapping",
    "MappedPosterior",
    "MappedVotes",
    "MappingLoss",
    "Split",
    "TaxonomyError",
    "TaxonomyMap",
    "account",
    "build_mapping",
    "compile_mapping",
    "compose",
    "describe_mapping",
    "find_mapping",
    "map_labels",
    "map_posterior",
    "map_votes",
    "read_mapping",
]

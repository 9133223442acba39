"""What tells one training from another, so that none goes on from the state of another."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import TYPE_CHECKING

from torch import Tensor

from ser.models.trained import Json
from ser.training.beside import Beside
from ser.training.dataset import TrainingClips
from ser.training.dev import DevPart
from ser.training.state import fingerprint

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

# These came later than the first states: at their defaults they change nothing, and are left out.
LATER = (
    "semi",
    "semi_weight",
    "semi_threshold",
    "semi_ratio",
    "semi_balance",
    "domain",
    "domain_weight",
    "balance_groups",
    "tune_rate",
    "frozen_epochs",
    "unfreeze_every",
    # Of a network.
    "encoder",
    "tail_from",
    "tail_to",
    "adapter_rank",
)


def plain(parameters: "DataclassInstance") -> dict[str, Json]:
    """Return the parameters as JSON gives them back: tuples become lists."""
    found: dict[str, Json] = json.loads(json.dumps(asdict(parameters)))
    return found


def identify(
    clips: TrainingClips,
    dev: DevPart | None,
    beside: Beside,
    initial: Mapping[str, Tensor],
    facts: Sequence[Json],
) -> str:
    """Return a hash of everything the weights of a training depend on, hexadecimal.

    Args:
        clips: What it learns from.
        dev: What its epochs are judged on.
        beside: What else it is given.
        initial: Weights it begins from; none for fresh ones.
        facts: Parameters, classes, seed and the like.
    """
    targets = clips.targets
    named: list[Json] = [[*sorted(initial)]] if initial else []
    known = [targets.posterior, targets.ratings, targets.weights]
    return fingerprint(
        [
            *(array for version in clips.versions for array in (version.values, version.offsets)),
            *(tensor.numpy() for tensor in known if tensor is not None),
            *([] if dev is None else dev.arrays()),
            *beside.arrays(),
            *(initial[name].numpy(force=True) for name in sorted(initial)),
        ],
        [*facts, *named],
    )


def without_defaults(facts: Mapping[str, Json], kind: "type[DataclassInstance]") -> dict[str, Json]:
    """Return parameters without the later ones that are at their defaults.

    Args:
        facts: The parameters, and other facts.
        kind: Whose parameters they are, of a training or a network.
    """
    defaults = {field.name: field.default for field in fields(kind)}
    return {
        name: value for name, value in facts.items() if name not in LATER or value != defaults[name]
    }

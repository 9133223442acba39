"""What a training needs to go on after it was killed, in one file and without pickles."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.optim import Optimizer

from ser.errors import ArtifactError
from ser.models.trained import Json
from ser.weights_file import parse_weights, write_weights

FORMAT = "serloop-training-2"


@dataclass(frozen=True, eq=False)
class TrainingState:
    """Hold a training between two epochs.

    Args:
        tensors: Weights, moments and states of torch's generators, each under its own name.
        facts: Everything else, ready for JSON; Python's floats survive it bit for bit.
    """

    tensors: Mapping[str, Tensor]
    facts: Mapping[str, Json]

    def part(self, name: str) -> dict[str, Tensor]:
        """Return the tensors whose names begin with ``name.``, without that beginning."""
        start = f"{name}."
        return {
            key.removeprefix(start): value
            for key, value in self.tensors.items()
            if key.startswith(start)
        }


def torch_generators(device: torch.device) -> dict[str, Tensor]:
    """Return the states of torch's own generators, of the processor and of the device.

    Args:
        device: Where the network learns.
    """
    states = {"torch": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def restore_torch_generators(states: Mapping[str, Tensor], device: torch.device) -> None:
    """Go on from what `torch_generators` returned.

    Args:
        states: The states, among others.
        device: Where the network learns.
    """
    torch.set_rng_state(states["torch"])
    if "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)


def save_state(state: TrainingState, path: Path) -> None:
    """Write a state as one safetensors file whose header carries the facts as JSON.

    Whoever is killed while writing leaves the former state.

    Args:
        state: The state.
        path: The file; its folder is created.
    """
    # Copies, for safetensors refuses tensors that share memory or are not laid out in order.
    tensors = {name: tensor.cpu().contiguous() for name, tensor in state.tensors.items()}
    described = {"format": FORMAT, "sha256": _hash_tensors(tensors), **state.facts}
    write_weights(tensors, described, path)


def load_state(path: Path, *, fingerprint: str) -> TrainingState | None:
    """Read a state that `save_state` wrote.

    Args:
        path: The file.
        fingerprint: What the fact of this name has to be.

    Returns:
        The state, or `None` if there is no such file.

    Raises:
        ArtifactError: If the file is damaged or belongs to another training.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        tensors, facts = parse_weights(content)
        found = (facts.pop("format"), facts["fingerprint"])
        is_whole = facts.pop("sha256", None) == _hash_tensors(tensors)
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactError(
            f"`{path}` must be a training state, but cannot be read as one: {error}; remove it "
            "to train from the beginning"
        ) from error
    if found != (FORMAT, fingerprint):
        raise ArtifactError(
            f"`{path}` must be the state of this training, but belongs to one with other data, "
            "parameters or seed; remove it to train from the beginning"
        )
    if not is_whole:
        raise ArtifactError(
            f"`{path}` must have the SHA-256 it was stored with, but was changed or damaged since; "
            "remove it to train from the beginning"
        )
    return TrainingState(tensors, facts)


def fingerprint(arrays: Iterable[npt.NDArray[np.generic]], facts: Json) -> str:
    """Return a hash of everything the weights depend on, hexadecimal.

    Args:
        arrays: Features and targets; not copied if laid out in order.
        facts: Parameters, classes and seed.
    """
    found = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    for array in arrays:
        found.update(str((array.dtype.str, array.shape)).encode())
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def _hash_tensors(tensors: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 over tensors of safetensors, in order of their names."""
    found = hashlib.sha256()
    for name in sorted(tensors):
        content = tensors[name].reshape(-1).view(torch.uint8).numpy()
        found.update(f"{name} {tensors[name].dtype} {tuple(tensors[name].shape)} ".encode())
        found.update(content.data)
    return found.hexdigest()


def named(name: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors under names that begin with ``name.``; `TrainingState.part` undoes it."""
    return {f"{name}.{key}": tensor for key, tensor in tensors.items()}


def optimiser_tensors(optimiser: Optimizer) -> dict[str, Tensor]:
    """Return what an optimiser remembers of each weight, such as ``3.exp_avg``."""
    return {
        f"{number}.{name}": tensor
        for number, memory in optimiser.state_dict()["state"].items()
        for name, tensor in memory.items()
    }


def restore_optimiser(optimiser: Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Give an optimiser its memory back.

    Args:
        optimiser: Made for weights of the same shapes in the same order.
        tensors: From `optimiser_tensors`.
    """
    weights = [weight for group in optimiser.param_groups for weight in group["params"]]
    for key, tensor in tensors.items():
        number, name = key.split(".", maxsplit=1)
        weight = weights[int(number)]
        # In the memory layout of the weight: a fused update walks through both side by side.
        is_moment = tensor.shape == weight.shape
        empty = weight.detach() if is_moment else tensor.to(weight.device)
        remembered = torch.empty_like(empty)
        optimiser.state[weight][name] = remembered.copy_(tensor)

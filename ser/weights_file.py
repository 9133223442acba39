"""Tensors and what is known of them in one file, which is read without running code from it."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from ser.errors import ArtifactError, ConfigurationError
from ser.files import write_whole

METADATA_KEY = "serloop"
HEADER_LENGTH_BYTES = 8  # a safetensors file starts with the length of its JSON header

Facts = dict[str, Any]
Built = TypeVar("Built")


def write_weights(tensors: Mapping[str, Tensor], facts: Mapping[str, object], path: Path) -> str:
    """Write tensors and facts as one safetensors file; equal ones give equal bytes.

    The file appears under its name only when it is complete.

    Args:
        tensors: The tensors by name.
        facts: Values that JSON can write, `format` among them.
        path: The file to write; its folder is created, an older file replaced.

    Returns:
        SHA-256 of the file, hexadecimal.
    """
    state = {name: tensor.contiguous() for name, tensor in tensors.items()}
    # One key, because safetensors writes several in an order that differs from run to run.
    content = save(state, metadata={METADATA_KEY: json.dumps(facts, sort_keys=True)})
    write_whole(path, content)
    return hashlib.sha256(content).hexdigest()


def read_weights(
    path: Path,
    build: Callable[[dict[str, Tensor], Facts], Built],
    *,
    what: str,
    formats: tuple[str, ...],
    sha256: str | None = None,
) -> Built:
    """Read a file that `write_weights` wrote.

    Args:
        path: The file.
        build: From tensors and facts to what they are of.
        what: What that is, for errors, such as `model`.
        formats: What `format` may be, the newest first.
        sha256: Expected SHA-256 of the file, hexadecimal; checked before anything is parsed.

    Raises:
        ArtifactError: If the file is missing, differs from ``sha256``, is damaged, or is of
            another format.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"`path` must be a readable {what} file, but {error}") from error
    found = hashlib.sha256(content).hexdigest()
    if sha256 is not None and found != sha256:
        raise ArtifactError(
            f"`{path}` must have the SHA-256 {sha256}, but has {found}; it was changed or "
            "damaged after it was stored"
        )
    try:
        tensors, facts = parse_weights(content)
        _check_format(facts["format"], formats)
        return build(tensors, facts)
    except (ConfigurationError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise ArtifactError(
            f"`{path}` must be a {what} of the format {formats[0]}, but cannot be read as one: "
            f"{error}"
        ) from error


def with_tuples(written: Mapping[str, Any]) -> Facts:
    """Return parameters as they were before JSON, which knows lists alone.

    Example:
        >>> with_tuples({"channels": [8, 16], "members": 1})
        {'channels': (8, 16), 'members': 1}
    """
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in written.items()
    }


def parse_weights(content: bytes) -> tuple[dict[str, Tensor], Facts]:
    """Return tensors and facts of the content of a file.

    Args:
        content: What `write_weights` wrote.

    Raises:
        ValueError: If it is damaged.
        KeyError: If it holds no facts.
    """
    try:
        tensors = load(content)
    except SafetensorError as error:
        raise ValueError(str(error)) from error
    size = int.from_bytes(content[:HEADER_LENGTH_BYTES], "little")
    header = json.loads(content[HEADER_LENGTH_BYTES : HEADER_LENGTH_BYTES + size])
    facts: Facts = json.loads(header["__metadata__"][METADATA_KEY])
    return tensors, facts


def _check_format(found: str, formats: tuple[str, ...]) -> None:
    if found not in formats:
        raise ConfigurationError(f"`format` is {found}")

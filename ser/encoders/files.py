"""The files of a pretrained encoder: where they lie, whether they are safe, what they hash to."""

import hashlib
import re
from functools import cache
from pathlib import Path

from ser.errors import ConfigurationError

CONFIGURATION = ("config.json", "preprocessor_config.json")
WEIGHTS = "*.safetensors"
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


def find_encoder(model: str) -> Path:
    """Return the folder of an encoder; one from the Hugging Face hub is downloaded if need be.

    Only configurations and safetensors are fetched or accepted: other formats of weights are
    pickles, which run whatever code their author put in.

    Args:
        model: A local folder, or an id on the hub such as ``openai/whisper-base``. A folder of
            that name comes first, and then nothing is looked up.

    Raises:
        ConfigurationError: If there is no such encoder, it cannot be fetched, a file is
            missing, or its weights are not safetensors.
    """
    folder = Path(model)
    if not folder.is_dir():
        folder = _download(model)
    missing = [name for name in CONFIGURATION if not (folder / name).is_file()]
    if missing:
        raise ConfigurationError(
            f"`model` must be a folder with {' and '.join(CONFIGURATION)}, but `{model}` lacks "
            f"{' and '.join(missing)}; save the model and its feature extractor there with "
            "`save_pretrained`"
        )
    if not any(folder.glob(WEIGHTS)):
        raise ConfigurationError(
            f"`{model}` has no weights as {WEIGHTS}, and other formats (.bin, .pt) are not read "
            "because unpickling them can run any code; convert them where you trust their author, "
            "with `save_pretrained`, and name that folder"
        )
    return folder


def hash_weights(folder: Path) -> str:
    """Return the SHA-256 of an encoder's weights, hexadecimal.

    Of a single file it is the hash of the file, and of several that of their hashes in order of
    their names. It is computed once per process and state of the files.

    Args:
        folder: From `find_encoder`.
    """
    return _hash_files(sorted(folder.glob(WEIGHTS)))


def hash_configuration(folder: Path) -> str:
    """Return the SHA-256 over an encoder's configuration files, hexadecimal.

    Args:
        folder: From `find_encoder`.
    """
    return _hash_files([folder / name for name in CONFIGURATION])


def _hash_files(paths: list[Path]) -> str:
    digests = []
    for path in paths:
        status = path.stat()
        digests.append(_hash_file(path, status.st_size, status.st_mtime_ns))
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("".join(digests).encode()).hexdigest()


@cache
def _hash_file(path: Path, size: int, mtime_ns: int) -> str:  # noqa: ARG001 - part of the key
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _download(model: str) -> Path:
    if not _HUB_ID.fullmatch(model):
        raise ConfigurationError(
            f"`model` must be a folder, or an id on the hub such as `openai/whisper-base`, but "
            f"`{model}` is neither"
        )
    try:
        from huggingface_hub import snapshot_download  # noqa: PLC0415 - of an optional extra
    except ImportError as error:
        raise ConfigurationError(
            "pretrained encoders need huggingface_hub, which is not installed: run "
            "`pip install 'serloop[encoders]'`"
        ) from error
    try:
        return Path(snapshot_download(model, allow_patterns=[*CONFIGURATION, WEIGHTS]))
    # The hub's errors are OSErrors; an id it does not allow is a ValueError.
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"encoder `{model}` is no folder here and could not be fetched from the Hugging Face "
            f"hub: {error}; check the id and the network, or name a local folder"
        ) from error

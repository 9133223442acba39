"""Which device a network trains on."""

import torch

from ser.errors import ConfigurationError


def gpu_numbers(device: str) -> list[int]:
    """Return the GPU whose generator a training on a device draws from; none for the CPU.

    Args:
        device: As torch names it.

    Example:
        >>> gpu_numbers("cpu"), gpu_numbers("cuda:1")
        ([], [1])
    """
    chosen = torch.device(device)
    if chosen.type != "cuda":
        return []
    return [torch.cuda.current_device() if chosen.index is None else chosen.index]


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

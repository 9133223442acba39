"""What a line in a log is about, told once for all that is done inside."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

# Parameters of stages that name something, and what lines call it.
NAMED = {
    "campaign": "campaign",
    "corpus": "corpus",
    "model_id": "model",
    "clip_id": "clip",
    "gate_id": "gate",
}
_ABOUT: ContextVar[Mapping[str, str]] = ContextVar("about", default=MappingProxyType({}))


@contextmanager
def about(**fields: object) -> Iterator[None]:
    """Have every line that is logged inside say what it is about.

    Args:
        fields: Names and values, such as `run`, `stage` and `campaign`; None says nothing.

    Example:
        >>> with about(run="5f3a", stage="ingest"), about(clip="demo/7"):
        ...     dict(read_about())
        {'run': '5f3a', 'stage': 'ingest', 'clip': 'demo/7'}
    """
    told = {name: str(value) for name, value in fields.items() if value is not None}
    token = _ABOUT.set(MappingProxyType({**_ABOUT.get(), **told}))
    try:
        yield
    finally:
        _ABOUT.reset(token)


@contextmanager
def about_stage(stage: str, parameters: Mapping[str, object]) -> Iterator[None]:
    """Have every line that is logged inside say which stage wrote it, and about what.

    Args:
        stage: The stage's name.
        parameters: What it was called with; those that name something are told, others may be
            long or private.
    """
    told = {
        said: parameters[name]
        for name, said in NAMED.items()
        if isinstance(parameters.get(name), str)
    }
    with about(stage=stage, **told):
        yield


def read_about() -> Mapping[str, str]:
    """Return what the lines that are logged now are about."""
    return _ABOUT.get()

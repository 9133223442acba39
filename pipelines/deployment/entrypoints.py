"""Where workers find the flows: every flow by the name of its stage or composition."""

from typing import TYPE_CHECKING, Any

from pipelines.flows import FLOWS

if TYPE_CHECKING:
    from prefect import Flow


def __getattr__(name: str) -> "Flow[..., Any]":
    try:
        return FLOWS[name]
    except KeyError as error:
        raise AttributeError(f"there is no flow `{name}`") from error

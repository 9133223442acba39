"""What is tried again, and how stages are named in Prefect."""

import pytest
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from pipelines.errors import PipelineError
from pipelines.prefect_runner import PrefectRunner, artifact_key, is_transient
from pipelines.settings import Settings
from pipelines.status import read_status
from warehouse import ContentionError, WarehouseError

STATES = {
    "contention": (Failed(data=ContentionError("busy")), True),
    "connection": (Failed(data=ConnectionResetError("gone")), True),
    "timeout": (Failed(data=TimeoutError("late")), True),
    "wrong-input": (Failed(data=PipelineError("no such corpus")), False),
    "warehouse": (Failed(data=WarehouseError("damaged")), False),
    "defect": (Failed(data=KeyError("joy")), False),
    "no-exception": (Failed(message="no reason"), False),
    "success": (Completed(data=None), False),
}


@pytest.mark.parametrize(("state", "expected"), STATES.values(), ids=STATES)
def test_only_what_may_pass_by_itself_is_tried_again(state: State, expected: bool) -> None:
    """A busy catalog may be free in ten seconds; a wrong input stays wrong."""
    assert is_transient(None, None, state) is expected


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("train", "train"),
        ("import_votes", "import-votes"),
        ("ingest CREMA-D", "ingest-crema-d"),
        ("train on 24 clips", "train-on-24-clips"),
        ("-- Ärger & Söhne --", "rger-s-hne"),
    ],
)
def test_artifact_keys_hold_what_prefect_allows(text: str, key: str) -> None:
    """Prefect takes lower-case letters, digits and dashes."""
    assert artifact_key(text) == key


def test_stages_take_keyword_arguments_only(settings: Settings) -> None:
    """Parameters have names in Prefect, so that a run can be read and repeated."""
    with pytest.raises(TypeError, match=r"`read_status` takes keyword arguments only"):
        PrefectRunner(settings)(read_status, "synthetic")

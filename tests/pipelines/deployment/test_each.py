"""One campaign that fails holds up no other."""

import pytest

from pipelines.deployment.each import attempt_each
from pipelines.errors import PipelineError


def test_the_others_are_done_before_failures_are_told() -> None:
    """Each failure is told with its campaign; a defect with its kind."""

    def do(campaign: str) -> str:
        if campaign == "a":
            raise PipelineError("no answers")
        if campaign == "c":
            raise KeyError("joy")
        return campaign.upper()

    done: list[str] = []

    with pytest.raises(PipelineError) as caught:
        done.extend(attempt_each(["a", "b", "c", "d"], do))
    assert done == ["B", "D"]
    assert str(caught.value) == "campaign `a`: no answers; campaign `c`: KeyError: 'joy'"
    assert isinstance(caught.value.__cause__, PipelineError)

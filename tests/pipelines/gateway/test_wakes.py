"""What was told is counted, and what is done is known."""

import pytest

from pipelines.gateway.wakes import Name, Wake, read_wakes, write_wakes

TOLD = Wake("collect", "campaign-00c0ffee")


def test_what_came_while_work_was_done_still_waits() -> None:
    """A collection handles what had come when it began, and nothing that came later."""
    wake = TOLD.noted(1.0).noted(2.0)
    upto = wake.received
    settled = wake.noted(3.0).settled(upto, 4.0, "2 votes")
    assert (settled.waiting, settled.done_at, settled.outcome) == (1, 4.0, "2 votes")
    assert settled.settled(settled.received, 5.0, "1 vote").waiting == 0


def test_the_first_that_waits_is_remembered() -> None:
    """The longest wait counts from the first webhook that is not handled."""
    wake = TOLD.noted(1.0).noted(2.0)
    assert (wake.first_at, wake.last_at) == (1.0, 2.0)
    again = wake.settled(2, 3.0, "").noted(9.0)
    assert (again.first_at, again.last_at) == (9.0, 9.0)


def test_pauses_double_up_to_the_longest() -> None:
    """A failure is kept with its reason, and tried again later each time."""
    wake, pauses = TOLD.noted(0.0), []
    for _ in range(8):
        wake = wake.failed("Label Studio is not running", 100.0, longest_pause_s=60.0)
        pauses.append(wake.retry_at - 100.0)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert (wake.waiting, wake.failure) == (1, "Label Studio is not running")
    recovered = wake.settled(1, 200.0, "done")
    assert (recovered.failure, recovered.attempts, recovered.retry_at) == (None, 0, 0.0)


def test_a_button_that_is_pressed_again_is_tried_at_once() -> None:
    """Somebody saw to what failed; a webhook tells nothing of the kind."""
    failed = {
        kind: Wake(kind, "a").noted(0.0).failed("", 1.0, longest_pause_s=60.0).noted(1.5)
        for kind in ("collect", "round")
    }
    assert (failed["round"].retry_at, failed["collect"].retry_at) == (0.0, 2.0)


def test_a_file_of_a_later_version_is_read() -> None:
    """What a file says beside what we know is let be; equal wakes give equal bytes."""
    wakes = [Wake("round", "b", received=2), Wake("collect", "a", failure="why")]
    content = write_wakes(wakes)
    assert content == write_wakes(reversed(wakes))
    read = read_wakes(content.replace(b'"received"', b'"later": 1, "received"'))
    assert read == {Name(wake.kind, wake.project): wake for wake in wakes}


@pytest.mark.parametrize("content", [b"", b"[]", b'{"wakes": 3}', b'{"wakes": [3]}', b"\xff"])
def test_what_is_no_list_of_wakes_is_an_error(content: bytes) -> None:
    """Half a file or another's is refused."""
    with pytest.raises(ValueError, match=r"."):
        read_wakes(content)

"""What lines are about."""

from threading import Thread

from pipelines.observe.context import about, about_stage, read_about


def test_what_is_inside_adds_to_what_is_outside() -> None:
    """A stage is of its run, and what was told ends with the block."""
    with about(run="5f3a", campaign=None):
        with about_stage("train", {"corpus": "demo", "model_id": "m", "budget": 3, "arm": "seed"}):
            assert read_about() == {"run": "5f3a", "stage": "train", "corpus": "demo", "model": "m"}
        assert read_about() == {"run": "5f3a"}
    assert read_about() == {}


def test_another_thread_is_about_something_else() -> None:
    """Two campaigns at once do not sign each other's lines."""
    found = []
    with about(campaign="demo"):
        thread = Thread(target=lambda: found.append(dict(read_about())))
        thread.start()
        thread.join()
    assert found == [{}]

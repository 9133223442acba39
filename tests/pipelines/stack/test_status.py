"""How the services are, in every case in which somebody may ask."""

from pathlib import Path

from pipelines.settings import Settings
from pipelines.stack.status import BEGIN, read_stack
from tests.pipelines.stack.test_health import answering
from tests.pipelines.stack.tiny import tiny_settings


def test_where_nothing_ever_ran_all_is_stopped(tmp_path: Path) -> None:
    """What to do is told, nothing is raised, and nothing is made by asking."""
    home = tmp_path / "home"
    found = read_stack(Settings(home=home))
    assert [(item.name, item.state, item.pid, item.detail) for item in found] == [
        (name, "stopped", None, BEGIN)
        for name in ("prefect", "worker", "label-studio", "gateway", "watch")
    ]
    assert not home.exists()


def test_a_label_studio_elsewhere_is_looked_at_all_the_same(tmp_path: Path) -> None:
    """It is not ours to start, but annotators need it."""
    with answering(200, {"status": "UP"}) as port:
        url = f"http://127.0.0.1:{port}"
        settings = Settings(home=tmp_path, label_studio={"url": url, "token": "t"})
        found = {item.name: item for item in read_stack(settings)}
    assert found["label-studio"].state == "healthy"
    assert found["label-studio"].pid is None
    found = {item.name: item for item in read_stack(tiny_settings(tmp_path))}
    assert found["label-studio"].state == "unhealthy"

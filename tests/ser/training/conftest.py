"""Trainings in processes of their own."""

from pathlib import Path

import pytest

from tests.ser.training.trainee import start_training


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where a training that nobody disturbed left its state, weights and UAR."""
    state = tmp_path_factory.mktemp("undisturbed") / "training"
    process = start_training(state)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return state

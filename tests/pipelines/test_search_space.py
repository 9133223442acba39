"""A search varies settings by name, within ranges and choices that the settings accept."""

import tomllib
from pathlib import Path

import pytest

from pipelines.errors import PipelineError, SettingsError
from pipelines.search_space import Choices, Range, apply_values, read_space, write_toml
from pipelines.settings import Settings

SPACE = """
[training]
learning_rate = { low = 1e-4, high = 1e-2, log = true }
batch_size = { low = 8, high = 32 }
label_smoothing = { low = 0, high = 0.2 }
loss = ["focal", "cross_entropy"]

[network]
residual = [true, false]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a space is written."""
    return tmp_path / "space.toml"


def test_a_file_says_what_varies(path: Path) -> None:
    """Ranges are whole where the setting is, real where it is, and lists are choices."""
    path.write_text(SPACE, encoding="utf-8")
    assert read_space(path) == {
        "network.residual": Choices((True, False)),
        "training.batch_size": Range(8, 32, is_whole=True),
        "training.label_smoothing": Range(0.0, 0.2),
        "training.learning_rate": Range(1e-4, 1e-2, log=True),
        "training.loss": Choices(("focal", "cross_entropy")),
    }


def test_the_order_of_a_file_does_not_matter(path: Path) -> None:
    """A space is the same however it is written down."""
    path.write_text(SPACE, encoding="utf-8")
    names = list(read_space(path))
    sections = SPACE.split("\n\n")
    path.write_text("\n\n".join(reversed(sections)), encoding="utf-8")
    assert list(read_space(path)) == names


@pytest.mark.parametrize("is_head", [False, True], ids=["network", "head"])
def test_the_built_in_spaces_are_settings(is_head: bool) -> None:
    """Each name and each end of a range is a setting that serloop takes."""
    space = read_space(is_head=is_head)
    ends = {
        name: domain.values[0] if isinstance(domain, Choices) else domain.high
        for name, domain in space.items()
    }
    changed = apply_values(Settings(), ends)
    assert changed.training.learning_rate == 1e-2
    assert changed.network.dropout == 0.5
    assert ("network.channels" in space) != is_head


REFUSED = {
    "typo": ("[training]\nlearning_rat = [1.0]", r"`training.learning_rat`.*mean `training.learn"),
    "seed": ("[training]\nseed = [1, 2]", r"`training.seed`, which cannot be searched"),
    "section": ("[rounds]\nbudget = [1]", r"has `rounds`, but .* `training`, `network`, `augm"),
    "top-level": ("training = 3", r"has `training`, but a search varies"),
    "scalar": ("[training]\nmixup = 0.1", r"gives `training.mixup` as 0.1; give a list"),
    "no-choice": ("[training]\nmixup = []", r"gives `training.mixup` as \[\]"),
    "no-high": ("[training]\nmixup = { low = 0.1 }", r"gives `training.mixup` as"),
    "step": ("[training]\nmixup = { low = 0, high = 1, step = 1 }", r"`training.mixup` as"),
    "word": ("[training]\nloss = { low = 0, high = 1 }", r"`training.loss` a range, but it is no"),
    "half": ("[training]\nbatch_size = { low = 2.5, high = 8 }", r"`batch_size.* both integers"),
    "reversed": ("[training]\nmixup = { low = 1, high = 0 }", r"`low` must be below `high`"),
    "log-of-0": ("[training]\nmixup = { low = 0, high = 1, log = true }", r"above 0 if `log = tr"),
    "empty": ("", r"names no setting"),
    "toml": ("[training", r"cannot be read as TOML"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_searched_is_named(path: Path, text: str, message: str) -> None:
    """A misspelt name or an impossible range is found before anything is trained."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PipelineError, match=message.replace("`batch_size", "`training.batch_size")):
        read_space(path)


@pytest.mark.parametrize(
    "entry", ["[-0.1, 0.1]", "{ low = -1.0, high = 0.5 }", "{ low = 0.0, high = 1.0 }"]
)
def test_values_that_a_setting_refuses_are_named(path: Path, entry: str) -> None:
    """Each choice and each end of a range is tried on the settings."""
    path.write_text(f"[training]\nlabel_smoothing = {entry}", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"`training.label_smoothing`"):
        read_space(path)


def test_a_missing_file_is_named(path: Path) -> None:
    """A path that leads nowhere is no empty space."""
    with pytest.raises(PipelineError, match=r"space\.toml` cannot be read"):
        read_space(path)


def test_applying_leaves_other_settings_alone() -> None:
    """Only the named settings change, also when others were set by hand."""
    before = Settings(training={"epochs": 3, "mixup": 0.1}, network={"heads": 4})
    after = apply_values(before, {"training.mixup": 0.2, "network.dropout": 0.3})
    assert (after.training.mixup, after.network.dropout) == (0.2, 0.3)
    assert (after.training.epochs, after.network.heads) == (3, 4)
    assert before.training.mixup == 0.1


def test_toml_reads_back_as_it_was_written() -> None:
    """Every kind of value survives, among them very small numbers and quotes."""
    values = {
        "network.channels": "8,16",
        "network.residual": True,
        "training.batch_size": 8,
        "training.learning_rate": 3e-05,
        "training.loss": 'a "quoted" word',
    }
    read = tomllib.loads(write_toml(values))
    assert {
        f"{s}.{key}": value for s, keys in read.items() for key, value in keys.items()
    } == values

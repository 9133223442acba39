"""What the documentation promises is there, and what is there is documented."""

import ast
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from pipelines.cli import app
from pipelines.settings import describe_settings

ROOT = Path(__file__).parents[1]
PACKAGES = ("annotation", "pipelines", "ser", "warehouse")


def _find_commands(group: TyperGroup, before: str = "") -> dict[str, TyperCommand]:
    """Return every verb, and those of groups by both names."""
    found = {}
    for name, command in group.commands.items():
        found[before + name] = command
        if isinstance(command, TyperGroup):
            found |= _find_commands(command, f"{before}{name} ")
    return found


COMMANDS = _find_commands(typer.main.get_command(app))
SETTINGS = {name: (variable, text) for name, variable, _, text in describe_settings()}


@pytest.fixture(scope="module")
def readme() -> str:
    """Return the text of README.md."""
    return (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("verb", COMMANDS)
def test_verb_has_help(verb: str) -> None:
    """Each verb says in a sentence what it does, and so does each of its parameters."""
    command = COMMANDS[verb]
    assert command.help.strip().endswith(".")
    unexplained = [item.name for item in command.params if not getattr(item, "help", None)]
    assert unexplained == []


@pytest.mark.parametrize("verb", COMMANDS)
def test_verb_is_in_the_readme(verb: str, readme: str) -> None:
    """A reader of README.md meets every verb."""
    assert f"serloop {verb}" in readme


@pytest.mark.parametrize("name", SETTINGS)
def test_setting_is_described(name: str) -> None:
    """`serloop doctor --settings` gives each setting a sentence."""
    _, text = SETTINGS[name]
    assert text.endswith(".")


@pytest.mark.parametrize("name", SETTINGS)
def test_setting_is_in_the_readme(name: str, readme: str) -> None:
    """README.md names the environment variable of every setting."""
    variable, _ = SETTINGS[name]
    assert variable in readme


def test_readme_names_no_setting_that_does_not_exist(readme: str) -> None:
    """A variable in README.md is one that serloop reads."""
    words = {word.strip("`|,.;:()=$\"'") for word in readme.replace("=", " ").split()}
    named = {word for word in words if word.startswith("SERLOOP_") and word.isupper()}
    named = {word for word in named if not word.endswith(("_", "…"))}
    known = {variable for variable, _ in SETTINGS.values()}
    assert named - known - {"SERLOOP_DATA", "SERLOOP_MODELS"} == set()


def test_every_module_has_a_docstring() -> None:
    """Each module says in a sentence what it is about."""
    silent = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_every_test_has_a_docstring() -> None:
    """Each test says in a sentence what it promises."""
    silent = [
        f"{path.relative_to(ROOT)}::{node.name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert silent == []

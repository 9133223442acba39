"""The rules of ARCHITECTURE.md, read off every import of the four packages."""

import ast
import json
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAX_LINES = 400
ALLOWED = {
    "annotation": {"annotation"},
    "ser": {"ser"},
    "warehouse": {"warehouse"},
    "pipelines": {"annotation", "pipelines", "ser", "warehouse"},
}
# Who may import a library: the table of ARCHITECTURE.md, narrowed to the adapter where one exists.
ADAPTERS = {
    "boto3": {"warehouse"},
    "duckdb": {"warehouse"},
    "fastapi": {"pipelines.gateway", "pipelines.people.pages", "pipelines.serving"},
    "faster_whisper": {"ser.text.recognition"},
    "httpx": {
        "annotation.label_studio.api",
        "annotation.label_studio.browser",
        "pipelines.doctor",
        "pipelines.observe.prefect_server",
    },
    "huggingface_hub": {"ser.encoders.files"},
    "jinja2": {"pipelines.report"},
    "label_studio_sdk": {"annotation.label_studio.interface"},
    "matplotlib": {"pipelines.compressing.pareto", "pipelines.report"},
    "miniaudio": {"ser.audio.flac"},
    "mlflow": {"pipelines.registry.mirror", "pipelines.tracking"},
    "onnx": {"ser.compression", "ser.export"},
    "onnxruntime": {"ser.compression", "ser.export"},
    "opensmile": {"ser.features.egemaps"},
    "optuna": {"pipelines.proposals"},
    "prefect": {
        "pipelines.deployment",
        "pipelines.flows",
        "pipelines.prefect_runner",
        "pipelines.spread_ray",
    },
    "prefect_ray": {"pipelines.spread_ray"},
    "prometheus_client": {"pipelines.observe.meters", "pipelines.serving.meters"},
    "pydantic": {
        "pipelines.deployment_sections",
        "pipelines.learning_sections",
        "pipelines.deployment",
        "pipelines.operations_sections",
        "pipelines.people_sections",
        "pipelines.redaction",
        "pipelines.secret_files",
        "pipelines.sections",
        "pipelines.serving",
        "pipelines.settings",
    },
    "pydantic_settings": {"pipelines.settings"},
    "ray": {"pipelines.spread_ray"},
    "rich": {"pipelines.commands", "pipelines.progress"},
    "safetensors": {"ser.weights_file"},
    "silero_vad": {"ser.audio.silero"},
    "sklearn": {"annotation", "ser"},
    "starlette": {"pipelines.gateway", "pipelines.serving", "pipelines.web"},
    "tensorboard": {"pipelines.tracking"},
    "torch": {"ser"},
    "torchaudio": {"ser"},
    "transformers": {"ser.encoders.pretrained", "ser.text.encoder"},
    "typer": {"pipelines.cli", "pipelines.commands"},
    "uvicorn": {"pipelines.serving", "pipelines.web"},
}


@dataclass(frozen=True)
class Import:
    """One import statement's target, and whether only the type checker sees it."""

    source: str
    target: str
    is_for_types: bool


def _parse(name: str, text: str, *, is_package: bool, modules: Collection[str]) -> list[Import]:
    """Return every import of a module, each resolved to a module where it names one."""
    tree = ast.parse(text)
    guarded = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }
    found = []
    for node in ast.walk(tree):
        for target in _targets(node, name.split(".") if is_package else name.split(".")[:-1]):
            known = target if target in modules else target.rpartition(".")[0]
            is_ours = target.split(".")[0] in ALLOWED
            found.append(Import(name, known if is_ours else target, node in guarded))
    return found


def _targets(node: ast.AST, package: list[str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            # `import a.b` names the module itself; the dot keeps it from being cut to `a`.
            yield alias.name if "." not in alias.name else f"{alias.name}.__itself__"
    elif isinstance(node, ast.ImportFrom):
        base = package[: len(package) - node.level + 1] if node.level else []
        origin = ".".join([*base, *([node.module] if node.module else [])])
        yield from (f"{origin}.{alias.name}" for alias in node.names)


def _read_modules() -> dict[str, Path]:
    """Return every module of the four packages by its dotted name."""
    found = {}
    for package in ALLOWED:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = _read_modules()
IMPORTS = [
    edge
    for name, path in MODULES.items()
    for edge in _parse(
        name,
        path.read_text(encoding="utf-8"),
        is_package=path.name == "__init__.py",
        modules=MODULES,
    )
]


def _wrong_directions(imports: Collection[Import]) -> list[str]:
    return [
        f"{edge.source} imports {edge.target}"
        for edge in imports
        if (home := edge.target.split(".")[0]) in ALLOWED
        and home not in ALLOWED[edge.source.split(".")[0]]
    ]


def _outside_adapters(imports: Collection[Import]) -> list[str]:
    return [
        f"{edge.source} imports {edge.target}"
        for edge in imports
        if (library := edge.target.split(".")[0]) in ADAPTERS
        and not any(f"{edge.source}.".startswith(f"{home}.") for home in ADAPTERS[library])
    ]


def _dependencies(
    imports: Collection[Import], modules: Collection[str]
) -> Mapping[str, Collection[str]]:
    """Return what each module runs: its targets, and the `__init__` of packages it enters."""
    graph: dict[str, set[str]] = {name: set() for name in modules}
    for edge in imports:
        if edge.is_for_types or edge.target not in graph:
            continue
        entered = {edge.target}
        parts = edge.target.split(".")
        for length in range(1, len(parts)):
            package = ".".join(parts[:length])
            # The packages around the importing module are being imported already.
            if not f"{edge.source}.".startswith(f"{package}."):
                entered.add(package)
        graph[edge.source] |= entered & graph.keys()
    return graph


def _find_cycle(graph: Mapping[str, Collection[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def _loaded(code: str, names: Collection[str]) -> list[str]:
    """Run code in a new interpreter and return which of the modules it loaded."""
    report = f"import json; print(json.dumps([n for n in {sorted(names)!r} if n in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\n{report}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        cwd=ROOT,
    )
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


def _loaded_by_command(arguments: Collection[str], names: Collection[str]) -> list[str]:
    code = (
        f"sys.argv = ['serloop', *{list(arguments)!r}]\n"
        "from pipelines.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass"
    )
    return _loaded(code, names)


def test_imports_point_in_the_direction_of_the_architecture() -> None:
    """The three libraries import neither each other nor the pipelines."""
    assert _wrong_directions(IMPORTS) == []


def test_libraries_are_imported_by_their_adapters_only() -> None:
    """Each heavy or remote library is known to the package the table names, and no other."""
    assert _outside_adapters(IMPORTS) == []


def test_no_import_cycle() -> None:
    """No module waits for itself, `__init__` modules and imports inside functions included."""
    assert _find_cycle(_dependencies(IMPORTS, MODULES)) == []


def test_no_module_imports_a_package_around_it() -> None:
    """A submodule never needs the names that its package re-exports."""
    offenders = [
        f"{edge.source} imports {edge.target}"
        for edge in IMPORTS
        if edge.source != edge.target and f"{edge.source}.".startswith(f"{edge.target}.")
    ]
    assert offenders == []


FORBIDDEN_SOURCES = {
    "library-to-library": ("ser.new", "import warehouse.lake", "ser.new imports warehouse.lake"),
    "library-to-pipelines": (
        "annotation.new",
        "from pipelines import settings",
        "annotation.new imports pipelines.settings",
    ),
    "inside-a-function": (
        "warehouse.new",
        "def f():\n    from ser.errors import SerError",
        "warehouse.new imports ser.errors",
    ),
    "for-types-only": (
        "warehouse.new",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import ser.errors",
        "warehouse.new imports ser.errors",
    ),
}


@pytest.mark.parametrize(
    ("name", "text", "message"), FORBIDDEN_SOURCES.values(), ids=FORBIDDEN_SOURCES
)
def test_a_forbidden_edge_is_found(name: str, text: str, message: str) -> None:
    """The check sees an import that points the wrong way, wherever it hides."""
    edges = _parse(name, text, is_package=False, modules=MODULES)
    assert _wrong_directions(edges) == [message]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pipelines.ingest", "from prefect.artifacts import create_table_artifact"),
        ("warehouse.lake", "import torch.nn as nn"),
        ("annotation.votes", "import duckdb"),
        ("ser.prepare", "from typer import Option"),
    ],
)
def test_a_library_outside_its_adapter_is_found(name: str, text: str) -> None:
    """The check sees a library where the table does not allow it."""
    edges = _parse(name, text, is_package=False, modules=MODULES)
    assert len(_outside_adapters(edges)) == 1


def test_a_cycle_through_a_package_is_found() -> None:
    """The check sees that importing `b.c` runs `b`, which comes back to `a`."""
    texts = {"a": "from b.c import x", "b": "import a", "b.c": "x = 1"}
    edges = [
        Import(name, target, is_for_types=False) for name, target in [("a", "b.c"), ("b", "a")]
    ]
    assert set(_find_cycle(_dependencies(edges, texts))) == {"a", "b"}


def test_relative_imports_are_resolved() -> None:
    """A relative import is judged like the absolute one."""
    edges = _parse(
        "ser.audio.new", "from ..errors import SerError", is_package=False, modules=MODULES
    )
    assert [edge.target for edge in edges] == ["ser.errors"]


@pytest.mark.parametrize("package", ["annotation", "ser", "ser.corpora", "warehouse"])
def test_importing_a_library_leaves_heavy_ones_unloaded(package: str) -> None:
    """Reading tables, votes or corpora needs no neural network and no server."""
    heavy = {"torch", "torchaudio", "sklearn", "prefect", "label_studio_sdk", "pipelines"}
    assert _loaded(f"import {package}", heavy) == []


HEAVY = {"torch", "prefect", "duckdb", "pyarrow", "numpy", "scipy", "matplotlib", "jinja2"}


def test_help_loads_nothing_that_takes_long() -> None:
    """`serloop --help` answers before anything heavy could be needed."""
    assert _loaded_by_command(["--help"], HEAVY | {"pydantic"}) == []


@pytest.mark.parametrize("verb", ["ingest", "round", "doctor", "corpora"])
def test_help_of_a_verb_loads_nothing_that_takes_long(verb: str) -> None:
    """`serloop VERB --help` is as quick; Typer itself loads pydantic to read arguments."""
    assert _loaded_by_command([verb, "--help"], HEAVY) == []


def test_no_module_is_too_long() -> None:
    """A module holds one idea, which fits on a few screens."""
    lines = {name: path.read_text("utf-8").count("\n") for name, path in MODULES.items()}
    assert {name: count for name, count in lines.items() if count > MAX_LINES} == {}

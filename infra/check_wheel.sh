#!/bin/sh
# Build the wheel, install it in an environment elsewhere, and import every package from it.
# Dependencies are taken from the development environment given as $1: they are not under test.
set -eu
venv=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$venv/bin/python" -m pip wheel --disable-pip-version-check --quiet --no-deps --wheel-dir "$work" .
"$venv/bin/python" -m venv "$work/venv"
site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
"$work/venv/bin/python" -m pip install --disable-pip-version-check --quiet --no-deps "$work"/serloop-*.whl
cd "$work"
# The wheel comes first on the path, so that nothing is read from the checkout.
PYTHONPATH=$("$work/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'):$site
export PYTHONPATH
"$work/venv/bin/python" - <<'PYTHON'
import importlib.util
from importlib.resources import files

import annotation, pipelines, pipelines.cli, ser, ser.corpora, warehouse

for package in (annotation, pipelines, ser, warehouse):
    assert "site-packages" in package.__file__ and "venv" in package.__file__, package.__file__
    assert (files(package) / "py.typed").is_file(), package
assert (files(warehouse) / "sql").is_dir(), "the wheel lacks the SQL files"
assert importlib.util.find_spec("tests") is None or "site-packages" not in str(
    importlib.util.find_spec("tests").origin
), "the wheel ships the tests"
print("wheel: built, installed elsewhere, imported")
PYTHON
"$work/venv/bin/serloop" --help >/dev/null
"$work/venv/bin/serloop" --version

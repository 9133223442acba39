"""The package stays light."""

import subprocess
import sys


def test_import_loads_nothing_heavy() -> None:
    """Importing the package and its parts leaves torch and the Label Studio SDK alone."""
    code = (
        "import sys, annotation, annotation.label_studio, annotation.testing;"
        "print([m for m in ('torch', 'label_studio_sdk', 'duckdb', 'prefect', 'pandas', "
        "'sklearn') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "[]"

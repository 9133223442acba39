"""Memory is found again, not asked for again."""

import subprocess
import sys
from pathlib import Path

import pytest

COUNT_FAULTS = """
import resource, sys
import numpy as np
from ser.audio.heap import keep_freed_memory
if not keep_freed_memory():
    sys.exit(3)
def work():
    for _ in range(50):
        np.ones(1 << 20, np.uint8), np.ones(3 << 20, np.uint8)
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone is told")
def test_pages_are_not_found_missing_again():
    """Arrays made and dropped over and over cost no page fault after the first time."""
    done = subprocess.run(
        [sys.executable, "-c", COUNT_FAULTS],
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    if done.returncode == 3:
        pytest.skip("this C library cannot be told")
    assert int(done.stdout) < 100, done.stderr

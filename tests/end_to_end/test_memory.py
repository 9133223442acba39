"""Memory does not grow with the corpus."""

from pathlib import Path

import pytest

from tests.benchmarks.memory import TARGET, measure


@pytest.mark.slow
def test_ten_times_the_files_need_no_more_memory(tmp_path: Path) -> None:
    """The peak of all processes is about the same at 3,000 files and at 30,000.

    `python -m tests.benchmarks.memory` shows the same up to 100,000.
    """
    if not Path("/proc/self/smaps_rollup").exists():
        pytest.skip("there is no /proc/PID/smaps_rollup to read memory from")
    few, many = measure((3_000, 30_000), tmp_path)
    assert many.total_mb <= TARGET * few.total_mb

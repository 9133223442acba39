"""A process that commits batches until it is done or killed: `writer.py CATALOG DATA NAME N`."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from warehouse import open_warehouse, write_shard
from warehouse.testing import make_rows

ROWS = 20
_ENDLESS = 100_000


@contextmanager
def writing(catalog: str, data_path: str) -> Iterator[None]:
    """Have another process commit all the while; it is killed in the end."""
    command = [sys.executable, __file__, catalog, data_path, "w", str(_ENDLESS)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE) as it:
        it.stdout.readline()
        try:
            yield
            assert it.poll() is None, "the writer ended by itself"
        finally:
            it.kill()


def main(catalog: str, data_path: str, name: str, batches: int) -> None:
    """Commit batches of votes with a shard of features each, and votes all writers share."""
    with open_warehouse(catalog, data_path) as warehouse:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        for batch in range(batches):
            ids = [f"{name}/{batch:05d}-{row:02d}" for row in range(ROWS)]
            values = list(np.full((ROWS, 64), batch, np.float32))
            features = make_rows("features", clip_id=ids, values=values)
            shared = [f"shared/{batch:05d}-{row}" for row in range(3)]
            votes = make_rows("votes", vote_id=ids + shared, clip_id=ids + shared)
            shard = write_shard(warehouse.data_path, "features", features)
            warehouse.commit({"votes": votes}, shards=[shard], message=f"{name} {batch}")


if __name__ == "__main__":
    main(*sys.argv[1:4], int(sys.argv[4]))

"""A process that commits batches until it is done or killed: `writer.py CATALOG DATA NAME N`."""

import sys

import numpy as np

from warehouse import open_warehouse, write_shard
from warehouse.testing import make_rows

ROWS = 20


def main(catalog: str, data_path: str, name: str, batches: int) -> None:
    """Commit batches of votes with a shard of features each, and votes all writers share."""
    with open_warehouse(catalog, data_path) as warehouse:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        for batch in range(batches):
            ids = [f"{name}/{batch:02d}-{row:02d}" for row in range(ROWS)]
            values = list(np.full((ROWS, 64), batch, np.float32))
            features = make_rows("features", clip_id=ids, values=values)
            shared = [f"shared/{batch:02d}-{row}" for row in range(3)]
            votes = make_rows("votes", vote_id=ids + shared, clip_id=ids + shared)
            shard = write_shard(warehouse.data_path, "features", features)
            warehouse.commit({"votes": votes}, shards=[shard], message=f"{name} {batch}")


if __name__ == "__main__":
    main(*sys.argv[1:4], int(sys.argv[4]))

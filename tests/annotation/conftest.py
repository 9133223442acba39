"""Published votes that several test files read."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

from annotation.confusion import CREMA_D_CLASSES
from annotation.testing import fill_votes
from annotation.votes import VoteMatrix, build_vote_matrix

CREMA_D_FIRST_DIGIT = {"audio": 1, "video": 2, "audiovisual": 3}


@pytest.fixture(scope="session")
def read_crema_d(serloop_data: Path) -> Callable[[str], tuple[VoteMatrix, np.ndarray]]:
    """Provide a reader of CREMA-D's counts by modality: votes, and the intended class index."""
    path = serloop_data / "crema-d-votes" / "processedResults" / "tabulatedVotes.csv"
    table = pa_csv.read_csv(path)
    ids = table.column(0).to_numpy(zero_copy_only=False).astype(int)

    def read(modality: str) -> tuple[VoteMatrix, np.ndarray]:
        rows = table.filter(pa.array(ids // 100_000 == CREMA_D_FIRST_DIGIT[modality]))
        counts = np.stack([rows[letter].to_numpy() for letter in "ADFHNS"], axis=1)
        row, column = np.nonzero(counts)
        columns = {
            "clip_id": np.array(rows["fileName"].to_pylist())[row].tolist(),
            "label": [CREMA_D_CLASSES[index] for index in column],
            "count": counts[row, column].tolist(),
            "modality": [modality] * len(row),
        }
        votes = build_vote_matrix(fill_votes(columns), CREMA_D_CLASSES)
        codes = ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")
        return votes, np.array([codes.index(clip.split("_")[2]) for clip in votes.clips])

    return read

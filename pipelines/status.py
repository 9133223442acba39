"""Status: what the warehouse holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.curve import is_of_curve
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import has_warehouse, open_store
from warehouse import queries


@dataclass(frozen=True)
class Status:
    """What the warehouse holds.

    Args:
        catalog: Where it is.
        snapshot: Its latest snapshot; None where there is no warehouse yet.
        corpora: One row per corpus: clips, rejects, speakers, hours, votes.
        votes: One row per taxonomy, modality and source of votes.
        models: The latest models with their test UAR.
        rounds: One row per acquisition round.
        failed_checks: Failed data checks with the number of offending rows.
    """

    catalog: str
    snapshot: int | None = None
    corpora: tuple[dict[str, Any], ...] = ()
    votes: tuple[dict[str, Any], ...] = ()
    models: tuple[dict[str, Any], ...] = ()
    rounds: tuple[dict[str, Any], ...] = ()
    failed_checks: tuple[dict[str, Any], ...] = ()

    def rows(self) -> Sequence[Row]:
        """Return one row per corpus."""
        return self.corpora


MODELS_SHOWN = 10


def read_status(
    settings: Settings, *, snapshot: int | None = None, as_of: datetime | None = None
) -> Status:
    """Read what the warehouse holds, or held, and run its data checks.

    Args:
        settings: Where the warehouse is; none is made where there is none.
        snapshot: Look at the past as of this snapshot.
        as_of: Look at the past as of this time, with a zone.

    Raises:
        SnapshotError: If there is no such past.
    """
    is_present = snapshot is None and as_of is None
    if is_present and not has_warehouse(settings):
        return Status(_shorten(settings.catalog))
    with open_store(settings, snapshot=snapshot, as_of=as_of) as store:
        judged = filter(is_of_curve, queries.select_evaluations(store).to_pylist())
        uars = {row["model_id"]: row for row in judged}
        models = sorted(queries.select_models(store).to_pylist(), key=lambda row: row["snapshot"])
        return Status(
            catalog=_shorten(store.catalog),
            snapshot=store.snapshot,
            corpora=tuple(queries.summarise_corpora(store).to_pylist()),
            votes=tuple(queries.summarise_votes(store).to_pylist()),
            models=tuple(_describe_model(row, uars) for row in models[-MODELS_SHOWN:]),
            rounds=tuple(
                {
                    "round_id": row["round_id"],
                    "strategy": row["strategy"],
                    "budget": row["budget"],
                    "model_id": row["model_id"],
                }
                for row in queries.select_rounds(store).to_pylist()
            ),
            failed_checks=tuple(
                {"check": failed.name, "rows": failed.rows.num_rows, "why": failed.purpose}
                for failed in store.check()
            ),
        )


def _describe_model(row: dict[str, Any], uars: dict[str, dict[str, Any]]) -> dict[str, Any]:
    evaluation = uars.get(row["model_id"], {})
    return {
        "model_id": row["model_id"],
        "arm": row["arm"],
        "taxonomy": row["taxonomy"],
        "train_clips": row["train_clips"],
        "labels": row["labels"],
        "uar": evaluation.get("uar"),
        "snapshot": row["snapshot"],
    }


def _shorten(catalog: str) -> str:
    """Leave the password of a database address out."""
    if "://" not in catalog:
        return str(Path(catalog))
    scheme, _, rest = catalog.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"

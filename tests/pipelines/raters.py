"""People who vote on the synthetic clips and rate some of them, and models that learn from it."""

from dataclasses import dataclass
from pathlib import Path

from annotation.testing import fill_votes
from pipelines.aggregate import aggregate
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import open_store
from tests.pipelines.places import borrow
from warehouse import queries

SILENT = SilentProgress()
TOLD = (
    ("anger", "anger", "anger", "anger"),
    ("anger", "anger", "anger", "fear"),
    ("fear", "fear", "anger"),
    ("sadness", "sadness", "anger", "fear"),
)
HELD_OUT = {"test_speakers": ("SYNM05", "SYNF06"), "dev_speakers": ("SYNM01", "SYNF02")}


@dataclass(frozen=True)
class Rated:
    """A warehouse with two models of arousal and valence, of which nobody judged one yet.

    Args:
        settings: Where it is.
        run_id: The consensus both learned from.
        jointly: The model that learned classes as well.
        alone: The model of ratings alone.
    """

    settings: Settings
    run_id: str
    jointly: str
    alone: str

    def copy(self, home: Path) -> "Rated":
        """Return the same elsewhere, free to change."""
        return Rated(borrow(self.settings, home), self.run_id, self.jointly, self.alone)


def rate(settings: Settings) -> None:
    """Let three or four people vote on every clip and rate two of every three, twice alike."""
    with open_store(settings) as store:
        clip_ids = queries.select_clips(store)["clip_id"].to_pylist()
        cast = [
            (clip_id, f"ann-{who}", label, None if at % 3 == 0 else float(at % 5 + who))
            for at, clip_id in enumerate(clip_ids)
            for who, label in enumerate(TOLD[at % 4])
        ]
        names = ("clip_id", "annotator", "label", "arousal")
        rows = dict(zip(names, map(list, zip(*cast, strict=True)), strict=True))
        rows["valence"] = rows["arousal"]
        votes = fill_votes({**rows, "taxonomy": ["synthetic-6"] * len(cast)})
        store.commit({"votes": votes}, message="votes")


def configured(settings: Settings, **training) -> Settings:
    """Return the settings with others about training."""
    return settings.model_copy(update={"training": settings.training.model_copy(update=training)})


def train_raters(settings: Settings) -> Rated:
    """Train both models in a warehouse in which people rated."""
    run_id = aggregate(settings, SILENT, method="majority").runs[0].run_id
    jointly, alone = (
        train(
            configured(settings, ratings="arousal,valence", classes=classes),
            SILENT,
            corpus="synthetic",
            labels=run_id,
            **HELD_OUT,
        ).model_id
        for classes in (True, False)
    )
    return Rated(settings, run_id, jointly, alone)


def withdraw_ratings(settings: Settings) -> None:
    """Retract every vote there is."""
    with open_store(settings) as store:
        votes = queries.select_effective_votes(store).to_pylist()
        columns = {name: [row[name] for row in votes] for name in votes[0]}
        columns["supersedes"] = columns["vote_id"]
        columns["vote_id"] = [f"withdrawn-{vote_id}" for vote_id in columns["vote_id"]]
        columns["is_retraction"] = [True] * len(votes)
        store.commit({"votes": fill_votes(columns)}, message="withdraw")

"""Gold is drawn from what nobody is asked about, or read from a file, checked line by line."""

from collections import Counter
from pathlib import Path

import pytest

from pipelines.acquire import acquire
from pipelines.campaign import clips_of, read_asks
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.progress import SilentProgress
from pipelines.publishing.gold import GoldResult, draw_gold, gold
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.publishing.online import CAMPAIGN, ask, clip_ids
from warehouse import queries
from warehouse.testing import make_rows

SILENT = SilentProgress()


def add(settings: Settings, **parameters: object) -> GoldResult:
    """Add gold to the campaign."""
    return gold(settings, SILENT, campaign=CAMPAIGN, **parameters)


@pytest.fixture
def asked(ingested: Settings) -> Settings:
    """Return a campaign that asks about the first three clips and tests speaker SYNM01."""
    ask(ingested, 0, *((at, "seed", None, 1) for at in range(3)))
    return ingested


@pytest.fixture
def listed(tmp_path: Path):
    """Write a CSV file of gold and return its path."""

    def write(*lines: str, header: str = "clip_id,label") -> Path:
        path = tmp_path / "gold.csv"
        path.write_text("\n".join([header, *lines]))
        return path

    return write


def test_drawn_gold_is_balanced_and_free(asked: Settings) -> None:
    """No clip of a test speaker, none that is asked about, each class as often as it goes."""
    table = add(asked, count=12).table
    clips = table["clip_id"].to_pylist()
    assert set(Counter(table["label"].to_pylist()).values()) == {2}
    assert not set(clips) & set(clip_ids(asked)[:3])
    assert not any("SYNM01" in clip for clip in clips)
    assert set(table["origin"].to_pylist()) == {"intended"}
    assert all(label in clip for clip, label in zip(clips, table["label"].to_pylist(), strict=True))


def test_more_is_added_to_what_is_there(asked: Settings) -> None:
    """A second draw adds others; without a count nothing is drawn, only listed."""
    first = set(add(asked, count=4).table["clip_id"].to_pylist())
    second = add(asked, count=3)
    assert (second.added, second.table.num_rows) == (3, 7)
    assert first < set(second.table["clip_id"].to_pylist())
    assert (add(asked).added, len(add(asked).rows())) == (0, 7)


def test_equal_seeds_draw_the_same() -> None:
    """The order in which clips are given plays no part."""
    known = {f"clip-{at}": "ab"[at % 2] for at in range(50)}
    drawn = draw_gold(known, 9, seed=3)
    assert draw_gold(dict(reversed(known.items())), 9, seed=3) == drawn
    assert draw_gold(known, 9, seed=4) != drawn
    assert draw_gold(known, 99, seed=3).keys() == known.keys()


def test_no_round_asks_about_gold(asked: Settings) -> None:
    """Even a budget above the pool leaves gold alone."""
    drawn = set(add(asked, count=5).table["clip_id"].to_pylist())
    fresh = asked.model_copy(update={"rounds": asked.rounds.model_copy(update={"budget": 99})})
    with open_store(fresh) as store:
        rows = queries.select_gold(store, campaign=CAMPAIGN)
        other = rows.set_column(0, "campaign", [["other"] * rows.num_rows])
        store.commit({"gold": other}, message="gold of another campaign")
    acquire(fresh, SILENT, corpus="synthetic", campaign="other", number=0)
    with open_store(fresh) as store:
        clips = set(clips_of(read_asks(store, "other")))
    assert len(clips) >= 15
    assert not clips & drawn


def test_a_file_names_clips_and_classes(asked: Settings, listed) -> None:
    """Its rows are gold, and reading it again adds none."""
    clips = clip_ids(asked)
    path = listed(f"{clips[5]},anger", f" {clips[6]} , fear ")
    assert add(asked, source=path).added == 2
    again = add(asked, source=path)
    assert (again.added, again.table["label"].to_pylist()) == (0, ["anger", "fear"])
    assert set(again.table["origin"].to_pylist()) == {"file"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{asked},anger", "line 2: `{asked}` is asked about by a round"),
        ("{held},anger", "line 2: `{held}` is spoken by test speaker `SYNM01`"),
        ("synthetic/none,anger", "line 2: `synthetic/none` is no clip of the campaign's corpus"),
        ("{free},joy", "line 2: `joy` is none of the classes"),
        ("{free},anger\n{free},fear", "line 3: `{free}` is gold of `anger` already, not `fear`"),
    ],
    ids=["asked", "test speaker", "unknown", "class", "two classes"],
)
def test_what_cannot_be_gold_is_named(asked: Settings, listed, line: str, reason: str) -> None:
    """The file is refused as a whole, with the line and why."""
    clips = clip_ids(asked)
    names = {
        "asked": clips[0],
        "free": clips[5],
        "held": next(clip for clip in clips if "SYNM01" in clip),
    }
    with pytest.raises(PipelineError) as found:
        add(asked, source=listed(line.format(**names)))
    assert reason.format(**names) in str(found.value)
    assert add(asked).rows() == []


def test_other_files_are_refused(asked: Settings, listed, tmp_path: Path) -> None:
    """A file without the columns, and none at all, are named with what is wanted."""
    with pytest.raises(PipelineError, match="columns clip_id, label, but has clip, emotion"):
        add(asked, source=listed(header="clip,emotion"))
    with pytest.raises(PipelineError, match="cannot be read"):
        add(asked, source=tmp_path / "absent.csv")
    with pytest.raises(PipelineError, match="not both"):
        add(asked, source=tmp_path / "absent.csv", count=3)


def test_gold_from_people_is_what_they_are_sure_of(asked: Settings) -> None:
    """A clip that people are divided about is not drawn, whatever its leading class."""
    clips = clip_ids(asked)[4:7]
    sure, unsure = [0.95, 0.01, 0.01, 0.01, 0.01, 0.01], [0.5, 0.3, 0.05, 0.05, 0.05, 0.05]
    with open_store(asked) as store:
        (taxonomy,) = queries.select_corpora(store)["taxonomy"].to_pylist()
        rows = {
            "consensus_runs": make_rows(
                "consensus_runs", run_id=["run", "far"], taxonomy=[taxonomy, "far-2"]
            ),
            "consensus": make_rows(
                "consensus",
                run_id=["run"] * 3,
                clip_id=clips,
                modality=["audio"] * 3,
                posterior=[sure, unsure, sure],
                label=["anger", "anger", "disgust"],
            ),
        }
        store.commit(rows, message="agreed")
    found = add(asked, count=9, labels="run")
    assert found.table["clip_id"].to_pylist() == [clips[0], clips[2]]
    assert set(found.table["origin"].to_pylist()) == {"run"}
    with pytest.raises(PipelineError, match="there is no consensus run `none`"):
        add(asked, count=9, labels="none")
    with pytest.raises(PipelineError, match="in `far-2`, not"):
        add(asked, count=9, labels="far")
    with pytest.raises(NothingToDoError, match="knows the class of no clip"):
        add(asked, count=9, labels="run")


def test_a_campaign_without_a_round_has_no_gold(ingested: Settings) -> None:
    """Nobody knows yet whom it holds out."""
    with pytest.raises(NothingToDoError, match="campaign `synthetic` has no round yet"):
        add(ingested, count=3)

"""Agreement from the ledger: per taxonomy and modality, by class, round, annotator and corpus."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from annotation.aggregation import AGGREGATORS
from annotation.errors import AnnotationError
from pipelines.aggregator_agreement import SINGLE_VOTE
from pipelines.agreement import AgreementResult, agreement
from pipelines.commands.agreement import agreement as verb
from pipelines.errors import NothingToDoError
from pipelines.import_votes import import_votes
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse.testing import make_rows

SILENT = SilentProgress()
CLASSES = ["calm", "fear", "joy"]
APP = typer.Typer()
APP.command()(verb)
# clip, annotator, label, modality, source
VOTES = [
    *[
        (f"demo/{name}", who, "joy", "audio", "simulated")
        for name in "abc"
        for who in ("ann", "ben")
    ],
    ("demo/c", "cleo", "fear", "audio", "simulated"),
    ("demo/d", "ann", "calm", "audio", "simulated"),
    ("demo/d", "ben", "fear", "audio", "simulated"),
    ("demo/a", None, "joy", "audio", "paper"),
    ("demo/a", "ann", "calm", "video", "paper"),
    ("demo/a", "ben", "calm", "video", "paper"),
    ("talks/a", "ann", "joy", "audio", "paper"),
    ("talks/a", "ben", "calm", "audio", "paper"),
]
RATINGS = [("demo/a", "ann", 1.0), ("demo/a", "ben", 2.0), ("demo/b", "ann", 5.0)]
RATINGS += [("demo/b", "ben", 5.0)]


def vote_columns(votes) -> dict[str, list[object]]:
    """Return the columns of labelled votes."""
    names = ("clip_id", "annotator", "label", "modality", "source")
    columns = dict(zip(names, map(list, zip(*votes, strict=True)), strict=True))
    columns["vote_id"] = [f"v{number:03d}" for number in range(len(votes))]
    return columns | {"taxonomy": ["demo-3"] * len(votes)}


@pytest.fixture(scope="module")
def voted(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a ledger of votes on clips whose intended label is known; for reading only."""
    settings = Settings(home=tmp_path_factory.mktemp("voted"))
    clips, raters, ratings = map(list, zip(*RATINGS, strict=True))
    rows = {
        "corpora": make_rows("corpora", corpus=["demo"], taxonomy=["demo-3"], classes=[CLASSES]),
        "clips": make_rows(
            "clips",
            clip_id=[f"demo/{name}" for name in "abcd"],
            corpus=["demo"] * 4,
            intended=["joy", "joy", "fear", None],
        ),
        "rounds": make_rows(
            "rounds", round_id=["demo-000", "demo-001"], campaign=["demo"] * 2, number=[0, 1]
        ),
        "asks": make_rows(
            "asks",
            ask_id=["0", "1", "2", "3"],
            round_id=["demo-000", "demo-000", "demo-001", "demo-001"],
            clip_id=["demo/a", "demo/b", "demo/c", "demo/d"],
            arm=["seed", "seed", "active", "random"],
        ),
    }
    scale = make_rows(
        "votes",
        vote_id=[f"r{number}" for number in range(4)],
        clip_id=clips,
        annotator=raters,
        arousal=ratings,
        modality=["audio"] * 4,
        taxonomy=["none"] * 4,
    )
    intended = make_rows(
        "votes",
        vote_id=["intended"],
        clip_id=["demo/a"],
        annotator=["intended:demo"],
        label=["joy"],
        modality=["audio"],
        taxonomy=["demo-3"],
        source=["intended"],
    )
    abstained = make_rows(
        "votes", vote_id=["lone"], clip_id=["lone/a"], annotator=["ann"], taxonomy=["none"]
    )
    with open_store(settings) as store:
        store.commit(rows, message="campaign")
        store.commit({"votes": abstained}, message="abstention")
        for name, votes in (("scale", scale), ("intended", intended)):
            store.commit({"votes": votes}, message=name)
        store.commit({"votes": make_rows("votes", **vote_columns(VOTES))}, message="votes")
    return settings


def values(result: AgreementResult, **wanted: object) -> dict[str, float | None]:
    """Return the value of each statistic among the rows that match."""
    rows = [row for row in result.rows() if all(row[key] == wanted[key] for key in wanted)]
    return {str(row["statistic"]): row["value"] for row in rows}


def test_taxonomies_and_modalities_are_apart(voted: Settings) -> None:
    """What was heard, what was seen and what was rated are different judgements."""
    rows = agreement(voted, SILENT, resamples=0).rows()
    groups = {(row["taxonomy"], row["modality"], row["judged"]) for row in rows}
    assert groups == {
        ("demo-3", "audio", "label"),
        ("demo-3", "video", "label"),
        ("none", "audio", "arousal"),
    }


def test_pairs_of_people_are_counted(voted: Settings) -> None:
    """Of the pairs on demo's clips, those with one answer: 3 + 1 + 1 + 0 of 3 + 1 + 3 + 1."""
    found = agreement(voted, SILENT, corpus="demo", modality="audio", resamples=0)
    assert values(found, judged="label")["pair_agreement"] == pytest.approx(5 / 8)


def test_intended_labels_are_compared_and_are_no_vote(voted: Settings) -> None:
    """Of eight votes on three clips six are right: all on a and b, and one of three on c."""
    found = agreement(voted, SILENT, corpus="demo", modality="audio", resamples=0)
    by_name = values(found, judged="label")
    assert by_name["single_vote"] == pytest.approx(6 / 8)
    assert by_name["majority"] == by_name["majority_split"] == pytest.approx(2 / 3)
    (majority,) = [row for row in found.rows() if row["statistic"] == "majority"]
    assert (majority["ties"], majority["decided"], majority["clips"]) == (0, 3, 3)


def test_classes_are_compared_with_the_rest(voted: Settings) -> None:
    """Each class has its own estimates; the intended clips of the class are looked at."""
    found = agreement(voted, SILENT, corpus="demo", modality="audio", by="class", resamples=0)
    groups = [row["group"] for row in found.rows()]
    assert list(dict.fromkeys(groups)) == CLASSES
    assert values(found, group="fear")["majority"] == 0
    assert values(found, group="joy")["majority"] == 1
    assert "majority" not in values(found, group="calm")
    assert values(found, group="calm")["pair_agreement"] == pytest.approx(7 / 8)


def test_rounds_hold_the_answers_to_their_questions(voted: Settings) -> None:
    """Votes that came with the corpus are answers to no question."""
    found = agreement(voted, SILENT, by="round", resamples=0)
    assert values(found, group="demo-000")["pair_agreement"] == 1
    assert values(found, group="demo-001")["pair_agreement"] == pytest.approx(1 / 4)
    votes = {row["group"]: row["votes"] for row in found.rows()}
    assert votes == {"demo-000": 4, "demo-001": 3}


def test_annotators_are_compared_with_all_others(voted: Settings) -> None:
    """A person with a name has a share and a kappa, the anonymous ones none."""
    found = agreement(voted, SILENT, modality="audio", corpus="demo", by="annotator", resamples=0)
    assert {row["group"] for row in found.rows()} == {"ann", "ben", "cleo"}
    assert values(found, group="cleo")["agreement_with_others"] == 0
    assert set(values(found, group="ann")) == {"agreement_with_others", "kappa_with_others"}


def test_corpora_are_apart_when_asked(voted: Settings) -> None:
    """Clips of both corpora are voted on in one taxonomy."""
    found = agreement(voted, SILENT, modality="audio", by="corpus", resamples=0)
    assert values(found, group="talks")["pair_agreement"] == 0
    assert values(found, group="demo", judged="arousal")["interval_alpha"] == pytest.approx(16 / 17)


def test_ratings_are_compared_as_numbers_or_by_rank(voted: Settings) -> None:
    """Both alphas are what Krippendorff's definition gives for the pairs (1, 2) and (5, 5)."""
    pairs, given = [(1, 2), (5, 5)], [1, 2, 5, 5]
    # Mid-ranks among all four judgements: 1 and 2 stand alone, both fives share the last two.
    ranks = {1: 0.5, 2: 1.5, 5: 3.0}
    distances = {
        "interval": lambda one, other: (one - other) ** 2,
        "ordinal": lambda one, other: (ranks[one] - ranks[other]) ** 2,
    }
    for level, apart in distances.items():
        observed = sum(2 * apart(*pair) for pair in pairs) / 4
        expected = sum(apart(one, other) for one in given for other in given) / (4 * 3)
        found = agreement(voted, SILENT, corpus="demo", rating_level=level, resamples=0)
        by_name = values(found, judged="arousal")
        assert by_name == {f"{level}_alpha": pytest.approx(1 - observed / expected)}


def test_too_many_different_ratings_to_rank_are_refused(tmp_path: Path) -> None:
    """The message says what to take instead."""
    settings = Settings(home=tmp_path / "home")
    rows = make_rows(
        "votes",
        vote_id=[f"{n:03d}" for n in range(80)],
        clip_id=[f"demo/{n // 2}" for n in range(80)],
        annotator=["ann", "ben"] * 40,
        arousal=[float(n) for n in range(80)],
    )
    with open_store(settings) as store:
        store.commit({"votes": rows}, message="ratings")
    assert values(agreement(settings, SILENT, resamples=0))["interval_alpha"] > 0
    with pytest.raises(AnnotationError, match=r"at most 64 levels, but there are 80.*interval"):
        agreement(settings, SILENT, rating_level="ordinal")


def test_intervals_hold_the_estimate_and_repeat(voted: Settings) -> None:
    """The same ledger gives the same intervals; what is undefined is None in the table."""
    first = agreement(voted, SILENT, corpus="demo", modality="audio", resamples=50)
    assert (
        first.rows()
        == agreement(voted, SILENT, corpus="demo", modality="audio", resamples=50).rows()
    )
    pairs = next(row for row in first.rows() if row["statistic"] == "pair_agreement")
    assert 0 <= pairs["low"] < pairs["value"] < pairs["high"] <= 1
    assert agreement(voted, SILENT, modality="video", resamples=50).rows()[0]["value"] is None


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ({"corpus": "nowhere"}, r"nobody has voted for corpus `nowhere`.*serloop votes"),
        ({"modality": "audiovisual"}, r"for modality `audiovisual`"),
        ({"modality": "video", "by": "round"}, r"no question of a campaign has an answer"),
        ({"corpus": "lone", "by": "annotator"}, r"no named annotator shares a clip"),
        ({"corpus": "lone", "by": "class"}, r"no vote has a label"),
        ({"corpus": "lone"}, r"no vote has a label or a rating"),
    ],
    ids=["corpus", "modality", "round", "annotator", "class", "abstention"],
)
def test_nothing_to_measure_is_said(voted: Settings, selection, message: str) -> None:
    """The message repeats what was asked for and says what to do."""
    with pytest.raises(NothingToDoError, match=message):
        agreement(voted, SILENT, **selection)


def test_a_level_outside_its_range_is_refused(voted: Settings) -> None:
    """An interval that covers everything is none."""
    with pytest.raises(AnnotationError, match="`level` must lie within"):
        agreement(voted, SILENT, level=1.5)


def test_aggregators_are_rows_of_their_own(voted: Settings) -> None:
    """By aggregator, the table is theirs, and the verb passes the choice on."""
    found = agreement(voted, SILENT, by="aggregator", resamples=0)
    assert found.estimates == ()
    assert {row["aggregator"] for row in found.rows()} == {SINGLE_VOTE, *AGGREGATORS}
    arguments = ["--home", str(voted.home), "--by", "aggregator", "--resamples", "0", "--json"]
    assert json.loads(CliRunner().invoke(APP, arguments).stdout) == found.rows()
    ranked = [*arguments[:2], *arguments[4:], "--rating-level", "ordinal"]
    names = {row["statistic"] for row in json.loads(CliRunner().invoke(APP, ranked).stdout)}
    assert "ordinal_alpha" in names
    assert "interval_alpha" not in names


def test_the_verb_prints_rows(voted: Settings) -> None:
    """JSON for a program holds one object per statistic."""
    arguments = ["--home", str(voted.home), "--by", "class", "--resamples", "0", "--json"]
    printed = CliRunner().invoke(APP, arguments)
    rows = json.loads(printed.stdout)
    assert rows == agreement(voted, SILENT, by="class", resamples=0).rows()


def test_crema_d_has_its_published_figures(serloop_data: Path, settings: Settings) -> None:
    """Votes, majorities, ties and Fleiss' kappa of voice, face and both, from the ledger alone."""
    import_votes(settings, SILENT, source="crema-d", path=serloop_data / "crema-d-votes")
    found = agreement(settings, SILENT, corpus="crema-d", resamples=0)
    names = ("single_vote", "majority", "fleiss_kappa")
    figures = {
        modality: [values(found, modality=modality)[name] for name in names]
        for modality in ("audio", "video", "audiovisual")
    }
    # The published .663 for faces is rounded from .66259.
    assert figures["audio"] == pytest.approx([0.400, 0.416, 0.278], abs=5e-4)
    assert figures["video"] == pytest.approx([0.574, 0.663, 0.456], abs=5e-4)
    assert figures["audiovisual"] == pytest.approx([0.631, 0.722, 0.494], abs=5e-4)
    voice = [row for row in found.rows() if row["modality"] == "audio"]
    assert [row["ties"] for row in voice if row["statistic"] == "majority"] == [644]
    assert voice[0]["votes"] == 68_568
    # The classes part the clips, and a majority stays one among all six classes.
    by_class = agreement(settings, SILENT, modality="audio", by="class", resamples=0).rows()
    majorities = [row for row in by_class if row["statistic"] == "majority"]
    hits = sum(row["value"] * row["clips"] for row in majorities)
    assert hits / 7_442 == pytest.approx(0.416, abs=5e-4)
    assert sum(row["ties"] for row in majorities) == 644

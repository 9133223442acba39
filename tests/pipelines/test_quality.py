"""The stage and the verb: findings as a table, as JSON and as a page, and what a script can ask."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from pipelines.commands.quality import quality as verb
from pipelines.progress import SilentProgress
from pipelines.quality import QualityResult, quality, read_thresholds
from pipelines.settings import Settings
from pipelines.workspace import open_store
from ser.audio.flags import CLIPPED_FRACTION, FLAGS, NOISY_DB
from warehouse.errors import WarehouseError
from warehouse.quality import Thresholds, list_findings
from warehouse.testing import make_rows

SILENT = SilentProgress()
APP = typer.Typer()
APP.command()(verb)


def serloop_quality(settings: Settings, *arguments: str) -> Result:
    """Run the verb in this process."""
    place = {
        "SERLOOP_WAREHOUSE__CATALOG": settings.catalog,
        "SERLOOP_WAREHOUSE__DATA_PATH": settings.data_path,
    }
    return CliRunner().invoke(APP, ["--home", str(settings.home), *arguments], env=place)


@pytest.fixture(scope="module")
def judged(ingested_once: Settings) -> QualityResult:
    """Judge the synthetic corpus."""
    return quality(ingested_once, SILENT)


def test_everything_is_looked_for(judged: QualityResult) -> None:
    """What was not found is kept beside what was."""
    assert {finding.name for finding in judged.content.findings} == set(list_findings())


def test_table_has_a_row_for_each_finding(judged: QualityResult) -> None:
    """A person reads what, how bad, how many, and what to do."""
    rows = judged.rows()
    assert len(rows) == len(judged.content.found)
    assert all({"finding", "severity", "found", "what to do"} == row.keys() for row in rows)


def test_profile_describes_the_corpus(judged: QualityResult) -> None:
    """Clips by speaker, gender and class add up."""
    (profile,) = judged.content.profiles
    assert (profile.corpus, profile.is_synthetic) == ("synthetic", True)
    assert (profile.clips, profile.labelled, profile.speakers) == (36, 36, 6)
    assert sum(clips for _, _, clips in profile.durations) == 36
    assert sum(clips for _, _, clips in profile.levels) == 36
    assert [sum(row.clips) for row in profile.balance] == [6] * 6
    assert sum(sum(clips) for _, clips in profile.genders) == 36


def test_page_is_written_and_repeats(ingested_once: Settings, judged: QualityResult) -> None:
    """The page lies with the reports and is a function of the warehouse."""
    path = Path(judged.path)
    first = path.read_bytes()
    assert path == ingested_once.reports / "quality.html"
    assert Path(quality(ingested_once, SILENT).path).read_bytes() == first


def test_one_corpus_has_a_page_of_its_own(ingested_once: Settings) -> None:
    """A look at one corpus leaves the page of all alone."""
    result = quality(ingested_once, SILENT, corpus="synthetic")
    assert Path(result.path).name == "quality-synthetic.html"
    assert result.content.scope == "corpus synthetic"


def test_codes_are_explained(ingested: Settings) -> None:
    """Flags and reasons come with their sentence."""
    with open_store(ingested) as store:
        clip = make_rows("clips", clip_id=["synthetic/x"], corpus=["synthetic"], flags=[["noisy"]])
        reject = make_rows("rejects", corpus=["synthetic"], path=["x.wav"], reason=["truncated"])
        store.commit({"clips": clip, "rejects": reject}, message="odd files")
    page = Path(quality(ingested, SILENT).path).read_text(encoding="utf-8")
    assert FLAGS["noisy"] in page
    assert "less audio can be decoded than the header promises" in page


def test_unlabelled_clips_are_a_class_of_the_profile(ingested: Settings) -> None:
    """Clips of the pool are counted and named as what they are."""
    with open_store(ingested) as store:
        clip = make_rows("clips", clip_id=["synthetic/x"], corpus=["synthetic"], speech_end_s=[1.0])
        store.commit({"clips": clip}, message="unlabelled")
    (profile,) = quality(ingested, SILENT).content.profiles
    assert profile.classes[-1] == "unlabelled"
    assert (profile.clips, profile.labelled) == (37, 36)


def test_an_empty_warehouse_has_a_page(settings: Settings) -> None:
    """Nothing is no error."""
    result = quality(settings, SILENT)
    assert result.rows() == []
    assert "no clips yet" in Path(result.path).read_text(encoding="utf-8")


def test_thresholds_agree_with_the_flags_of_decoding() -> None:
    """A clip that is flagged on ingest is found here, and no other."""
    assert (Thresholds().clipped_share, Thresholds().snr_low_db) == (CLIPPED_FRACTION, NOISY_DB)


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("snr=3", "no threshold `snr`; there are outlier_z=3.5"),
        ("snr_low_db=high", "`snr_low_db` must be a number, got `high`; write `snr_low_db=15`"),
        ("snr_low_db", "must be a number, got ``"),
    ],
)
def test_wrong_threshold_is_explained(pair: str, message: str) -> None:
    """The message lists the thresholds there are, or shows how to write one."""
    with pytest.raises(WarehouseError, match=message):
        read_thresholds([pair])


def test_verb_prints_table_and_path(ingested_once: Settings) -> None:
    """A person sees the findings and where the evidence is."""
    result = serloop_quality(ingested_once, "--threshold", "snr_low_db=99")
    assert result.exit_code == 0
    assert "Noisy recordings" in result.stdout
    assert "quality.html" in result.stdout


def test_json_holds_everything(ingested_once: Settings) -> None:
    """A program gets findings with evidence, and the profiles."""
    result = serloop_quality(ingested_once, "--json", "--threshold", "snr_low_db=99")
    document = json.loads(result.stdout)
    noisy = next(item for item in document["findings"] if item["name"] == "low_snr")
    assert noisy["count"] == noisy["rows"] > 0
    assert noisy["criteria"] == [["snr_low_db", 99.0]]
    assert len(noisy["evidence"][0]) == len(noisy["columns"])
    assert document["profiles"][0]["clips"] == 36


@pytest.mark.parametrize(("severity", "code"), [("error", 0), ("warning", 1), ("note", 1)], ids=str)
def test_fail_on_ends_with_1_from_that_severity_on(
    ingested_once: Settings, severity: str, code: int
) -> None:
    """Findings are no failures unless a script says from where on they are."""
    options = ("--threshold", "snr_low_db=99")
    assert serloop_quality(ingested_once, *options).exit_code == 0
    assert serloop_quality(ingested_once, *options, "--fail-on", severity).exit_code == code


def test_unknown_corpus_ends_with_1(ingested_once: Settings) -> None:
    """The message lists the corpora there are, and no page is written."""
    result = serloop_quality(ingested_once, "--corpus", "nowhere")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no corpus `nowhere`; it holds `synthetic`" in result.stderr
    assert not (ingested_once.reports / "quality-nowhere.html").exists()

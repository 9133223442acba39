"""CREMA-D's answers of single listeners are read as votes of persons."""

import pytest

from annotation.errors import VoteError
from annotation.imports import read_crema_d_responses, read_csv

HEADER = (
    '"","localid","pos","ans","ttr","queryType","numTries","clipNum","questNum","subType",'
    '"clipName","sessionNums","respEmo","respLevel","dispEmo","dispVal","dispLevel"\n'
)
SOUND = '"1","SSI_1",10,"A_100","2448",1,0,3341,17,4,"1041_WSI_ANG_XX",4410,"A","100","A",50,"X"\n'
NEGATIVE = SOUND.replace('"2448"', '"-12448"').replace(",1,0,3341", ",2,0,3341")
LEVELLESS = SOUND.replace('"A_100"', '"A"').replace('"A","100"', '"A","A"').replace(",17,", ",18,")


def read(*rows: str, **options):
    """Read rows as the released file has them."""
    return read_crema_d_responses(read_csv((HEADER + "".join(rows)).encode()), **options)


def test_an_answer_is_a_vote_of_a_person() -> None:
    """Person, clip, modality, answer and seconds are where the ledger has them."""
    (vote,) = read(SOUND).votes.to_pylist()
    expected = {
        "clip_id": "crema-d/1041_WSI_ANG_XX",
        "annotator": "crema-d:SSI_1",
        "modality": "audio",
        "label": "anger",
        "taxonomy": "crema-d-6",
        "lead_time_s": 2.448,
        "source_ref": "responses/4410/1/17",
        "count": 1,
    }
    assert vote.items() >= expected.items()


def test_a_negative_response_time_leaves_the_vote() -> None:
    """Upstream issue 18: the time is noted and set aside, the answer counts."""
    found = read(NEGATIVE, LEVELLESS)
    assert found.votes["lead_time_s"].to_pylist() == [None, 2.448]
    assert found.votes["modality"].to_pylist() == ["video", "audio"]
    (note,) = found.notes.to_pylist()
    assert (note["row"], note["code"]) == (1, "bad_lead_time")
    assert "-12.448" in note["detail"]


def test_a_question_counts_once_with_its_first_answer() -> None:
    """Rows 312183 and 312184 of the release answer one question: the log decides which is first."""
    later = SOUND.replace(",10,", ",11,", 1).replace('"A","100"', '"H","100"')
    found = read(later, SOUND)
    assert found.votes["label"].to_pylist() == ["anger"]
    (refused,) = found.quarantined.to_pylist()
    assert (refused["row"], refused["reason"]) == (1, "repeated_judgement")
    assert refused["annotator"] == "crema-d:SSI_1"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("1041_WSI_ANG_XX", "ANG_HI_practice"), "practice"),
        (('"SSI_1"', '""'), "missing_annotator"),
        (('"1041_WSI_ANG_XX"', '""'), "missing_clip_id"),
        (('"A","100"', '"X","100"'), "unknown_label"),
        (('"A","100"', '"","100"'), "no_judgement"),
        ((",1,0,3341", ",7,0,3341"), "unknown_modality"),
        ((",1,0,3341", ",,0,3341"), "unknown_modality"),
        (('"dispX"\n', "\n"), None),
    ],
    ids=["practice", "nobody", "no-clip", "letter", "blank", "type", "no-type", "sound"],
)
def test_rows_that_are_no_answers_are_quarantined(change, reason) -> None:
    """Each costs itself alone."""
    odd = SOUND.replace(",17,", ",19,").replace(*change)
    found = read(SOUND, odd)
    assert [row["reason"] for row in found.quarantined.to_pylist()] == ([reason] if reason else [])
    assert found.votes.num_rows == (1 if reason else 2)


def test_distracted_answers_are_left_out_as_the_release_did() -> None:
    """A first click after ten seconds, in the other file, takes the answer out of the counts."""
    clicks = "sessionNums,queryType,questNum,ttr\n4410,1,17,10001\n4410,1,18,10000\n"
    found = read(SOUND, LEVELLESS, first_clicks=read_csv(clicks.encode()))
    assert found.votes["source_ref"].to_pylist() == ["responses/4410/1/18"]
    assert found.reason_counts() == (("distracted", 1),)


def test_another_layout_is_refused() -> None:
    """The message names the first column that is missing."""
    with pytest.raises(VoteError, match="must have a column `localid`"):
        read_crema_d_responses(read_csv(b"clipName,respEmo\na,A\n"))

"""A step is told to people in few words, and to programs whole."""

from datetime import UTC, datetime

from pipelines.lineage.step import Step

FACTS = {
    "hash": "ab" * 32,
    "names": list("abcdefg"),
    "none": [],
    "count": {"left": 2, "gone": None},
    "sure": True,
    "share": 0.123456,
    "undefined": float("nan"),
    "at": datetime(2026, 11, 23, 8, 5, tzinfo=UTC),
    "who": None,
}


def test_a_row_is_short() -> None:
    """Hashes and lists are cut, and what is not known is called so."""
    row = Step("audio", "calls", FACTS).row()
    assert (row["step"], row["which"]) == ("audio", "calls")
    assert row["known"] == (
        "hash abababababab, names a b c d e and 2 more, none none, count left=2 gone=unknown, "
        "sure yes, share 0.1235, undefined nan, at 2026-11-23 08:05, who unknown"
    )


def test_a_document_is_whole() -> None:
    """Nothing is cut; what JSON cannot write is null."""
    facts = Step("audio", "calls", FACTS).document()["facts"]
    assert facts["hash"] == "ab" * 32
    assert facts["names"] == list("abcdefg")
    assert facts["count"] == {"left": 2, "gone": None}
    assert (facts["undefined"], facts["who"]) == (None, None)
    assert facts["at"] == "2026-11-23T08:05:00+00:00"

"""Reason codes are a closed list with one explanation each."""

from typing import get_args

from ser.audio.reasons import REASONS, Reason, rejection


def test_every_reason_is_explained():
    """The table and the type name the same codes."""
    assert set(REASONS) == set(get_args(Reason))


def test_rejection_carries_reason_and_detail():
    """The error can be stored by code and read by a person."""
    error = rejection("too_short", "0.05 s of audio")
    assert (error.reason, error.detail) == ("too_short", "0.05 s of audio")

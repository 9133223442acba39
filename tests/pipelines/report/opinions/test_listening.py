"""Sound on the page: what there is, as far as there is room, and else the reason."""

from dataclasses import replace

import numpy as np
import pytest

from pipelines.flac import encode_flac
from pipelines.report.opinions import listening
from pipelines.report.opinions.listening import add_players
from pipelines.report.opinions.testing import build_sample_opinions

(GROUP,) = build_sample_opinions().groups
SAMPLES = (8000 * np.sin(np.arange(16000) / 9)).astype("<i2")
WAVEFORM = {"pcm16": SAMPLES.tobytes(), "sample_rate": 16000}


def _read(clip_ids):
    return dict.fromkeys(clip_ids, WAVEFORM)


def test_clips_get_sound_and_length():
    """Every doubtful clip can be heard, and nothing excuses itself."""
    (group,) = add_players([GROUP], _read)
    clips = [*group.ambiguous, *group.unheard]
    assert all(clip.audio and not clip.silence and clip.duration_s == 1.0 for clip in clips)


def test_missing_audio_is_said():
    """Votes may come without the audio."""
    (group,) = add_players([GROUP], lambda _: {})
    assert {clip.silence for clip in group.ambiguous} == {"Its audio is not in the warehouse."}


def test_faces_have_nothing_to_hear():
    """Votes on the face alone are not about the sound, which is not even read."""
    asked = []
    (group,) = add_players([replace(GROUP, modality="video")], lambda ids: asked.extend(ids) or {})
    assert asked == []
    assert all("face alone" in clip.silence for clip in group.ambiguous)


@pytest.mark.parametrize(
    ("limit", "players", "reason"),
    [("MAX_CLIP_BYTES", 0, "Too long"), ("MAX_PAGE_BYTES", 3, "the page would grow too large")],
)
def test_the_page_stays_small(monkeypatch, limit, players, reason):
    """A long clip has no player, and clips people disagree about come first."""
    room = len(encode_flac(WAVEFORM)) * players
    monkeypatch.setattr(listening, limit, room)
    groups = add_players([GROUP, GROUP], _read)
    clips = [clip for group in groups for clip in (*group.ambiguous, *group.unheard)]
    assert sum(clip.audio is not None for clip in clips) == players
    assert all(reason in clip.silence for clip in clips if clip.audio is None)
    if players:
        assert all(clip.audio for clip in groups[0].ambiguous)

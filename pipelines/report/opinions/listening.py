"""Put the sound of doubtful clips on the page, within what a page may weigh."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pipelines.flac import encode_flac
from pipelines.report.opinions.content import ClipView, GroupContent

MAX_CLIP_BYTES: Final = 600_000
MAX_PAGE_BYTES: Final = 4_000_000
"""FLAC on one page; base64 makes a third more of it."""

Waveforms = Callable[[Sequence[str]], Mapping[str, Mapping[str, Any]]]
_UNSEEN: Final = "People judged the face alone, so there is nothing to hear."


def add_players(groups: Sequence[GroupContent], read: Waveforms) -> tuple[GroupContent, ...]:
    """Give the clips their sound, as far as the warehouse has it and the page has room.

    Clips on which people disagree come first, in every group, then those too few have judged.

    Args:
        groups: in the order of the page.
        read: returns rows of `waveforms` by clip id, those that there are.

    Returns:
        The groups with audio, and with the reason where a clip has none.
    """
    heard = [group for group in groups if group.modality != "video"]
    wanted = {clip.clip_id for group in heard for clip in (*group.ambiguous, *group.unheard)}
    waveforms = read(sorted(wanted))
    shelf = _Shelf(waveforms)
    first = [_voice(group, group.ambiguous, shelf) for group in groups]
    rest = [_voice(group, group.unheard, shelf) for group in groups]
    return tuple(
        replace(group, ambiguous=ambiguous, unheard=unheard)
        for group, ambiguous, unheard in zip(groups, first, rest, strict=True)
    )


class _Shelf:
    """The sounds there are, and the room that is left for them."""

    def __init__(self, waveforms: Mapping[str, Mapping[str, Any]]) -> None:
        self._waveforms = waveforms
        self._room = MAX_PAGE_BYTES

    def take(self, clip: ClipView) -> ClipView:
        """Return the clip with its sound, or with the reason why it has none."""
        waveform = self._waveforms.get(clip.clip_id)
        if waveform is None:
            return replace(clip, silence="Its audio is not in the warehouse.")
        duration_s = len(waveform["pcm16"]) / 2 / waveform["sample_rate"]
        audio = encode_flac(waveform)
        if len(audio) > MAX_CLIP_BYTES:
            silence = "Too long to be played here."
        elif len(audio) > self._room:
            silence = "No player: the page would grow too large."
        else:
            self._room -= len(audio)
            return replace(clip, duration_s=duration_s, audio=audio, silence="")
        return replace(clip, duration_s=duration_s, silence=silence)


def _voice(group: GroupContent, clips: Sequence[ClipView], shelf: _Shelf) -> tuple[ClipView, ...]:
    if group.modality == "video":
        return tuple(replace(clip, silence=_UNSEEN) for clip in clips)
    return tuple(shelf.take(clip) for clip in clips)

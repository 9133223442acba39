"""Views: parts of clips, varied as the settings say."""

import numpy as np
import pytest
import torch

from ser.audio.augment.record import Augmentation
from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures
from ser.features.spectral import LogMel
from ser.models.normalisation import BandNormalisation
from ser.pretraining.parameters import PretrainingParameters
from ser.pretraining.views import ViewMaker, crop_clips

PLAIN = Augmentation(speed_factors=())
LENGTHS = (30, 5, 1, 17)


def numbered(offset: float = 0.0) -> RaggedFeatures:
    """Return clips whose values count their frames, 8 bands each."""
    frames = [np.arange(n)[:, None] + 100.0 * clip + offset for clip, n in enumerate(LENGTHS)]
    return RaggedFeatures.from_list([np.repeat(each, 8, axis=1) for each in frames])


def draw(augmentation: Augmentation = PLAIN, *, seed: int = 0, **options: object):
    """Return a view of each clip, and its lengths."""
    settings = PretrainingParameters(
        augmentation=augmentation, shortest_crop=options.pop("shortest", 0.5)
    )
    views = ViewMaker(options.pop("versions", [numbered()]), settings, options.pop("mel", None))
    generator = torch.Generator().manual_seed(seed)
    return views.draw(np.arange(len(LENGTHS)), BandNormalisation(8), generator)


def test_a_view_is_an_unbroken_part_of_its_clip():
    """Of at least the share asked for, at all places in the long run."""
    starts = set()
    for seed in range(60):
        features, lengths = draw(seed=seed)
        for clip, (view, kept, whole) in enumerate(zip(features, lengths, LENGTHS, strict=True)):
            frames = view[:kept, 0] - 100 * clip
            assert whole / 2 <= kept <= whole
            assert frames.diff().eq(1).all()
            assert 0 <= frames[0] <= whole - kept
        starts.add(int(features[1, 0, 0]))
    assert starts == {100, 101, 102}


def test_whole_clips_stay_whole():
    """A share of 1 crops nothing."""
    features, lengths = draw(shortest=1.0)
    assert lengths.tolist() == list(LENGTHS)
    assert torch.equal(features[3, :17], torch.from_numpy(numbered()[3]))


def test_two_views_differ_and_can_be_repeated():
    """They follow from the generator alone."""
    settings = Augmentation(speed_factors=(), masks=1.0, masked_band_share=0.5)
    first, again, other = draw(settings), draw(settings), draw(settings, seed=1)
    assert torch.equal(first[0], again[0])
    assert not torch.equal(first[1], other[1])
    assert (first[0] == 0).any()


def test_every_version_is_heard():
    """A view is of one of them, whole."""
    versions = [numbered(), numbered(1000.0)]
    heard = {bool(draw(seed=seed, versions=versions)[0][0, 0, 0] > 500) for seed in range(10)}
    assert heard == {True, False}


def test_the_sound_of_log_mel_can_be_varied():
    """A gain moves all bands of a view alike."""
    louder = Augmentation(speed_factors=(), gain=1.0, gain_db=(6.0, 6.0))
    clips = numbered()
    quiet = RaggedFeatures(clips.values / 100 - 5, clips.offsets)
    plain, varied = (
        draw(each, mel=LogMel(bands=8), versions=[quiet])[0] for each in (PLAIN, louder)
    )
    torch.testing.assert_close(
        varied - plain, torch.full_like(plain, 0.6 * np.log(10)), atol=1e-3, rtol=0
    )


@pytest.mark.parametrize("mel", [None, LogMel()], ids=["other features", "other bands"])
@pytest.mark.parametrize("effect", ["gain", "warp"])
def test_the_sound_of_other_features_cannot(mel, effect):
    """The message says what to pass or to leave."""
    with pytest.raises(ConfigurationError, match="pass `log_mel` with 8 bands, or set all but"):
        draw(Augmentation(**{effect: 1.0}), mel=mel)


def test_padding_repeats_the_last_frame():
    """So that whatever reads it is finite."""
    clips = torch.arange(12.0).reshape(2, 6, 1)
    generator = torch.Generator().manual_seed(0)
    view, kept = crop_clips(clips, torch.tensor([6, 2]), shortest=1.0, generator=generator)
    assert kept.tolist() == [6, 2]
    assert view[1, :, 0].tolist() == [6, 7, 7, 7, 7, 7]

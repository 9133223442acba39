"""A file becomes a clip whose audio and numbers agree with the file."""

import csv
import hashlib
import io
import math

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from ser.audio.reasons import REASONS
from ser.audio.segment import TrimSettings
from ser.errors import AudioError
from ser.features.spectral import LogMel
from ser.prepare import PreparedClip, Rejected, prepare_batch, prepare_clip


def speech(rate=16000, seconds=(0.6, 0.5, 0.4)):
    """Return a buzz between two stretches of hiss at 50 dB less, float64."""
    before, during, after = (round(s * rate) for s in seconds)
    phase = np.arange(during) * 150 / rate
    clip = np.random.default_rng(2).standard_normal(before + during + after) * 3e-4
    clip[before : before + during] += 0.2 * (phase % 1 - 0.5)
    return clip


def write(samples, rate=16000, **options):
    """Return samples as the bytes of a file."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate, **options)
    return file.getvalue()


DAMAGEABLE = {name: write(speech(), format=name) for name in ("WAV", "AIFF", "FLAC", "OGG", "MP3")}


def test_clip_of_a_16_bit_file_is_a_slice_of_it():
    """At 16 kHz mono nothing is changed: the waveform is a stretch of the file's samples."""
    data = write(speech(), format="FLAC")
    stored, _ = soundfile.read(io.BytesIO(data), dtype="int16")
    clip = prepare_clip(data)
    start = round(clip.speech_start_s * 16000)
    assert np.array_equal(clip.waveform, stored[start : start + len(clip.waveform)])
    assert clip.speech_end_s == (start + len(clip.waveform)) / 16000


@pytest.mark.parametrize(
    ("format_name", "rate", "channels"),
    [
        ("WAV", 16000, 1),
        ("MP3", 44100, 2),
        ("OGG", 48000, 2),
        ("AIFF", 8000, 1),
        ("FLAC", 96000, 1),
    ],
)
def test_facts_of_the_source(format_name, rate, channels):
    """Format, rate, channels, duration and span are the source's, whatever it is."""
    if format_name == "FLAC":
        channels = 1
    data = write(np.tile(speech(rate)[:, None], channels), rate, format=format_name)
    clip = prepare_clip(data)
    found = (clip.source_format, clip.source_rate, clip.source_channels, clip.source_bytes)
    assert found == (format_name, rate, channels, len(data))
    assert clip.duration_s == pytest.approx(1.5)
    # One smoothed frame each side, and the pre-echo of the lossy formats.
    assert clip.speech_start_s == pytest.approx(0.5, abs=0.05)
    assert clip.speech_end_s == pytest.approx(1.2, abs=0.05)
    assert (clip.sample_rate, clip.waveform.dtype) == (16000, np.int16)


def test_numbers_describe_the_stored_waveform(tmp_path):
    """Hash, level and ratio are those of the file's bytes and of the span kept."""
    path = tmp_path / "a.wav"
    path.write_bytes(write(speech(), format="WAV"))
    clip = prepare_clip(path)
    power = np.mean((clip.waveform / 32768.0) ** 2)
    assert clip.audio_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert clip.level_dbfs == pytest.approx(10 * math.log10(power))
    assert clip.snr_db == pytest.approx(10 * math.log10(0.2**2 / 12 / 9e-8), abs=1.5)
    assert clip.clipped_fraction == 0


def test_preparing_twice_gives_the_same():
    """The result is a function of the bytes."""
    data = write(speech(48000), 48000, format="WAV")
    first, second = prepare_clip(data), prepare_clip(data)
    assert np.array_equal(first.waveform, second.waveform)
    assert first.level_dbfs == second.level_dbfs


def test_span_never_ends_behind_the_source():
    """Resampling rounds the length up; the span still ends inside the source."""
    clip = prepare_clip(
        write(speech(44100)[:45678], 44100, format="WAV"), trim=TrimSettings(padding_s=9)
    )
    assert clip.speech_end_s == clip.duration_s == 45678 / 44100


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        pytest.param(speech()[:1599], "too_short", id="a sample less than 0.1 s"),
        pytest.param(np.zeros(16000), "no_speech", id="silence"),
        pytest.param(speech()[:5000], "no_speech", id="hiss"),
        pytest.param(np.stack([speech(), -speech()], axis=1), "no_speech", id="opposite channels"),
    ],
)
def test_clip_without_usable_speech_is_refused(samples, reason):
    """Audio that decodes but holds no speech has its own codes."""
    with pytest.raises(AudioError, match=f"^{reason}: "):
        prepare_clip(write(samples, format="WAV", subtype="FLOAT"))


def test_batch_keeps_bad_files_in_their_place(tmp_path):
    """One bad file spoils no batch: it is reported where it stood, with its hash."""
    good = write(speech(), format="WAV")
    results = prepare_batch([good, good[:-9], tmp_path / "missing.wav", good])
    assert [type(r) for r in results] == [PreparedClip, Rejected, Rejected, PreparedClip]
    cut, missing = results[1:3]
    assert (cut.reason, cut.source_bytes) == ("truncated", len(good) - 9)
    assert cut.audio_sha256 == hashlib.sha256(good[:-9]).hexdigest()
    assert (missing.reason, missing.audio_sha256) == ("unreadable", "")
    assert "No such file" in missing.detail


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(["WAV", "AIFF", "FLAC", "OGG", "MP3"]), st.data())
def test_damaged_files_never_raise(format_name, data):
    """Whatever bytes are overwritten or cut off, a batch reports and goes on."""
    content = bytearray(DAMAGEABLE[format_name])
    for position in data.draw(st.lists(st.integers(0, 60), max_size=4)):
        content[position] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(1, len(content)))
    (result,) = prepare_batch([bytes(content[:cut])])
    assert isinstance(result, PreparedClip) or result.reason in REASONS


def test_features_take_prepared_waveforms():
    """The log-mel accepts the waveforms of a batch as they are."""
    clips = prepare_batch([write(speech(), format="WAV"), write(speech()[4000:], format="WAV")])
    features = LogMel().compute([clip.waveform for clip in clips])
    assert features.lengths.tolist() == [1 + len(clip.waveform) // 256 for clip in clips]


def manifest(root, column):
    """Return the manifest rows of RAVDESS that have a file in a column."""
    with (root / "ravdess" / "MANIFEST.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if row[column]]


def test_ravdess_originals_agree_with_the_manifest(serloop_data):
    """Original WAV files with odd chunks decode to the frames and hashes the corpus lists."""
    rows = manifest(serloop_data, "staged_raw_wav")
    clips = prepare_batch([serloop_data / "ravdess" / row["staged_raw_wav"] for row in rows])
    assert len(rows) == 21
    for row, clip in zip(rows, clips, strict=True):
        assert round(clip.duration_s * clip.source_rate) == int(row["orig_frames"])
        assert (clip.source_rate, clip.source_channels) == (48000, int(row["orig_channels"]))
        assert (clip.audio_sha256, clip.source_bytes) == (
            row["orig_sha256"],
            int(row["orig_bytes"]),
        )


def test_ravdess_16k_clips_are_all_clips(serloop_data):
    """Every fortieth clip is accepted, as long as listed, with its speech inside."""
    rows = manifest(serloop_data, "staged_16k_flac")
    assert len(rows) == 1440
    sources = [serloop_data / "ravdess" / row["staged_16k_flac"] for row in rows[::40]]
    for row, clip in zip(rows[::40], prepare_batch(sources), strict=True):
        assert (clip.source_format, clip.source_rate, clip.source_channels) == ("FLAC", 16000, 1)
        # The manifest rounds to 0.1 ms and lists the 48 kHz original.
        assert clip.duration_s == pytest.approx(float(row["duration_s"]), abs=1.2e-4)
        assert 0 <= clip.speech_start_s < clip.speech_end_s <= clip.duration_s


@pytest.mark.slow
def test_all_of_ravdess_is_accepted_and_13_clips_clip(serloop_data):
    """All 1,440 clips are accepted; 13 of them clip, by 1 to 6 samples, as documented."""
    rows = manifest(serloop_data, "staged_16k_flac")
    clips = prepare_batch([serloop_data / "ravdess" / row["staged_16k_flac"] for row in rows])
    clipped = [
        round(c.clipped_fraction * c.duration_s * 16000) for c in clips if c.clipped_fraction
    ]
    assert (len(clipped), min(clipped), max(clipped)) == (13, 1, 6)


def test_ravdess_resampled_here_sounds_like_sox(serloop_data):
    """48 kHz clips resampled here equal SoX's 16 kHz versions to −40 dB below 7 kHz."""
    rows = manifest(serloop_data, "staged_native_flac")[::30]
    for row in rows:
        root, whole = serloop_data / "ravdess", TrimSettings(padding_s=60)
        ours = prepare_clip(root / row["staged_native_flac"], trim=whole).waveform.astype(float)
        theirs = prepare_clip(root / row["staged_16k_flac"], trim=whole).waveform.astype(float)
        samples = min(len(ours), len(theirs))
        # Above 7 kHz the two filters fall off differently, as filters may.
        speech_bins = slice(0, samples * 7 // 16)
        error = np.abs(np.fft.rfft(ours[:samples] - theirs[:samples])[speech_bins]) ** 2
        error = error.sum() / np.sum(np.abs(np.fft.rfft(theirs)) ** 2)
        assert 10 * math.log10(error) < -40

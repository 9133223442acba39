"""A file becomes a clip whose audio and numbers agree with the file."""

import csv
import hashlib
import io
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from ser.audio.reasons import REASONS
from ser.audio.segment import TrimSettings
from ser.features.spectral import LogMel
from ser.prepare import PreparedClip, Rejected, Unchanged, prepare

REPOSITORY = Path(__file__).parents[2]


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


def prepare_one(source, **options):
    """Return the only clip of a source."""
    (clip,) = prepare(source, **options)
    return clip


def prepare_all(sources):
    """Return the only clip of each source."""
    return [prepare_one(source) for source in sources]


def talk(seconds):
    """Return a recording: a word every two and a half seconds, in a hiss."""
    words = np.tile(speech(seconds=(0.6, 1.5, 0.4)), round(seconds / 2.5))
    return words + np.random.default_rng(3).standard_normal(len(words)) * 1e-4


DAMAGEABLE = {name: write(speech(), format=name) for name in ("WAV", "AIFF", "FLAC", "OGG", "MP3")}


def test_clip_of_a_16_bit_file_is_a_slice_of_it():
    """At 16 kHz mono nothing is changed: the waveform is a stretch of the file's samples."""
    data = write(speech(), format="FLAC")
    stored, _ = soundfile.read(io.BytesIO(data), dtype="int16")
    clip = prepare_one(data)
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
    clip = prepare_one(data)
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
    clip = prepare_one(path)
    power = np.mean((clip.waveform / 32768.0) ** 2)
    assert clip.audio_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert clip.level_dbfs == pytest.approx(10 * math.log10(power))
    # Levels leave out what moves slowly within 10 ms: of a buzz at 150 Hz about 2.5 dB.
    assert clip.snr_db == pytest.approx(10 * math.log10(0.2**2 / 12 / 9e-8) - 2.5, abs=1.5)
    assert clip.clipped_fraction == 0


def test_preparing_twice_gives_the_same():
    """The result is a function of the bytes."""
    data = write(speech(48000), 48000, format="WAV")
    first, second = prepare_one(data), prepare_one(data)
    assert np.array_equal(first.waveform, second.waveform)
    assert first.level_dbfs == second.level_dbfs


def test_span_never_ends_behind_the_source():
    """Resampling rounds the length up; the span still ends inside the source."""
    clip = prepare_one(
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
def test_source_without_usable_speech_is_rejected(samples, reason):
    """Audio that decodes but holds no speech has its own codes."""
    data = write(samples, format="WAV", subtype="FLOAT")
    found = prepare(data)
    assert (found.reason, found.source_bytes) == (reason, len(data))
    assert found.audio_sha256 == hashlib.sha256(data).hexdigest()


def test_missing_file_has_no_hash(tmp_path):
    """What could not be read has no content to know again."""
    found = prepare(tmp_path / "missing.wav")
    assert (found.reason, found.audio_sha256, found.source_bytes) == ("unreadable", "", 0)
    assert "No such file" in found.detail


def test_known_content_is_not_decoded():
    """The hash comes first: bytes that no decoder knows are left alone when they are known."""
    data = b"no audio at all"
    digest = hashlib.sha256(data).hexdigest()
    assert prepare(data, known={digest}) == Unchanged(digest, len(data))
    assert isinstance(prepare(data, known={"other"}), Rejected)


def test_offset_is_taken_away():
    """A mean of half a per cent of full scale goes, a smaller one stays; both leave the span."""
    plain = prepare_one(write(speech(), format="WAV"))
    shifted = prepare_one(write(speech() + 0.1, format="WAV"))
    nudged = prepare_one(write(speech() + 0.004, format="WAV"))
    assert (plain.flags, shifted.flags, nudged.flags) == ((), ("dc_offset",), ())
    assert abs(shifted.waveform.mean()) < 300 < abs(nudged.waveform.mean() + 400)
    np.testing.assert_allclose(shifted.waveform, plain.waveform, atol=50)
    assert shifted.speech_start_s == nudged.speech_start_s == plain.speech_start_s


def test_long_recording_becomes_pieces_of_it():
    """Pieces are stretches of the source, in order, apart, short, and say where they are."""
    data = write(talk(100), format="FLAC")
    stored, _ = soundfile.read(io.BytesIO(data), dtype="int16")
    clips = list(prepare(data))
    assert len(clips) > 4
    ends = [clip.speech_end_s for clip in clips]
    assert all(clip.speech_start_s >= end for clip, end in zip(clips[1:], ends, strict=False))
    for clip in clips:
        start = round(clip.speech_start_s * 16000)
        assert np.array_equal(clip.waveform, stored[start : start + len(clip.waveform)])
        assert clip.segment == (clip.speech_start_s, clip.speech_end_s)
        assert len(clip.waveform) <= 20 * 16000
        assert (clip.duration_s, clip.flags) == (100.0, ("long_recording",))


def test_every_word_of_a_long_recording_is_in_a_piece():
    """Nothing louder than the hiss is lost between the pieces."""
    kept = np.zeros(100 * 16000, bool)
    for clip in prepare(write(talk(100), format="WAV")):
        kept[round(clip.speech_start_s * 16000) : round(clip.speech_end_s * 16000)] = True
    assert not (np.abs(talk(100)) > 0.05)[~kept].any()


def test_longest_clip_decides_what_is_long():
    """The same recording is one clip or several."""
    data = write(talk(10), format="WAV")
    assert prepare_one(data).segment is None
    assert len(list(prepare(data, longest_clip_s=9))) > 1


def test_way_through_the_disk_changes_nothing(tmp_path, monkeypatch):
    """A file read in blocks, its sound kept on disk, gives the clips that memory gives."""
    path = tmp_path / "a.wav"
    path.write_bytes(write(np.tile(talk(70)[:, None], 2) + 0.02, 22050, format="WAV"))
    expected = list(prepare(path, longest_clip_s=30))
    monkeypatch.setattr("ser.audio.source.IN_MEMORY_BYTES", 1000)
    monkeypatch.setattr("ser.audio.files.BLOCK_SAMPLES", 30_011)
    monkeypatch.setattr("ser.prepare.IN_MEMORY_SAMPLES", 10_000)
    found = list(prepare(path, longest_clip_s=30))
    assert len(found) == len(expected) > 1
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one.waveform, other.waveform)
        assert (one.segment, one.flags, one.snr_db) == (other.segment, other.flags, other.snr_db)
        assert (one.level_dbfs, one.audio_sha256) == (other.level_dbfs, other.audio_sha256)


def test_long_recording_without_speech_is_rejected():
    """Two minutes of hiss are no clip."""
    hiss = np.random.default_rng(2).standard_normal(16000 * 120) * 2e-4
    assert prepare(write(hiss, format="WAV")).reason == "no_speech"


def test_errors_come_before_the_first_clip():
    """A long recording that is damaged near its end gives no clip at all."""
    data = write(talk(100), format="FLAC")
    assert prepare(data[:-3000]).reason == "truncated"


def test_nothing_here_loads_torch():
    """A worker that prepares files starts without torch, which takes seconds."""
    code = "import sys, ser.prepare; assert list(ser.prepare.prepare(open(0, 'rb').read()));"
    code += "assert not {'torch', 'torchaudio', 'scipy.signal'} & set(sys.modules)"
    data = write(speech(48000), 48000, format="FLAC")
    subprocess.run([sys.executable, "-c", code], input=data, check=True, cwd=REPOSITORY)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(["WAV", "AIFF", "FLAC", "OGG", "MP3"]), st.data())
def test_damaged_files_never_raise(format_name, data):
    """Whatever bytes are overwritten or cut off, the file is rejected or becomes clips."""
    content = bytearray(DAMAGEABLE[format_name])
    for position in data.draw(st.lists(st.integers(0, 60), max_size=4)):
        content[position] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(1, len(content)))
    found = prepare(bytes(content[:cut]))
    if isinstance(found, Rejected):
        assert found.reason in REASONS
    else:
        assert all(isinstance(clip, PreparedClip) for clip in found)


def test_features_take_prepared_waveforms():
    """The log-mel accepts the waveforms of clips as they are."""
    clips = prepare_all([write(speech(), format="WAV"), write(speech()[4000:], format="WAV")])
    features = LogMel().compute([clip.waveform for clip in clips])
    assert features.lengths.tolist() == [1 + len(clip.waveform) // 256 for clip in clips]


def manifest(root, column):
    """Return the manifest rows of RAVDESS that have a file in a column."""
    with (root / "ravdess" / "MANIFEST.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if row[column]]


def test_ravdess_originals_agree_with_the_manifest(serloop_data):
    """Original WAV files with odd chunks decode to the frames and hashes the corpus lists."""
    rows = manifest(serloop_data, "staged_raw_wav")
    clips = prepare_all([serloop_data / "ravdess" / row["staged_raw_wav"] for row in rows])
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
    for row, clip in zip(rows[::40], prepare_all(sources), strict=True):
        assert (clip.source_format, clip.source_rate, clip.source_channels) == ("FLAC", 16000, 1)
        # The manifest rounds to 0.1 ms and lists the 48 kHz original.
        assert clip.duration_s == pytest.approx(float(row["duration_s"]), abs=1.2e-4)
        assert 0 <= clip.speech_start_s < clip.speech_end_s <= clip.duration_s


@pytest.mark.slow
def test_all_of_ravdess_is_accepted_and_13_clips_clip(serloop_data):
    """All 1,440 clips are accepted; 13 of them clip, by 1 to 6 samples, as documented."""
    rows = manifest(serloop_data, "staged_16k_flac")
    clips = prepare_all([serloop_data / "ravdess" / row["staged_16k_flac"] for row in rows])
    clipped = [
        round(c.clipped_fraction * c.duration_s * 16000) for c in clips if c.clipped_fraction
    ]
    assert (len(clipped), min(clipped), max(clipped)) == (13, 1, 6)


def test_ravdess_resampled_here_sounds_like_sox(serloop_data):
    """48 kHz clips resampled here equal SoX's 16 kHz versions to −40 dB below 7 kHz."""
    rows = manifest(serloop_data, "staged_native_flac")[::30]
    for row in rows:
        root, whole = serloop_data / "ravdess", TrimSettings(padding_s=60)
        ours = prepare_one(root / row["staged_native_flac"], trim=whole).waveform.astype(float)
        theirs = prepare_one(root / row["staged_16k_flac"], trim=whole).waveform.astype(float)
        samples = min(len(ours), len(theirs))
        # Above 7 kHz the two filters fall off differently, as filters may.
        speech_bins = slice(0, samples * 7 // 16)
        error = np.abs(np.fft.rfft(ours[:samples] - theirs[:samples])[speech_bins]) ** 2
        error = error.sum() / np.sum(np.abs(np.fft.rfft(theirs)) ** 2)
        assert 10 * math.log10(error) < -40

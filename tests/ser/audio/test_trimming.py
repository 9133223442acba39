"""Trimming keeps speech in noise: the promise of the default, on synthetic and on real clips."""

from collections import defaultdict

import numpy as np
import pytest

from ser.audio.segment import TrimSettings, find_speech
from ser.corpora.synthetic_speech import SENTENCES, Manner, Voice, synthesise
from tests.benchmarks.trimming import NOISES, judge, make_noise, mixtures, to_int16

RATE = 16000
SNR_DB = 10


def speak(seed):
    """Return a sentence without any noise, float64, cut to where its frames reach −35 dB."""
    rng = np.random.default_rng(seed)
    voice = Voice(100.0 + 15 * seed, 1 + seed / 50, 1.0, 0.1 * (seed % 4), 0.0, 0.0, -200.0, 1.0)
    samples = synthesise(voice, Manner(), SENTENCES[seed % len(SENTENCES)], rng) / 32768
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    levels = (frames**2).mean(axis=1)
    hits = np.flatnonzero(levels >= np.sort(levels)[-5] * 10**-3.5)
    return samples[hits[0] * 160 : (hits[-1] + 1) * 160]


def lost_and_kept(kind, seed):
    """Return shares of speech lost and of silence kept for a sentence in 10 dB of noise."""
    rng = np.random.default_rng([3, seed])
    speech = speak(seed)
    lead, tail = (rng.uniform(0.3, 1.5, 2) * RATE).astype(int)
    clean = np.pad(speech, (lead, tail))
    if kind == "babble":
        talk = [np.concatenate([speak(seed + 1 + k + 6 * n) for n in range(5)]) for k in range(6)]
        noise = sum(np.resize(talker, len(clean)) for talker in talk)
        noise = noise / np.sqrt(np.mean(noise**2))
    else:
        noise = make_noise(kind, len(clean), [], rng)
    gain = np.sqrt(np.mean(speech**2) / 10 ** (SNR_DB / 10))
    waveform = to_int16(clean + gain * noise)
    span = find_speech(waveform, RATE, TrimSettings())
    truth = (lead, lead + len(speech))
    lost, _, _, kept = judge((span.start, span.end), truth, len(waveform))
    return lost, kept


@pytest.mark.parametrize(
    ("kind", "most_kept"), [("white", 0.5), ("pink", 0.5), ("hum", 0.5), ("babble", 0.7)]
)
def test_synthetic_speech_at_10_db_is_kept(kind, most_kept):
    """Under 1 % of speech is lost at 10 dB, and most of the silence is dropped."""
    lost, kept = np.mean([lost_and_kept(kind, seed) for seed in range(12)], axis=0)
    assert lost < 0.01
    assert kept < most_kept


def test_real_speech_at_10_db_is_kept(serloop_data):
    """On RAVDESS under 1 % of speech is lost at 10 dB in every noise; the benchmark says more."""
    paths = sorted((serloop_data / "ravdess" / "flac16k").rglob("*.flac"))[7::37]
    rows = defaultdict(list)
    for condition, waveform, truth in mixtures(paths, paths, padded=True, snrs_db=(SNR_DB,)):
        span = find_speech(waveform, RATE, TrimSettings())
        kind = condition.split()[0]
        rows[kind].append(judge((span.start, span.end), truth, len(waveform)))
    assert set(rows) == {"clean", *NOISES}
    for kind, values in rows.items():
        lost, _, _, kept = np.mean(values, axis=0)
        assert lost < 0.01, kind
        assert kept < 0.4, kind

"""Speech-like sound from numbers: a glottal source and noise through moving formants.

The chain is source and filter (Fant): Rosenberg pulses at the pitch of the moment, plus
aspiration noise, pass resonances that move from vowel to vowel; fricatives are coloured noise.
An emotion changes pitch, loudness, rate and voice quality. The words mean nothing.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16_000  # Hz
WINDOW = 512  # samples, 32 ms
HOP = 160  # samples, 10 ms
SPEECH_LEVEL_DBFS = -27.0
FULL_SCALE_PEAK = 0.97
TEMPO = 1.2  # the durations below are those of careful speech

# Formants F1-F3 in Hz and the duration in ms of an adult male's vowel, after Peterson and Barney.
VOWELS = {
    "a": (730.0, 1090.0, 2440.0, 120.0),
    "e": (530.0, 1840.0, 2480.0, 110.0),
    "i": (270.0, 2290.0, 3010.0, 95.0),
    "o": (570.0, 840.0, 2410.0, 115.0),
    "u": (300.0, 870.0, 2240.0, 100.0),
}
# The same for voiced consonants; they are softer than vowels.
SONORANTS = {
    "m": (250.0, 1100.0, 2200.0, 70.0),
    "n": (250.0, 1500.0, 2500.0, 65.0),
    "l": (360.0, 1300.0, 2700.0, 60.0),
}
# Centre and width of the noise in Hz, its level relative to a vowel, duration in ms.
FRICATIVES = {
    "s": (5800.0, 1300.0, 0.30, 105.0),
    "S": (3300.0, 900.0, 0.35, 110.0),
    "f": (4500.0, 3000.0, 0.10, 90.0),
    "t": (4200.0, 1800.0, 0.35, 25.0),
    "k": (2200.0, 900.0, 0.35, 30.0),
}
CLOSURES = {"-": 55.0}  # ms of silence, before a stop and between words
SENTENCES = (
    "mal-takise-onilu-sima",
    "Sol-mani-tufe-lana-ki",
    "fina-kose-lumi-tal-on",
    "no-tali-Sumek-isa-fol",
    "lise-mofa-ki-tanu-sel",
    "kam-unisa-lefo-tiS-ma",
    "tu-selina-mok-afi-len",
    "saf-omi-kelu-niSa-tol",
    "elam-isto-funa-ki-los",
    "moS-ita-nelu-kas-fima",
)
FOURTH_FORMANT = 3400.0  # Hz
BANDWIDTHS = np.array([80.0, 100.0, 140.0, 220.0])  # Hz

Signal = npt.NDArray[np.float64]
Spectrum = npt.NDArray[np.complex64]


@dataclass(frozen=True)
class Voice:
    """What makes a speaker.

    Args:
        pitch_hz: Mean pitch.
        formant_scale: Factor on all formants; about 1.17 for a shorter vocal tract.
        rate: Factor on the speaking rate.
        breathiness: Aspiration noise relative to the pulses, 0 to 1.
        tilt_db: Extra loss per octave above 500 Hz.
        level_db: Loudness relative to the corpus.
        noise_dbfs: Level of the room's noise.
        expressiveness: Factor on everything an emotion changes.
    """

    pitch_hz: float
    formant_scale: float
    rate: float
    breathiness: float
    tilt_db: float
    level_db: float
    noise_dbfs: float
    expressiveness: float


@dataclass(frozen=True)
class Manner:
    """What an emotion, or one clip of it, changes relative to a neutral voice.

    Args:
        pitch_st: Shift of the mean pitch in semitones.
        pitch_range: Factor on every movement of the pitch, as a natural logarithm.
        final_st: Rise of the last third of the sentence in semitones.
        level_db: Change of loudness.
        rate: Factor on the rate, as a natural logarithm.
        tilt_db: Change of loss per octave above 500 Hz; negative is brighter.
        jitter: Irregularity of the periods, a fraction.
        breathiness: Change of aspiration noise.
        open_quotient: Change of the open share of the glottal period.
        formants: Factor on the formants, as a natural logarithm (a smile shortens the tract).
    """

    pitch_st: float = 0.0
    pitch_range: float = 0.0
    final_st: float = 0.0
    level_db: float = 0.0
    rate: float = 0.0
    tilt_db: float = 0.0
    jitter: float = 0.0
    breathiness: float = 0.0
    open_quotient: float = 0.0
    formants: float = 0.0


@dataclass(frozen=True)
class _Score:
    """What happens in each frame: F frames, 4 formants."""

    formants: Signal  # (F, 4) Hz
    voicing: Signal  # (F,) level of the pulses
    friction: Signal  # (F,) level of the fricative noise
    friction_band: Signal  # (F, 2) centre and width in Hz
    accent: Signal  # (F,) prominence of vowels, 0 to 1


def synthesise(
    voice: Voice, manner: Manner, sentence: str, generator: np.random.Generator
) -> npt.NDArray[np.int16]:
    """Speak a sentence.

    Args:
        voice: The speaker.
        manner: The way of speaking.
        sentence: Letters of `VOWELS`, `SONORANTS`, `FRICATIVES` and `CLOSURES`.
        generator: Source of everything that differs between two takes.

    Returns:
        16 kHz mono samples (S,): silence, the sentence, silence.

    Reference:
        Rosenberg (1971). Effect of glottal pulse shape on the quality of natural vowels.
        Journal of the Acoustical Society of America 49(2B): 583-590. Peterson and Barney (1952).
        Control methods used in a study of the vowels. JASA 24(2): 175-184.
    """
    rate = voice.rate * np.exp(manner.rate)
    scale = voice.formant_scale * np.exp(manner.formants)
    # A closure on either side lets the voice fade in and out.
    score = _write_score(f"-{sentence}-", rate=rate, scale=scale, generator=generator)
    samples = len(score.voicing) * HOP
    pitch = _pitch(voice, manner, score, generator)
    pulses = _pulses(np.repeat(pitch, HOP), manner, generator)
    breath = np.clip(voice.breathiness + manner.breathiness, 0.0, 1.0)
    pulses = (1.0 - 0.5 * breath) * pulses + 0.25 * breath * generator.standard_normal(
        samples, np.float32
    )
    tilt_db = max(voice.tilt_db + manner.tilt_db, -3.0)
    speech = _shape(pulses, score, tilt_db=tilt_db, generator=generator)
    level = SPEECH_LEVEL_DBFS + voice.level_db + manner.level_db
    speech *= 10 ** (level / 20) / np.sqrt(np.mean(speech**2))
    return _to_pcm(_embed(speech, generator), voice.noise_dbfs, generator)


def _write_score(
    sentence: str, *, rate: float, scale: float, generator: np.random.Generator
) -> _Score:
    """Lay the sounds of a sentence out in frames and let them run into each other."""
    stretch = np.exp(generator.normal(0.0, 0.10, len(sentence))) / (TEMPO * rate)
    rows = [_target(sound) for sound in sentence]
    frames = [
        max(2, round(float(row[-1] * factor) * SAMPLE_RATE / 1000 / HOP))
        for row, factor in zip(rows, stretch, strict=True)
    ]
    targets = np.repeat(np.array([row[:-1] for row in rows]), frames, axis=0)
    # A silent sound has no formants of its own: the vocal tract moves from neighbour to neighbour.
    known = np.flatnonzero(targets[:, 0])
    grid = np.arange(len(targets))
    for column in range(3):
        targets[:, column] = np.interp(grid, known, targets[known, column])
    stress = np.repeat(generator.uniform(0.6, 1.0, len(sentence)), frames)
    smooth = _smooth(np.column_stack([targets[:, :5], stress * (targets[:, 3] == 1.0)]), width=7)
    wobble = np.exp(generator.normal(0.0, 0.02, 4))
    formants = np.column_stack([smooth[:, :3], np.full(len(smooth), FOURTH_FORMANT)])
    return _Score(
        formants=formants * scale * wobble,
        voicing=smooth[:, 3] * (0.6 + 0.4 * stress),
        friction=smooth[:, 4],
        friction_band=targets[:, 5:7],
        accent=smooth[:, 5],
    )


def _target(sound: str) -> tuple[float, ...]:
    """Return F1-F3, voicing, friction, noise centre and width, and duration of a sound."""
    if sound in VOWELS:
        first, second, third, duration = VOWELS[sound]
        return first, second, third, 1.0, 0.0, 4000.0, 1000.0, duration
    if sound in SONORANTS:
        first, second, third, duration = SONORANTS[sound]
        return first, second, third, 0.4, 0.0, 4000.0, 1000.0, duration
    if sound in FRICATIVES:
        centre, width, level, duration = FRICATIVES[sound]
        return 0.0, 0.0, 0.0, 0.0, level, centre, width, duration
    return 0.0, 0.0, 0.0, 0.0, 0.0, 4000.0, 1000.0, CLOSURES[sound]


def _smooth(tracks: Signal, *, width: int) -> Signal:
    """Average each column over a Hann window of `width` frames, the ends held."""
    window = np.hanning(width + 2)[1:-1]
    padded = np.pad(tracks, ((width // 2, width // 2), (0, 0)), mode="edge")
    views = np.lib.stride_tricks.sliding_window_view(padded, width, axis=0)
    return np.asarray(views @ (window / window.sum()))


def _pitch(voice: Voice, manner: Manner, score: _Score, generator: np.random.Generator) -> Signal:
    """Return the pitch of each frame (F,) in Hz: declination, accents, an end and a wander."""
    frames = len(score.accent)
    time = np.linspace(0.0, 1.0, frames)
    anchors = generator.normal(0.0, 1.0, max(3, frames // 25))
    wander = np.interp(time, np.linspace(0.0, 1.0, len(anchors)), anchors)
    movement = 2.0 - 3.5 * time + 3.0 * score.accent - 1.5 + 0.8 * wander
    ending = manner.final_st * np.clip((time - 0.66) / 0.34, 0.0, 1.0)
    semitones = manner.pitch_st + np.exp(manner.pitch_range) * movement + ending
    return np.asarray(np.clip(voice.pitch_hz * 2 ** (semitones / 12), 55.0, 600.0))


def _pulses(pitch: Signal, manner: Manner, generator: np.random.Generator) -> Signal:
    """Return the derivative of Rosenberg's glottal flow (S,) for a pitch track (S,)."""
    jitter = max(0.008 + manner.jitter, 0.0)
    period = np.floor(np.cumsum(pitch) / SAMPLE_RATE).astype(np.intp)
    irregular = 1.0 + jitter * generator.standard_normal(period[-1] + 1)
    phase = np.cumsum(pitch * np.clip(irregular, 0.7, 1.3)[period]) / SAMPLE_RATE
    cycle = np.floor(phase)
    shimmer = 1.0 + 3.0 * jitter * generator.standard_normal(int(cycle[-1]) + 1)
    position = phase - cycle
    open_share = np.clip(0.6 + manner.open_quotient, 0.35, 0.9)
    rise, fall = 0.7 * open_share, 0.3 * open_share
    opening = 0.5 - 0.5 * np.cos(np.pi * np.minimum(position, rise) / rise)
    closing = np.cos(0.5 * np.pi * np.clip((position - rise) / fall, 0.0, 1.0))
    flow = opening * closing * shimmer[cycle.astype(np.intp)]
    derivative = np.diff(flow, prepend=flow[0])
    return np.asarray(derivative / np.sqrt(np.mean(derivative**2)))


def _shape(
    source: Signal, score: _Score, *, tilt_db: float, generator: np.random.Generator
) -> Signal:
    """Filter the source frame by frame and add the fricatives: (S,) → (S,)."""
    frames = len(score.voicing)
    window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    padded = np.pad(source.astype(np.float32), (WINDOW // 2, WINDOW))
    pieces = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[: frames * HOP : HOP]
    frequency = np.arange(WINDOW // 2 + 1, dtype=np.float64) * (SAMPLE_RATE / WINDOW)
    octaves = np.log2(np.maximum(frequency, 500.0) / 500.0)
    gain = score.voicing[:, None] * 10 ** (-tilt_db * octaves / 20)
    spectrum = np.fft.rfft(pieces * window) * _resonances(score.formants, frequency)
    spectrum *= gain.astype(np.float32)
    noisy = np.flatnonzero(score.friction > 1e-3)
    centre, width = score.friction_band[noisy].T[:, :, None]
    colour = np.exp(-0.5 * np.square((frequency - centre) / width)) / np.sqrt(width / 1000.0)
    friction = 25.0 * score.friction[noisy, None] * 10 ** (-tilt_db / 20)
    noise = generator.standard_normal((len(noisy), 2 * len(frequency)), dtype=np.float32)
    spectrum[noisy] += (friction * colour).astype(np.float32) * noise.view(np.complex64)
    return _overlap_add(np.fft.irfft(spectrum, n=WINDOW) * window)


def _resonances(formants: Signal, frequency: Signal) -> Spectrum:
    """Return the response of four resonators in a row, 1 at 0 Hz: (F, 4) Hz → (F, bins)."""
    turn = np.exp(-2j * np.pi * frequency / SAMPLE_RATE)
    radius = np.exp(-np.pi * BANDWIDTHS / SAMPLE_RATE)
    first = -2.0 * radius * np.cos(2 * np.pi * np.minimum(formants, 7500.0) / SAMPLE_RATE)
    linear = turn.astype(np.complex64)
    # Half the cost of doubles; the result is rounded to 16 bits anyway.
    fixed = (1.0 + np.square(radius)[:, None] * np.square(turn)).astype(np.complex64)
    coefficients = first.astype(np.float32)
    denominator = coefficients[:, 0, None] * linear + fixed[0]
    for index in range(1, 4):
        denominator *= coefficients[:, index, None] * linear + fixed[index]
    gain = np.prod(1.0 + first + np.square(radius), axis=1, keepdims=True)
    return np.asarray(gain.astype(np.float32) / denominator)


def _overlap_add(pieces: Signal) -> Signal:
    """Add windows (F, WINDOW) that start HOP samples apart: (S,) with S = F · HOP."""
    frames = len(pieces)
    parts = -(-WINDOW // HOP)
    padded = np.pad(pieces, ((0, 0), (0, parts * HOP - WINDOW)))
    total = np.zeros((frames + parts, HOP))
    for part in range(parts):
        total[part : part + frames] += padded[:, part * HOP : (part + 1) * HOP]
    return total.reshape(-1)[WINDOW // 2 : WINDOW // 2 + frames * HOP]


def _embed(speech: Signal, generator: np.random.Generator) -> Signal:
    """Put silence of 0.10-0.35 s before and after."""
    before, after = generator.integers(SAMPLE_RATE // 10, SAMPLE_RATE * 35 // 100, 2)
    return np.pad(speech, (int(before), int(after)))


def _to_pcm(
    signal: Signal, noise_dbfs: float, generator: np.random.Generator
) -> npt.NDArray[np.int16]:
    """Add the room's noise and round to 16 bits, turned down where it would clip."""
    noisy = signal + 10 ** (noise_dbfs / 20) * generator.standard_normal(len(signal), np.float32)
    peak = np.max(np.abs(noisy))
    if peak > FULL_SCALE_PEAK:
        noisy *= FULL_SCALE_PEAK / peak
    return np.round(noisy * 32767).astype(np.int16)

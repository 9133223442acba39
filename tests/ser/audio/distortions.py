"""What happens to audio between two releases of it: encoders, sample rates, gain, noise."""

import io
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import soundfile

from ser.audio.resample import resample

SAMPLE_RATE = 16000  # of what comes in, Hz
Samples = npt.NDArray[np.float32]


def write(samples: Samples, rate: int, container: str, subtype: str, **options: object) -> bytes:
    """Return an audio file."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=container, subtype=subtype, **options)
    return file.getvalue()


def encode(
    container: str, subtype: str, *, rate: int = SAMPLE_RATE, **options: object
) -> Callable[[Samples], bytes]:
    """Return a function that encodes, at another sample rate if one is given."""
    return lambda samples: write(
        resample(samples, SAMPLE_RATE, rate), rate, container, subtype, **options
    )


def change(function: Callable[[Samples], Samples]) -> Callable[[Samples], bytes]:
    """Return a function that changes samples and writes them as 16-bit WAV."""
    return lambda samples: write(function(samples), SAMPLE_RATE, "WAV", "PCM_16")


def through(rate: int) -> Callable[[Samples], bytes]:
    """Return a function that resamples to a rate and back."""
    return change(lambda x: resample(resample(x, SAMPLE_RATE, rate), rate, SAMPLE_RATE))


def add_noise(samples: Samples, snr_db: float) -> Samples:
    """Return the samples with white noise, the same every time."""
    noise = np.random.default_rng(0).standard_normal(len(samples))
    power = float(np.square(samples, dtype=np.float64).mean())
    return (samples + noise * np.sqrt(power / 10 ** (snr_db / 10))).astype(np.float32)


def amplify(samples: Samples, gain_db: float) -> Samples:
    """Return the samples louder or softer, as loud as they get without clipping at most."""
    factor = min(10 ** (gain_db / 20), 0.999 / max(float(np.abs(samples).max()), 1e-9))
    return samples * np.float32(factor)


# The bit rates are those of speech, which variable-rate encoders fall below their nominal rate on.
DISTORTIONS: dict[str, Callable[[Samples], bytes]] = {
    "gain +20 dB, no clipping": change(lambda x: amplify(x, 20)),
    "gain -20 dB": change(lambda x: amplify(x, -20)),
    "DC offset 2 %": change(lambda x: x + np.float32(0.02)),
    "8 kHz and back": through(8000),
    "11.025 kHz and back": through(11025),
    "22.05 kHz and back": through(22050),
    "48 kHz and back": through(48000),
    "u-law 8 kHz": encode("WAV", "ULAW", rate=8000),
    "MP3 64 kbit/s": encode(
        "MP3", "MPEG_LAYER_III", bitrate_mode="CONSTANT", compression_level=0.62
    ),
    "MP3 56 kbit/s, 44.1 kHz": encode(
        "MP3", "MPEG_LAYER_III", rate=44100, bitrate_mode="CONSTANT", compression_level=0.9
    ),
    "MP3 32 kbit/s": encode(
        "MP3", "MPEG_LAYER_III", bitrate_mode="CONSTANT", compression_level=0.85
    ),
    "Vorbis 30 kbit/s": encode("OGG", "VORBIS", compression_level=0.6),
    "Vorbis 21 kbit/s": encode("OGG", "VORBIS", compression_level=1.0),
    "Opus 94 kbit/s": encode("OGG", "OPUS", rate=48000, compression_level=0.6),
    "Opus 27 kbit/s": encode("OGG", "OPUS", rate=48000, compression_level=0.93),
    "Opus 7 kbit/s": encode("OGG", "OPUS", rate=48000, compression_level=1.0),
    "noise at 30 dB": change(lambda x: add_noise(x, 30)),
    "noise at 20 dB": change(lambda x: add_noise(x, 20)),
}

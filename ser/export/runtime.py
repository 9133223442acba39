"""Judge with a bundle, without the model that it was made from."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ser.audio.pcm import Waveform, from_pcm16
from ser.errors import ConfigurationError
from ser.export.bundle import Bundle, Format
from ser.features.record import FeatureSet
from ser.features.registry import rebuild_features

Batch = npt.NDArray[np.float32]
Lengths = npt.NDArray[np.int64]
Judge = Callable[[Batch, Lengths], Batch]
LENGTHS = "lengths"


class BundleRecogniser:
    """Hear emotion with a bundle; a `ser.inference.recogniser.Recogniser`.

    ONNX Runtime works with one thread per call and may be called from several threads at once.
    `open_recogniser` returns one that judges frames too where the bundle reads features.

    Args:
        bundle: From `ser.export.bundle.load_bundle`.

    Attributes:
        classes: Names of the C classes.
        sample_rate: Of the waveforms, Hz.
        name: The model's id and what the bundle is, such as `model-1a2b (onnx, float32)`.

    Raises:
        ConfigurationError: If what reads the format is not installed, or runs elsewhere only.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.classes = bundle.classes
        self.sample_rate = bundle.sample_rate
        self.name = f"{bundle.model_id} ({bundle.format}, {bundle.precision})"
        is_inside = bundle.features == "inside"
        parameters: dict[str, Any] = dict(bundle.feature_parameters)
        self._features = None if is_inside else rebuild_features(parameters)
        self._judge = open_model(bundle.model_file, bundle.format)

    def judge(self, waveforms: Sequence[Waveform]) -> npt.NDArray[np.float32]:
        """Return P(class) of each clip, ``(N, C)``, judged in one batch.

        Args:
            waveforms: One mono ``(S,)`` array per clip, S ≥ 1, float32 in [−1, 1] or int16.

        Raises:
            ConfigurationError: If a waveform has another shape or dtype, or is not finite.
        """
        if self._features is not None:
            return self._judge_padded(list(self._features.compute(waveforms)))
        for position, waveform in enumerate(waveforms):
            _check_waveform(waveform, position)
        return self._judge_padded([from_pcm16(waveform) for waveform in waveforms])

    def _judge_padded(self, clips: Sequence[Batch]) -> Batch:
        if not clips:
            return np.empty((0, len(self.classes)), dtype=np.float32)
        return self._judge(*pad_clips(clips))


class FrameBundleRecogniser(BundleRecogniser):
    """Hear emotion with a bundle that reads features; a `FrameRecogniser`.

    Args:
        bundle: With features outside.

    Raises:
        ConfigurationError: If it hears waveforms, or as for `BundleRecogniser`.
    """

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle)
        if self._features is None:
            raise ConfigurationError(
                f"the bundle `{bundle.folder}` hears waveforms and judges no frames; export the "
                "model with features outside"
            )
        self.features: FeatureSet = self._features

    def judge_frames(self, clips: Sequence[Batch]) -> Batch:
        """Return P(class) of each clip, ``(N, C)``, judged in one batch.

        Args:
            clips: Frames of `features` of each clip, float32 ``(F, D)``, F ≥ 1.
        """
        return self._judge_padded(clips)


def open_recogniser(bundle: Bundle) -> BundleRecogniser:
    """Return what judges with a bundle, and frames too where it reads features.

    Args:
        bundle: From `ser.export.bundle.load_bundle`.

    Raises:
        ConfigurationError: As for `BundleRecogniser`.
    """
    is_inside = bundle.features == "inside"
    return BundleRecogniser(bundle) if is_inside else FrameBundleRecogniser(bundle)


def open_model(path: Path, format_: Format) -> Judge:
    """Return what judges a padded batch with a model's file.

    Args:
        path: The file, trusted: of a bundle that `load_bundle` verified.
        format_: What reads it.

    Returns:
        ``(waveforms (B, S) or features (B, F, D), lengths (B,)) → posterior (B, C)``.

    Raises:
        ConfigurationError: If what reads the format is not installed, or runs elsewhere only.
    """
    if format_ == "onnx":
        return _open_onnx(path)
    if format_ == "tflite":
        raise ConfigurationError(
            f"`{path}` is for TensorFlow Lite, which runs on phones and not here; export the "
            "model to `onnx` for this machine"
        )
    return _open_torch(path, format_)


def pad_clips(clips: Sequence[Batch]) -> tuple[Batch, Lengths]:
    """Lay clips side by side in one batch, zeros after the shorter ones.

    Args:
        clips: One ``(S,)`` or ``(F, D)`` array per clip, at least one.

    Returns:
        ``(B, S)`` or ``(B, F, D)``, and the lengths ``(B,)``.

    Example:
        >>> batch, lengths = pad_clips([np.ones(1, np.float32), np.ones(2, np.float32)])
        >>> batch.tolist(), lengths.tolist()
        ([[1.0, 0.0], [1.0, 1.0]], [1, 2])
    """
    lengths = np.array([len(clip) for clip in clips], dtype=np.int64)
    if len(clips) == 1:
        return clips[0][None], lengths
    batch = np.zeros((len(clips), int(lengths.max()), *clips[0].shape[1:]), dtype=np.float32)
    for row, clip in zip(batch, clips, strict=True):
        row[: len(clip)] = clip
    return batch, lengths


def _check_waveform(waveform: Waveform, position: int) -> None:
    if waveform.dtype not in (np.float32, np.int16) or waveform.ndim != 1 or not waveform.size:
        raise ConfigurationError(
            f"`waveforms[{position}]` must be float32 or int16 with the shape (S,), S ≥ 1, but "
            f"is {waveform.dtype} {waveform.shape}"
        )
    if not np.isfinite(waveform).all():
        raise ConfigurationError(
            f"`waveforms[{position}]` must be finite, but holds NaN or infinity"
        )


def _open_onnx(path: Path) -> Judge:
    try:
        import onnxruntime  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        raise ConfigurationError(
            "bundles for ONNX need onnxruntime, which is not installed: run "
            "`pip install 'serloop[export]'`"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Threads that wait by spinning would take the core from other sessions of this process.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Only errors: a person at the terminal can do nothing about its remarks on the graph.
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [entry.name for entry in session.get_inputs()]
    (batch_name,) = set(names) - {LENGTHS}
    # A head over layers reads all of them, and its file has no such input.
    has_lengths = LENGTHS in names

    def judge(batch: Batch, lengths: Lengths) -> Batch:
        told = {LENGTHS: lengths} if has_lengths else {}
        (posterior,) = session.run(None, {batch_name: batch, **told})
        found: Batch = posterior
        return found

    return judge


def _open_torch(path: Path, format_: Format) -> Judge:
    import torch  # noqa: PLC0415 - bundles of ONNX run without it

    is_script = format_ == "torchscript"
    load = torch.jit.load if is_script else lambda file: torch.export.load(file).module()
    module = load(path)

    def judge(batch: Batch, lengths: Lengths) -> Batch:
        with torch.inference_mode():
            posterior: Batch = module(torch.from_numpy(batch), torch.from_numpy(lengths)).numpy()
        return posterior

    return judge

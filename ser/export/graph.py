"""A model as one module from padded batches to posteriors, which exporters can follow."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ser.errors import ConfigurationError
from ser.export.lean import make_lean
from ser.export.log_mel import LogMelLayers
from ser.features.record import FeatureSet
from ser.features.spectral import LogMel
from ser.models.encoder_tail import TailNetwork
from ser.models.network import EmotionNetwork
from ser.models.trained import TrainedModel


class FeatureGraph(nn.Module):
    """Judge padded features.

    Args:
        network: In evaluation mode.
        frames_beyond: Frames that are appended to every batch, so that the network need not ask
            whether one is too short for its pooling.
    """

    def __init__(self, network: EmotionNetwork, *, frames_beyond: int) -> None:
        super().__init__()
        self.network = network
        self.frames_beyond = frames_beyond

    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:
        """Return P(class), ``(B, C)``.

        Args:
            features: ``(B, F, D)``, finite on padded frames.
            lengths: Frames of each clip, int64 ``(B,)``, at least 1.
        """
        if self.frames_beyond:
            features = functional.pad(features, (0, 0, 0, self.frames_beyond))
        logits: Tensor = self.network(features, lengths).logits
        return logits.softmax(dim=1)


class WaveformGraph(nn.Module):
    """Judge padded waveforms.

    Args:
        log_mel: Waveforms → features.
        network: In evaluation mode.
    """

    def __init__(self, log_mel: LogMelLayers, network: EmotionNetwork) -> None:
        super().__init__()
        self.log_mel = log_mel
        self.network = network

    def forward(self, waveforms: Tensor, lengths: Tensor) -> Tensor:
        """Return P(class), ``(B, C)``.

        Args:
            waveforms: ``(B, S)`` in [−1, 1], finite on padding.
            lengths: Samples of each clip, int64 ``(B,)``, at least 1.
        """
        features, frames = self.log_mel(waveforms, lengths)
        logits: Tensor = self.network(features, frames).logits
        return logits.softmax(dim=1)


def build_graph(
    trained: TrainedModel, features: FeatureSet | None, *, states: int = 1
) -> FeatureGraph | WaveformGraph:
    """Return a model as a module from a padded batch and its lengths to posteriors.

    Args:
        trained: The model.
        features: The feature set to compute inside, or ``None``.
        states: Fewest states that the convolutions shall leave of any batch; frames of silence
            are appended for them, at least 1.

    Raises:
        ConfigurationError: If the model has no classes, or runs layers of an encoder, the feature
            set is not the model's, or it cannot be computed inside.
    """
    if not trained.classes:
        raise ConfigurationError(
            "`trained` must have classes, but predicts ratings alone; what is exported answers "
            "with probabilities of classes"
        )
    if isinstance(trained.network, TailNetwork):
        raise ConfigurationError(
            "`trained` runs layers of a pretrained encoder, which are not exported; export a model "
            "over a frozen encoder (`encoder_statistics`), or serve this one as it is"
        )
    # A batch at least as long as the network's pooling leaves it no choice to trace.
    beyond = 0 if trained.parameters.layers else states * trained.parameters.reduction - 1
    network = make_lean(trained.network)
    if features is None:
        return FeatureGraph(network, frames_beyond=beyond).eval()
    if features.feature_set != trained.feature_set:
        raise ConfigurationError(
            f"`features` must be `{trained.feature_set}`, which the model reads, but are "
            f"`{features.feature_set}`"
        )
    if not isinstance(features, LogMel):
        raise ConfigurationError(
            f"`features` of kind `{features.parameters['kind']}` cannot be computed inside an "
            "exported model, log-mel can; export with features outside"
        )
    return WaveformGraph(LogMelLayers(features, frames_beyond=beyond), network).eval()


def example_batch(graph: FeatureGraph | WaveformGraph) -> tuple[Tensor, Tensor]:
    """Return a batch for exporters to follow: two clips, neither size like another number in it.

    Args:
        graph: From `build_graph`.
    """
    generator = torch.Generator().manual_seed(0)
    if isinstance(graph, WaveformGraph):
        return torch.rand(2, 16_001, generator=generator) - 0.5, torch.tensor([16_001, 9_999])
    *layers, bands = graph.network.normalisation.mean.shape
    frames = layers[0] if layers else 67
    return torch.rand(2, frames, bands, generator=generator), torch.tensor([frames, frames - 1])

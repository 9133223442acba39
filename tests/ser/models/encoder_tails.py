"""Networks over the upper layers of tiny encoders with random weights."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from ser.encoders.layers import count_layers, describe_layers
from ser.encoders.states import EncoderStates
from ser.features.ragged import RaggedFeatures
from ser.models.build import build_network
from ser.models.encoder_tail import TailNetwork, encoder_weights
from ser.models.parameters import NetworkParameters, encoder_tail
from ser.training.initial import load_initial


def tail_parameters(folder: Path, bottom: int = 1, **changes: object) -> NetworkParameters:
    """Return a network over all layers of an encoder above one."""
    described = describe_layers(str(folder))
    return replace(encoder_tail(described, bottom=bottom, top=count_layers(described)), **changes)


def build_tail(folder: Path, bottom: int = 1, **changes: object) -> TailNetwork:
    """Return such a network with the encoder's weights, in evaluation mode."""
    parameters = tail_parameters(folder, bottom, **changes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        network = build_network(parameters, n_classes=3, n_bands=16)
    assert isinstance(network, TailNetwork)
    load_initial(network, encoder_weights(str(folder), parameters))
    return network.eval()


def states_of(folder: Path, waveforms: list[np.ndarray], layer: int = 1) -> RaggedFeatures:
    """Return the states of a layer."""
    return EncoderStates(model=str(folder), layer=layer).compute(waveforms)

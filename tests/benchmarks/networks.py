"""What each choice in a network costs, as a ratio to the CRNN.

`python -m tests.benchmarks.networks` prints for the presets, and for the default with one choice
changed: parameters, ms of a training step (16 clips of 3 s, forward, backward and AdamW) and ms to
judge one clip of 3 s. The last rows are single convolutions, forward and backward, in the two
memory layouts. One thread; medians of interleaved rounds of CPU time, which a busy neighbour
disturbs least.
"""

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from statistics import median

import torch
from torch import nn

from ser.features.spectral import LogMel
from ser.models.build import build_network, count_parameters
from ser.models.convolution import make_convolution
from ser.models.network import EmotionNetwork
from ser.models.parameters import CNN, COMPACT_CRNN, CRNN, NetworkParameters
from ser.training.schedule import build_optimiser

ROUNDS = 15
CLIPS = 16
CLIP_S = 3.0
CLASSES = 8
LOG_MEL = LogMel()
FRAMES = 1 + round(CLIP_S * LOG_MEL.sample_rate) // LOG_MEL.hop
CASES = {
    "CRNN": CRNN,
    "COMPACT_CRNN": COMPACT_CRNN,
    "CNN": CNN,
    "  separable": replace(CRNN, separable=True),
    "  residual": replace(CRNN, residual=True),
    "  residual, separable": replace(CRNN, residual=True, separable=True),
    "  squeeze 8": replace(CRNN, squeeze=8),
    "  GRU": replace(CRNN, recurrent="gru"),
    "  no recurrent layer": replace(CRNN, recurrent="none"),
    "  self-attention, 4 heads": replace(CRNN, self_attention=4),
    "  self-attention alone": replace(CRNN, recurrent="none", self_attention=4),
    "  statistics pooling": replace(CRNN, pooling="statistics"),
    "  with 3 ratings": replace(CRNN, ratings=("arousal", "valence", "dominance")),
}
LAYOUTS = {"contiguous": torch.contiguous_format, "channels last": torch.channels_last}
CHANNELS = 32  # of the single convolutions, on 150 frames of 32 bands


def build(parameters: NetworkParameters) -> EmotionNetwork:
    """Return a network with weights that do not change from run to run."""
    torch.manual_seed(0)
    return build_network(parameters, n_classes=CLASSES, n_bands=LOG_MEL.bands)


def make_step(parameters: NetworkParameters) -> Callable[[], None]:
    """Return one update on a batch of noise: what clips sound like does not change the cost."""
    network = build(parameters).train()
    optimiser = build_optimiser(network, learning_rate=1e-3, weight_decay=1e-2)
    clips = torch.randn(CLIPS, FRAMES, LOG_MEL.bands)
    lengths = torch.full((CLIPS,), FRAMES)
    classes = torch.arange(CLIPS) % CLASSES

    def step() -> None:
        output = network(clips, lengths)
        loss = nn.functional.cross_entropy(output.logits, classes) + output.ratings.square().sum()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()

    return step


def make_judgement(parameters: NetworkParameters) -> Callable[[], None]:
    """Return the judgement of one clip."""
    network = build(parameters).eval()
    clip = torch.randn(1, FRAMES, LOG_MEL.bands)
    lengths = torch.tensor([FRAMES])

    def judge() -> None:
        with torch.inference_mode():
            network(clip, lengths)

    return judge


def make_pass(layout: torch.memory_format, *, separable: bool) -> Callable[[], None]:
    """Return forward and backward of one convolution over a batch in one memory layout."""
    layer = make_convolution(CHANNELS, CHANNELS, separable=separable).to(memory_format=layout)
    maps = torch.randn(CLIPS, CHANNELS, FRAMES // 2, LOG_MEL.bands // 2)
    maps = maps.contiguous(memory_format=layout).requires_grad_()

    def run() -> None:
        layer(maps).sum().backward()

    return run


def measure(runs: Mapping[str, Callable[[], None]], *, rounds: int = ROUNDS) -> dict[str, float]:
    """Return the median ms of CPU time of each run, all taking turns."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            started = time.process_time()
            run()
            seconds[name].append(time.process_time() - started)
    return {name: 1000 * median(values) for name, values in seconds.items()}


def main() -> int:
    """Print both tables."""
    torch.set_num_threads(1)
    steps = measure({name: make_step(case) for name, case in CASES.items()})
    clips = measure({name: make_judgement(case) for name, case in CASES.items()})
    first = next(iter(CASES))
    out = sys.stdout.write
    out(
        f"{'network':<26}{'parameters':>10}{'ms/step':>10}{'ratio':>7}{'ms/clip':>10}{'ratio':>7}\n"
    )
    for name, case in CASES.items():
        out(
            f"{name:<26}{count_parameters(build(case)):>10,}"
            f"{steps[name]:>10.1f}{steps[name] / steps[first]:>7.2f}"
            f"{clips[name]:>10.2f}{clips[name] / clips[first]:>7.2f}\n"
        )
    passes = measure(
        {
            f"{kind} convolution, {name}": make_pass(layout, separable=kind == "separable")
            for kind in ("plain", "separable")
            for name, layout in LAYOUTS.items()
        }
    )
    plain = next(iter(passes.values()))
    for name, ms in passes.items():
        out(f"{name:<36}{ms:>10.1f}{ms / plain:>7.2f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

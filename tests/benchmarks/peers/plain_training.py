"""The training loop most people write first, for the network of `ser.models` at the same sizes.

One clip per `__getitem__`: decode with soundfile, `torchaudio.transforms.MelSpectrogram`,
logarithm, zeros up to the longest clip of the set. A `DataLoader` shuffles. Convolution blocks in
torch's default memory layout, `BatchNorm2d`, a packed bidirectional LSTM, attention pooling, AdamW
as it comes. The usual block normalises before it pools; ours pools first, which leaves a quarter
of the numbers to normalise, and the loop can be told to do so too.
"""

from pathlib import Path

import soundfile
import torch
import torchaudio
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.utils.data import DataLoader, Dataset

CHANNELS = (16, 32, 48, 64)
TIME_POOLS = (2, 2, 1, 1)
REDUCTION = 4
BANDS, STATE, HEADS, EMBEDDING, CLASSES = 64, 64, 2, 64, 8
SAMPLE_RATE, FFT, HOP = 16000, 512, 256


class Clips(Dataset[tuple[Tensor, int, int]]):
    """Log-mel features of files, computed whenever one is asked for.

    Args:
        files: The recordings, 16 kHz.
        labels: Class number of each.
    """

    def __init__(self, files: list[Path], labels: list[int]) -> None:
        self.files = files
        self.labels = labels
        self.longest = 1 + max(soundfile.info(file).frames for file in files) // HOP
        self.mel = torchaudio.transforms.MelSpectrogram(
            SAMPLE_RATE, n_fft=FFT, hop_length=HOP, n_mels=BANDS, power=2.0
        )

    def __len__(self) -> int:
        """Return the number of clips."""
        return len(self.files)

    def __getitem__(self, index: int) -> tuple[Tensor, int, int]:
        """Return padded features ``(F, D)``, their true length and the class number."""
        samples, _ = soundfile.read(self.files[index], dtype="float32")
        features = torch.log(self.mel(torch.from_numpy(samples)) + 1e-6).T
        padding = torch.zeros(self.longest - len(features), BANDS)
        return torch.cat([features, padding]), len(features), self.labels[index]


class Network(nn.Module):
    """Convolutions, a packed bidirectional LSTM, attention with deviation, and a head.

    Args:
        pool_first: Whether blocks pool before they normalise.
    """

    def __init__(self, *, pool_first: bool) -> None:
        super().__init__()
        self.input = nn.BatchNorm1d(BANDS, affine=False)
        blocks: list[nn.Module] = []
        for inputs, outputs, pool in zip((1, *CHANNELS), CHANNELS, TIME_POOLS, strict=False):
            pooling = nn.MaxPool2d((pool, 2))
            rest = [nn.BatchNorm2d(outputs), nn.ReLU()]
            blocks.append(nn.Conv2d(inputs, outputs, 3, padding=1, bias=False))
            blocks += [pooling, *rest] if pool_first else [*rest, pooling]
        self.blocks = nn.Sequential(*blocks)
        size = CHANNELS[-1] * BANDS // 2 ** len(CHANNELS)
        self.lstm = nn.LSTM(size, STATE, batch_first=True, bidirectional=True)
        self.normalisation = nn.LayerNorm(2 * STATE)
        self.hidden = nn.Linear(2 * STATE, 64)
        self.scores = nn.Linear(64, HEADS, bias=False)
        self.embedding = nn.Sequential(
            nn.Dropout(0.2),
            nn.Linear(2 * STATE * (HEADS + 1), EMBEDDING),
            nn.LayerNorm(EMBEDDING),
            nn.ReLU(),
        )
        self.logits = nn.Sequential(nn.Dropout(0.2), nn.Linear(EMBEDDING, CLASSES))

    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:
        """Return logits ``(B, C)`` of padded features ``(B, F, D)``."""
        maps = self.blocks(self.input(features.transpose(1, 2)).transpose(1, 2)[:, None])
        states = maps.permute(0, 2, 1, 3).flatten(2)
        lengths = lengths // REDUCTION
        packed = pack_padded_sequence(states, lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        states = self.normalisation(states)
        padding = torch.arange(states.shape[1]) >= lengths[:, None]
        scores = self.scores(torch.tanh(self.hidden(states)))
        weights = scores.masked_fill(padding[:, :, None], -torch.inf).softmax(dim=1)
        means = weights.transpose(1, 2) @ states
        shared = weights.mean(dim=2)[:, :, None]
        centred = states - means.mean(dim=1, keepdim=True)
        deviation = (shared * centred.square()).sum(dim=1).clamp(min=1e-6).sqrt()
        return self.logits(self.embedding(torch.cat([means.flatten(1), deviation], dim=1)))


class PlainTraining:
    """Train epoch after epoch.

    Args:
        files: The recordings.
        labels: Class number of each.
        batch_size: Clips in a batch.
        pool_first: Whether blocks pool before they normalise.
    """

    def __init__(
        self, files: list[Path], labels: list[int], *, batch_size: int, pool_first: bool = False
    ) -> None:
        self.network = Network(pool_first=pool_first)
        self.loader = DataLoader(Clips(files, labels), batch_size=batch_size, shuffle=True)
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=2e-3, weight_decay=1e-2)

    def train_epoch(self) -> None:
        """Take every clip once."""
        self.network.train()
        for features, lengths, labels in self.loader:
            loss = nn.functional.cross_entropy(
                self.network(features, lengths), labels, label_smoothing=0.1
            )
            self.optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
            self.optimiser.step()

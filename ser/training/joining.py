"""Let several batches go through a network as one."""

from collections.abc import Sequence

import torch
from torch.nn.functional import pad

from ser.models.network import NetworkOutput
from ser.training.auxiliary import Clips


def join_clips(parts: Sequence[Clips]) -> Clips:
    """Return batches as one, padded to the longest clip of all; a single one as it is.

    Args:
        parts: At least one batch.
    """
    if len(parts) == 1:
        return parts[0]
    longest = max(part.features.shape[1] for part in parts)
    features = [pad(part.features, (0, 0, 0, longest - part.features.shape[1])) for part in parts]
    return Clips(torch.cat(features), torch.cat([part.lengths for part in parts]))


def split_output(output: NetworkOutput, sizes: Sequence[int]) -> list[NetworkOutput]:
    """Return what a network said of each of the batches that were joined.

    Args:
        output: What it said of all.
        sizes: Clips of each batch.
    """
    if len(sizes) == 1:
        return [output]
    members = [split_output(member, sizes) for member in output.members]
    tensors = (output.logits, output.ratings, output.embeddings)
    split = zip(*(torch.split(tensor, list(sizes)) for tensor in tensors), strict=True)
    return [
        NetworkOutput(logits, ratings, embeddings, tuple(member[number] for member in members))
        for number, (logits, ratings, embeddings) in enumerate(split)
    ]

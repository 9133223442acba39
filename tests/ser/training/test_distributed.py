"""Processes that share each batch train what one process would."""

import json
import multiprocessing
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import distributed, nn

from ser.errors import ConfigurationError
from ser.models.build import build_network
from ser.models.normalisation import MaskedBatchNorm
from ser.training.distributed import (
    Share,
    SharedBatch,
    SharedBatchNorm,
    SharedDropout,
    share_network,
)
from tests.ser.training.trainee import EPOCHS, NETWORK, start_training
from tests.ser.training.unlabelled_clips import QUICK, SMALL, make_clips, train

# 30 updates of rates up to 2e-3 add what differs in the last bits of sums: 1.2e-7 was measured.
TOLERANCE = 1e-5
CLIPS = 5


def test_two_processes_under_torchrun_train_the_network_of_one(undisturbed, tmp_path):
    """Equal UAR in every epoch and equal weights, with dropout, masks, mixup and the average."""
    process = start_training(tmp_path / "training", processes=2)
    epochs, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors
    assert Counter(epochs.split()) == {str(epoch): 2 for epoch in range(1, EPOCHS + 1)}
    shared, alone = (
        load_file(path.with_suffix(".weights")) for path in (tmp_path / "training", undisturbed)
    )
    torch.testing.assert_close(shared, alone, rtol=0, atol=TOLERANCE)
    found, expected = (
        json.loads(path.with_suffix(".json").read_text())
        for path in (tmp_path / "training", undisturbed)
    )
    assert found == expected


def _call(rank: int, function: Callable[[Share], object], folder: Path) -> None:
    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2
    )
    torch.save(function(Share.of_this_process()), folder / f"{rank}.pt")
    distributed.destroy_process_group()


def in_two_processes(function: Callable[[Share], object], folder: Path) -> list[object]:
    """Return what a function says in each of two processes."""
    # Not forked: autograd refuses to work in a fork of a process in which it has started threads.
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_call, args=(rank, function, folder)) for rank in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    return [torch.load(folder / f"{rank}.pt") for rank in range(2)]


def draw(*shape: int) -> torch.Tensor:
    """Return the same random numbers in every process."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


MASK = (torch.arange(6) < torch.tensor([6, 2, 3, 6, 1])[:, None]).float()[:, None, :, None]


def _normalise(share: Share) -> list[torch.Tensor]:
    rows = share.rows(CLIPS)
    maps = draw(CLIPS, 4, 6, 3)[rows].requires_grad_()
    layer = MaskedBatchNorm(4)
    layer = SharedBatchNorm.like(layer) if share.processes > 1 else layer
    ((layer(maps, MASK[rows]) * MASK[rows]) ** 3).sum().backward()
    return [maps.grad, layer.running_mean, layer.running_variance]


def test_statistics_and_gradients_are_those_of_the_whole_batch(tmp_path):
    """Of uneven shares with uneven padding."""
    first, second = in_two_processes(_normalise, tmp_path)
    gradient, mean, variance = _normalise(Share())
    torch.testing.assert_close(torch.cat([first[0], second[0]]), gradient)
    torch.testing.assert_close(first[1:], [mean, variance])
    assert all(torch.equal(a, b) for a, b in zip(first[1:], second[1:], strict=True))


def _gather(share: Share) -> list[torch.Tensor]:
    rows = share.rows(CLIPS)
    weight = nn.Parameter(torch.tensor([2.0]))
    whole = share.gather(draw(CLIPS, 3)[rows] * weight, CLIPS)
    # Not a sum over rows, so that each process needs the rows of the other.
    whole.std(dim=0).sum().backward()
    share.sum_gradients([weight])
    return [whole.detach(), weight.grad]


def test_a_loss_of_all_rows_has_the_gradient_of_one_process(tmp_path):
    """Each process adds the gradient of its own rows."""
    alone = _gather(Share())
    for shared in in_two_processes(_gather, tmp_path):
        torch.testing.assert_close(shared, alone)


def _learn_beside(_: Share) -> list[torch.Tensor]:
    settings = replace(QUICK, semi="mean_teacher", domain="adversarial", semi_ratio=1)
    members = replace(SMALL, members=2)
    model = train(settings, model=members, unlabelled=make_clips(20, seed=7)[0])
    return list(model.network.state_dict().values())


def test_what_is_learned_beside_the_labels_is_that_of_one_process(tmp_path):
    """Clips with and without labels are shared alike, and losses see the rows of both."""
    alone = _learn_beside(Share())
    for shared in in_two_processes(_learn_beside, tmp_path):
        torch.testing.assert_close(shared, alone, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("kind", [nn.Dropout, nn.Dropout2d])
def test_dropout_is_that_of_torch_on_the_whole_batch(kind):
    """The rows of both shares together, drawn from equal generators."""
    states = draw(CLIPS, 4, 6, 3)
    torch.manual_seed(3)
    expected = kind(0.3)(states)
    parts = []
    for rank in range(2):
        batch = SharedBatch(Share(rank, 2))
        batch.clips = CLIPS
        torch.manual_seed(3)
        parts.append(SharedDropout(kind(0.3), batch)(states[batch.rows]))
    assert torch.equal(torch.cat(parts), expected)


def test_in_evaluation_nothing_is_dropped():
    """As in torch's own layer."""
    layer = SharedDropout(nn.Dropout(0.5), SharedBatch(Share(0, 2))).eval()
    assert torch.equal(layer(draw(2, 3)), draw(2, 3))


def test_a_shared_network_has_the_names_of_the_plain_one():
    """So that its weights load into either; no layer is left that sees its own rows alone."""
    network = build_network(NETWORK, n_classes=3, n_bands=16)
    shared = share_network(network, SharedBatch(Share(0, 2)))
    torch.testing.assert_close(dict(shared.state_dict()), dict(network.state_dict()))
    kinds = [type(layer) for layer in shared.modules()]
    assert MaskedBatchNorm not in kinds
    inner = [layer.layer for layer in shared.modules() if isinstance(layer, SharedDropout)]
    assert kinds.count(nn.Dropout) + kinds.count(nn.Dropout2d) == len(inner) > 0


def test_a_batch_with_too_few_clips_is_refused():
    """A process without a clip has nothing to learn from."""
    with pytest.raises(ConfigurationError, match=r"each of 3 processes .* smallest batch has 2"):
        Share(0, 3).check_batches(2)

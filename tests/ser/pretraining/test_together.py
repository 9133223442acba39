"""Processes that will train together pretrain once."""

import torch

from ser.pretraining.loop import OnEpoch
from ser.pretraining.pretrained import Pretrained, PretrainingEpoch
from ser.pretraining.together import pretrain_for_all
from ser.training.distributed import Share
from tests.ser.pretraining.test_loop import QUICK, SMALL, run
from tests.ser.training.test_distributed import in_two_processes


def _pretrain(_: Share) -> tuple[dict[str, torch.Tensor], int]:
    """Return the weights, and of how many epochs this process was told by its own work."""
    told = []

    def make(on_epoch: OnEpoch) -> Pretrained:
        def tell(epoch: PretrainingEpoch) -> None:
            told.append(epoch)
            on_epoch(epoch)

        return run(on_epoch=tell)

    return dict(pretrain_for_all(make).weights), len(told)


def test_one_process_pretrains_and_both_have_its_weights(tmp_path):
    """To the bit; the other does nothing meanwhile."""
    weights, epochs = _pretrain(Share())
    both = in_two_processes(_pretrain, tmp_path)
    assert [found[1] for found in both] == [epochs, 0] == [QUICK.epochs, 0]
    for found, _ in both:
        torch.testing.assert_close(found, weights, rtol=0, atol=0)


def _read(share: Share) -> dict[str, torch.Tensor]:
    """Return weights that the first process has, and the other could not make."""
    kept = Pretrained({"rank": torch.tensor(share.rank)}, SMALL, "test", 16000)
    return dict(pretrain_for_all(lambda _: kept).weights)


def test_what_one_has_on_its_disk_is_sent_at_once(tmp_path):
    """Without an epoch."""
    assert [found["rank"].item() for found in in_two_processes(_read, tmp_path)] == [0, 0]

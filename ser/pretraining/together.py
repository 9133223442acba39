"""Pretrain once for all processes that will train together."""

from collections.abc import Callable

from torch import distributed

from ser.pretraining.loop import OnEpoch
from ser.pretraining.pretrained import Pretrained, PretrainingEpoch
from ser.training.distributed import Share


def pretrain_for_all(make: Callable[[OnEpoch], Pretrained]) -> Pretrained:
    """Return weights that the first process of a group makes; the others are sent them.

    They need not see its disk. While it is at work they are sent every epoch, since torch loses
    patience after half an hour without a word.

    Args:
        make: Pretrains, or reads what was pretrained before; calls what it is given after every
            epoch.
    """
    share = Share.of_this_process()
    if share.processes == 1:
        return make(lambda _: None)
    if share.rank == 0:

        def tell(epoch: PretrainingEpoch) -> None:
            _send(epoch)

        made = make(tell)
        _send(made)
        return made
    while not isinstance(heard := _send(None), Pretrained):
        pass
    return heard


def _send(said: Pretrained | PretrainingEpoch | None) -> Pretrained | PretrainingEpoch | None:
    """Return what the first process says, in each."""
    box = [said]
    distributed.broadcast_object_list(box, src=0)
    return box[0]

"""Jobs for other processes, which import them from here."""

import os
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Batch:
    """A job that takes a while and may go wrong.

    Args:
        number: What it gives back.
        seconds: How long it takes.
        fate: What becomes of it: `done`, `refused` or `killed`.
        secret: What must not be seen anywhere.
    """

    number: int
    seconds: float = 0.0
    fate: str = "done"
    secret: str = ""

    @property
    def name(self) -> str:
        """Return what a person knows it by."""
        return f"clips {self.number}"


class RefusedError(Exception):
    """A job cannot be done."""


def work(batch: Batch) -> tuple[int, int]:
    """Return the number of the batch, and the process that did it."""
    time.sleep(batch.seconds)
    if batch.fate == "killed":
        os._exit(1)
    if batch.fate == "refused":
        raise RefusedError(f"no clip in {batch.number}")
    return batch.number, os.getpid()


def give_back(batch: Batch) -> Batch:
    """Return the batch itself, with all that it holds."""
    return batch

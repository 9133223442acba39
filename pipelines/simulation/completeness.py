"""Which replays belong together, and which seeds were replayed to the end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from pipelines.errors import PipelineError
from pipelines.simulation.records import FULL, Replay


def group_replays(replays: Sequence[Replay]) -> dict[str, dict[int, list[Replay]]]:
    """Return the replays by strategy and seed.

    Raises:
        PipelineError: If there is no strategy or no `FULL`, or checkpoints do not rise.
    """
    found: dict[str, dict[int, list[Replay]]] = {}
    for replay in replays:
        _check_replay(replay)
        found.setdefault(replay.strategy, defaultdict(list))[replay.seed].append(replay)
    if FULL not in found or len(found) < 2:
        names = ", ".join(f"`{name}`" for name in found) or "nothing"
        raise PipelineError(
            f"a summary needs replays of `{FULL}` and of at least one strategy, but was given "
            f"those of {names}"
        )
    return found


def _check_replay(replay: Replay) -> None:
    votes = [point.votes for point in replay.checkpoints]
    if not votes or any(later <= earlier for earlier, later in pairwise(votes)):
        raise PipelineError(
            f"replay of `{replay.strategy}`, seed {replay.seed}, set {replay.fold} must have "
            f"checkpoints of rising votes, but has {votes[:8]}"
        )


def find_complete(
    found: Mapping[str, Mapping[int, Sequence[Replay]]],
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the seeds of which every strategy has every set of test speakers, and the others.

    Raises:
        PipelineError: If none is complete.
    """
    every = sorted({seed for by_seed in found.values() for seed in by_seed})
    all_speakers = {
        name
        for by_seed in found.values()
        for replays in by_seed.values()
        for replay in replays
        for name in replay.test_speakers
    }
    complete = tuple(
        seed
        for seed in every
        if all(_tested(by_seed.get(seed, ())) == all_speakers for by_seed in found.values())
    )
    if not complete:
        raise PipelineError(
            f"no seed of {every[:8]} is complete: of none has every strategy a replay for each of "
            f"the {len(all_speakers)} test speakers; finish the simulation first"
        )
    return complete, tuple(seed for seed in every if seed not in complete)


def _tested(replays: Sequence[Replay]) -> set[str]:
    return {name for replay in replays for name in replay.test_speakers}


def name_speakers(
    found: Mapping[str, Mapping[int, Sequence[Replay]]], seeds: Sequence[int]
) -> tuple[str, ...]:
    """Return the test speakers of the corpus by name.

    Raises:
        PipelineError: If one was tested twice.
    """
    for strategy, by_seed in found.items():
        for seed in seeds:
            names = [name for replay in by_seed[seed] for name in replay.test_speakers]
            if len(names) > len(set(names)):
                twice = next(name for name in names if names.count(name) > 1)
                raise PipelineError(
                    f"speaker `{twice}` is tested twice by `{strategy}` with seed {seed}; give "
                    "each replay once"
                )
    return tuple(sorted(_tested(found[FULL][seeds[0]])))

"""What every utility is given, and what it owes."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, Protocol

import numpy as np
import numpy.typing as npt

from annotation.columns import FloatArray
from annotation.errors import SamplingError

Numbers = npt.NDArray[np.floating]
Part = Literal["disagreement", "ambiguity"]

_REMEDY: Final = MappingProxyType[Part, str](
    {
        "disagreement": "let an ensemble, or several passes with dropout, judge the pool, and pass "
        "what they say as `members`",
        "ambiguity": "learn it from people's votes with `annotation.sampling.ambiguity`",
    }
)


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of N clips that may be asked about; nothing of it is ever written to.

    Shapes are checked here, numbers by the utilities that read them.

    Attributes:
        posterior: What the model says of each, (N, C), rows of probabilities summing to 1.
        members: What each of M members, or of M passes with dropout, says of each, (M, N, C).
        disagreement: Mutual information of answer and member in nats, (N,), where it was worked
            out before and the members are gone.
        ambiguity: Entropy of answers expected of people who know nothing else, in nats, (N,).
        confusion: P(answer | class) of whoever is asked next, (C, C), truth on axis 0; without it
            answers are taken to be right.

    Raises:
        SamplingError: Parts are about different numbers of clips or classes.

    Example:
        >>> len(Known(np.array([[0.5, 0.5], [1.0, 0.0]])))
        2
    """

    posterior: Numbers
    members: Numbers | None = None
    disagreement: Numbers | None = None
    ambiguity: Numbers | None = None
    confusion: Numbers | None = None

    def __post_init__(self) -> None:
        """Refuse parts that do not fit together."""
        if np.ndim(self.posterior) != 2:
            msg = f"`posterior` must be (clips, classes), but has shape {np.shape(self.posterior)}"
            raise SamplingError(msg)
        clips, classes = np.shape(self.posterior)
        wanted: dict[str, tuple[int, ...]] = {
            "disagreement": (clips,),
            "ambiguity": (clips,),
            "confusion": (classes, classes),
        }
        if self.members is not None:
            wanted["members"] = (len(self.members), clips, classes)
        for name, shape in wanted.items():
            part = getattr(self, name)
            if part is not None and np.shape(part) != shape:
                msg = (
                    f"`{name}` must be {shape}, as `posterior` is {(clips, classes)}, but has "
                    f"shape {np.shape(part)}"
                )
                raise SamplingError(msg)

    def __len__(self) -> int:
        """Return N."""
        return len(self.posterior)

    def require(self, part: Part, utility: str) -> Numbers:
        """Return a part that a utility cannot do without.

        Args:
            part: Name of the part.
            utility: Name of the utility, for the message.

        Raises:
            SamplingError: The part is not there; the message says how to get it.
        """
        found: Numbers | None = getattr(self, part)
        if found is None:
            msg = f"`{utility}` needs `{part}`, which is not known; {_REMEDY[part]}"
            raise SamplingError(msg)
        return found


class Utility(Protocol):
    """Scores the clips of a pool by how much an answer would teach: higher = ask first.

    It is at least 0, and 0 for a clip that there is nothing to learn about. Clips are scored each
    for itself, so that their order and the other clips do not matter.
    """

    def __call__(self, known: Known, /) -> FloatArray:
        """Return the utility of each clip, (N,) float64.

        Raises:
            SamplingError: A part it needs is missing, or a row of one is wrong, which is named.
        """
        ...

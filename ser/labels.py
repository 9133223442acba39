"""Ordered class lists: the names and the order of the columns of every posterior."""

from collections.abc import Iterable
from dataclasses import dataclass

from ser.errors import ConfigurationError


@dataclass(frozen=True)
class Taxonomy:
    """A named, ordered list of classes; its order is the column order of every posterior.

    Args:
        name: Stable name, e.g. `ravdess-8`.
        classes: Distinct, non-empty class names in column order; none for a collection
            whose classes are not known yet.

    Raises:
        ConfigurationError: If the name or a class is empty, or a class occurs twice.

    Example:
        >>> urdu = Taxonomy("urdu-4", ("anger", "happiness", "neutral", "sadness"))
        >>> len(urdu), urdu.index("neutral"), "calm" in urdu
        (4, 2, False)
    """

    name: str
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check the names once, here, so that nothing else has to."""
        if not self.name:
            raise ConfigurationError("`name` of a taxonomy must not be empty")
        if not all(self.classes):
            raise ConfigurationError(
                f"`classes` of taxonomy `{self.name}` must be non-empty names, got {self.classes!r}"
            )
        repeated = sorted({label for label in self.classes if self.classes.count(label) > 1})
        if repeated:
            raise ConfigurationError(
                f"`classes` of taxonomy `{self.name}` must be distinct, got {repeated} repeatedly"
            )

    def __len__(self) -> int:
        """Return the number of classes, C."""
        return len(self.classes)

    def __contains__(self, label: object) -> bool:
        """Return whether `label` is one of the classes."""
        return label in self.classes

    def index(self, label: str) -> int:
        """Return the column of `label`.

        Args:
            label: A class name.

        Returns:
            Its position in `classes`, 0 ≤ index < C.

        Raises:
            ConfigurationError: If the label is not one of the classes.
        """
        if label not in self.classes:
            raise ConfigurationError(
                f"`label` must be a class of taxonomy `{self.name}` {list(self.classes)}, "
                f"got '{label}'"
            )
        return self.classes.index(label)

    def indices(self, labels: Iterable[str]) -> list[int]:
        """Return the column of each of `labels`, in their order.

        Args:
            labels: Class names.

        Returns:
            One position per label.

        Raises:
            ConfigurationError: If a label is not one of the classes.
        """
        return [self.index(label) for label in labels]

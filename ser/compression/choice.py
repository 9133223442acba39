"""What a student hears of its teacher: one record, which loads nothing."""

from dataclasses import dataclass

from ser.errors import ConfigurationError


@dataclass(frozen=True, kw_only=True)
class Distillation:
    """Say what a student hears of its teacher.

    Args:
        temperature: T > 0: the teacher's posteriors are flattened to ``p^(1/T)`` before they are
            learned; 1 leaves them, and the student as calibrated as its teacher.
        trust: Share of the teacher in what is learned of a clip that has a label, in [0, 1]; the
            label has the rest. A clip without a label is the teacher's alone.
        speeds: Speeds of copies that the student hears beside each clip, 0.5 … 2.
        judges_copies: Whether the teacher judges each copy for itself; else a copy has what is
            said of its clip, as suits an encoder that hears clips at several speeds anyway and
            would take minutes for each speed.
        folds: Folds of speakers, each judged by a teacher that was solved for without them; 0 for
            the teacher itself, which is all there is of one trained step by step.

    Raises:
        ConfigurationError: If a number lies outside its range.

    Example:
        >>> Distillation(trust=0.5).temperature
        1.0
    """

    temperature: float = 1.0
    trust: float = 0.7
    speeds: tuple[float, ...] = (0.9, 1.1)
    judges_copies: bool = True
    folds: int = 5

    def __post_init__(self) -> None:
        """Refuse numbers outside their range."""
        checks = {
            "temperature": (self.temperature > 0, "be > 0"),
            "trust": (0 <= self.trust <= 1, "lie in [0, 1]"),
            "speeds": (all(0.5 <= speed <= 2 for speed in self.speeds), "lie in 0.5 … 2"),
            "folds": (self.folds == 0 or self.folds >= 2, "be 0 or ≥ 2"),
        }
        for name, (holds, claim) in checks.items():
            if not holds:
                raise ConfigurationError(f"`{name}` must {claim}, but got {getattr(self, name)}")
        if len({1.0, *self.speeds}) <= len(self.speeds):
            raise ConfigurationError(
                "`speeds` must name each speed of a copy once and not 1, the clip itself, but got "
                f"{list(self.speeds)}"
            )

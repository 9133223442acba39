"""Every error the `ser` package raises on purpose; catch `SerError` to catch them all."""


class SerError(Exception):
    """The base of every error this package raises on purpose."""


class AudioError(SerError):
    """A file that cannot become a clip.

    Args:
        reason: Short code, stored as it is with the rejected file, e.g. `truncated`.
        detail: What was expected and what was found, for a person.

    Example:
        >>> error = AudioError("too_short", "0.02 s of speech, at least 0.1 s needed")
        >>> error.reason, str(error)
        ('too_short', 'too_short: 0.02 s of speech, at least 0.1 s needed')
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        """Return the reason code followed by the detail."""
        return f"{self.reason}: {self.detail}"


class CorpusError(SerError):
    """A folder, table or name that does not fit the corpus it is said to be."""


class LeakageError(SerError):
    """A split that lets training see a speaker or a session of the test part."""


class ConfigurationError(SerError):
    """A parameter, or a combination of parameters, that cannot work."""


class ArtifactError(SerError):
    """A stored model that is missing, damaged or not what its hash promises."""

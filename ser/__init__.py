"""Sound and models: corpora, audio, features, networks, training and metrics.

Importing this package, or `ser.corpora`, loads no torch; what needs torch is imported from its
own module.
"""

from ser.errors import (
    ArtifactError,
    AudioError,
    ConfigurationError,
    CorpusError,
    LeakageError,
    SerError,
)
from ser.labels import Taxonomy

__all__ = [
    "ArtifactError",
    "AudioError",
    "ConfigurationError",
    "CorpusError",
    "LeakageError",
    "SerError",
    "Taxonomy",
]

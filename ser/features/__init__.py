"""Features: arrays of numbers computed from waveforms.

``ser.features.spectral`` needs torch and is imported by its full name.
"""

from ser.features.ragged import RaggedFeatures

__all__ = ["RaggedFeatures"]

"""Features: arrays of numbers computed from waveforms, without torch.

``ser.features.registry`` knows every kind; the kinds are imported by their full names.
"""

from ser.features.ragged import RaggedFeatures

__all__ = ["RaggedFeatures"]

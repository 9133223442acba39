"""Vary training data: speed, noise, level and channel of the sound, masks on its features.

`record` says what is varied and how often; `sound` does it to waveforms, `log_mel` to features.
"""

"""Pretrained speech encoders (extra ``[encoders]``), frozen or going on to learn.

``ser.encoders.pretrained`` loads one and returns the states of its layers;
``ser.encoders.statistics`` and ``ser.encoders.states`` make feature sets of them, and
``ser.encoders.layers`` upper layers that can learn. Importing the feature sets loads no torch.
"""

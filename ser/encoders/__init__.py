"""Pretrained speech encoders as frozen features (extra ``[encoders]``).

``ser.encoders.pretrained`` loads one and returns the states of its layers;
``ser.encoders.statistics`` makes a feature set of them. Importing either loads no torch.
"""

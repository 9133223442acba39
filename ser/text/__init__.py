"""Words beside the sound: transcripts, which clip they belong to, and states of a text encoder.

``ser.text.features`` makes numbers of words (extra ``[text]``), ``ser.text.alignment`` gives clips
their words and labels, ``ser.text.recognition`` writes down what is said (extra
``[transcripts]``). Importing any of them loads no torch.
"""

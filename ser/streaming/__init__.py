"""Emotion while someone is still speaking; import from `ser.streaming.stream`."""

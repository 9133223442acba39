"""Trained models at work; import from `ser.inference.predictor`, which needs torch."""

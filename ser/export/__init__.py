"""Models as files that run elsewhere; import them from their modules.

`ser.export.bundle` needs no torch, `ser.export.runtime` needs ONNX Runtime, the rest torch.
"""

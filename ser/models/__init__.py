"""Networks that hear emotion in speech; import them from their modules.

All but `ser.models.parameters`, which says how a network is built, need torch.
"""

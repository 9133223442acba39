"""Errors that a person at the command line can act on."""


class PipelineError(Exception):
    """A stage cannot go on; the message names the offender and the remedy."""


class SettingsError(PipelineError):
    """A setting is unknown or has a value that cannot be used."""


class NothingToDoError(PipelineError):
    """A stage was asked to work on nothing, such as unanswered asks."""


class PoolExhaustedError(NothingToDoError):
    """Every clip that may be asked about has been asked about: the campaign is complete."""

"""What annotators are asked and hear, as the settings say."""

from typing import cast

from annotation.label_studio import InterfaceChoices
from annotation.ratings.matrix import Dimension
from pipelines.settings import Settings


def interface_choices(settings: Settings) -> InterfaceChoices:
    """Return the optional parts of the labelling page, which answers are read by as well.

    Args:
        settings: The section `labelling`.

    Example:
        >>> from pipelines.people_sections import LabellingSettings
        >>> asked = Settings(labelling=LabellingSettings(ratings="arousal,valence"))
        >>> interface_choices(asked).ratings
        ('arousal', 'valence')
    """
    labelling = settings.labelling
    ratings = labelling.ratings.split(",") if labelling.ratings else []
    return InterfaceChoices(
        **labelling.overrides("question"),
        autoplay=labelling.autoplay,
        second_choice=labelling.second_choice,
        ratings=tuple(cast("Dimension", name) for name in ratings),
        rating_scale=labelling.rating_scale,
        transcript=labelling.transcript,
        comment=labelling.comment,
    )


def playback_lufs(settings: Settings) -> float | None:
    """Return the loudness that annotators hear clips at; None for as they are.

    Args:
        settings: The section `rounds`.
    """
    wanted = settings.rounds.playback_lufs
    return None if wanted == "none" else wanted

"""Settings of what a network learns before it meets a label."""

from typing import Literal

from pydantic import Field

from pipelines.sections import Section


class PretrainingSettings(Section):
    """Contrastive pretraining on the clips that may be heard, before the labels are learned."""

    objective: Literal["none", "simclr", "cola"] = Field(
        "none",
        description="Tell two views of a clip from other clips: by cosine (`simclr`), or by a "
        "learned form (`cola`); `none` begins with fresh weights.",
    )
    negatives: Literal["speaker", "all"] | None = Field(
        None, description="Which other clips: of the same speaker, or of the whole step."
    )
    supervised: float | None = Field(
        None, ge=0, description="Weight of the supervised contrastive loss on labelled clips."
    )
    temperature: float | None = Field(None, gt=0, description="What cosines are divided by.")
    epochs: int | None = Field(None, ge=1, description="Passes over the clips.")
    updates: int | None = Field(None, ge=1, description="Steps instead of `epochs`.")
    batch_size: int | None = Field(None, ge=2, description="Clips per step, each in two views.")
    learning_rate: float | None = Field(None, gt=0, description="Peak learning rate of AdamW.")

"""Settings of what a network learns before it meets a label, and of what it reads."""

from typing import Literal

from pydantic import Field

from pipelines.sections import Section

_SOURCE = "(corpus|annotators|recogniser|file)"
SOURCES = rf"^{_SOURCE}(,{_SOURCE})*$"


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


class FusionSettings(Section):
    """Words beside the sound: where they come from, and how both are joined."""

    kind: Literal["none", "late", "concatenation", "attention"] = Field(
        "none",
        description="How the words of a clip are joined to its sound: posteriors weighed (`late`), "
        "vectors side by side (`concatenation`), or each asking the other (`attention`).",
    )
    stages: Literal["two", "joint"] = Field(
        "two",
        description="Train the sound first and keep it (`two`), or sound and words at once "
        "(`joint`).",
    )
    words: str = Field(
        "corpus",
        pattern=SOURCES,
        description="Whose words: those of the `corpus`, of `annotators`, of a `recogniser` or a "
        "`file` (`serloop transcribe`); of several, the first that has any for a clip.",
    )
    text_model: str | None = Field(
        None,
        description="Text encoder: a folder, or one in `models`; default: all-MiniLM-L6-v2 of the "
        "extra `text`.",
    )
    drop_words: float | None = Field(
        None, ge=0, lt=1, description="Share of clips that lose their words in a step."
    )
    drop_sound: float | None = Field(
        None, ge=0, lt=1, description="Share of clips that are judged by their words in a step."
    )
    wrong_words: float | None = Field(
        None, ge=0, lt=1, description="Share of clips that get another clip's words in a step."
    )
    side_loss: float | None = Field(
        None, ge=0, description="Weight of what sound alone and words alone learn; not of `late`."
    )
    size: int | None = Field(
        None, ge=1, description="Numbers of a state once sound and words are of one size."
    )
    heads: int | None = Field(None, ge=1, description="Heads of `attention`; they divide `size`.")
    epochs: int | None = Field(
        None, ge=1, description="Passes over the clips in the second of `two` stages."
    )
    learning_rate: float | None = Field(
        None, gt=0, description="Peak learning rate of AdamW in the second of `two` stages."
    )

"""The sections of the settings about people: where they answer, what is asked, how they fare."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from pipelines.sections import RATINGS, Section


class LabelStudioSettings(Section):
    """Which Label Studio people answer in: one of our own, or one that runs already."""

    url: str | None = Field(
        None,
        pattern=r"^https?://[^@\s?#]+$",
        description="Address of a Label Studio that runs already; default: one of our own.",
    )
    token: SecretStr | None = Field(
        None, description="Its token, legacy or personal access; never shown."
    )
    token_file: Path | None = Field(None, description="File that holds this token instead.")
    port: int = Field(18080, ge=1, le=65535, description="Port of our own, on 127.0.0.1 alone.")
    username: str = Field(
        "admin@serloop.example",
        pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
        description="E-mail address of its first user, made at the first start.",
    )
    database: SecretStr | None = Field(
        None,
        description="Its `postgresql://user:password@host:port/name`; default: a SQLite file.",
    )
    environment: Path | None = Field(
        None,
        description="Virtual environment it is installed in; default: one made for it.",
    )
    audio_folder: Path | None = Field(
        None,
        description="Where clips are written for one that is not our own, at `audio_url`.",
    )
    audio_url: str | None = Field(
        None,
        pattern=r"^(https?://[^@\s]+|/data/local-files/\?d=\S*)$",
        description="Where browsers find that folder: an address with CORS, or "
        "`/data/local-files/?d=` below the document root.",
    )
    reconcile_s: int = Field(
        3600,
        ge=0,
        description="Seconds after which `collect` reads all answers again, not only new.",
    )


class GatewaySettings(Section):
    """The service that Label Studio wakes, and that looks for answers by itself."""

    host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="Address of this machine that the gateway listens on.",
    )
    port: int = Field(18090, ge=1, le=65535, description="Port that it listens on.")
    url: str | None = Field(
        None,
        pattern=r"^https?://[^@\s?#]+$",
        description="Address at which others reach it; default: host and port.",
    )
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^@\s?#]+$",
        description="Address at which people's browsers reach it; default: `gateway.url`.",
    )
    poll_s: float = Field(
        60.0, ge=1, description="Seconds between looks for answers that no webhook told of."
    )
    quiet_s: float = Field(
        1.0, ge=0, description="Seconds without another webhook before answers are collected."
    )
    longest_wait_s: float = Field(
        5.0, ge=0, description="Seconds after which they are, however many webhooks come."
    )
    largest_body: int = Field(
        1_048_576, ge=1024, description="Bytes a webhook may have; longer ones are refused."
    )


class LabellingSettings(Section):
    """What the labelling page asks beside the class; best kept as it is during a campaign."""

    question: str | None = Field(None, description="Heading above the clip.")
    autoplay: bool = Field(True, description="Whether a clip plays when its page opens.")
    second_choice: bool = Field(False, description="Whether to ask what else was heard.")
    ratings: str | None = Field(
        None,
        pattern=RATINGS,
        description="Dimensions to rate, such as `arousal,valence,dominance`.",
    )
    rating_scale: Literal[5, 9] = Field(9, description="Highest rating; the lowest is 1.")
    transcript: Literal["none", "shown", "asked"] = Field(
        "none", description="Whether the words are shown, asked for, or neither."
    )
    comment: bool = Field(True, description="Whether there is a field for remarks.")
    definitions: dict[str, Annotated[str, Field(min_length=1)]] = Field(
        {},
        description="What classes mean in your own words: a table in `serloop.toml`, or JSON; "
        "usual classes have a meaning.",
    )
    gold_share: float = Field(
        0.05,
        ge=0,
        le=0.5,
        description="Share of a round's tasks that are gold, as long as there is unheard gold.",
    )
    shown_share: float = Field(
        0.0,
        ge=0,
        le=1,
        description="Share of the tasks with a model's prediction that show it, drawn at random to "
        "measure anchoring; 0 for none.",
    )


class PeopleSettings(Section):
    """What annotators are told and spared."""

    votes_per_day: int = Field(0, ge=0, description="Votes a person casts a day; 0 for no cap.")
    enforce_cap: bool = Field(
        False, description="Whether who reached the cap is locked out until the day is over."
    )
    rest_after_min: int = Field(
        45, ge=0, description="Minutes of labelling without pause before a rest; 0 for never."
    )
    time_zone: str = Field("UTC", description="Whose midnight ends a day: `Europe/Berlin`.")

"""The sections of the settings: what may be set, of which type, and what it means.

A setting left at None means the algorithm's own default, so a default is written in one place.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from pipelines.choices import AggregatorName, AidedChoice, BatchName, StrategyName

NUMBERS = r"^\d+(,\d+)*$"
LAYERS = r"^(all|\d+(,\d+)*)$"
QUOTA = r"(speaker|gender|language|class)=[1-9]\d*"
QUOTAS = rf"^{QUOTA}(,{QUOTA})*$"
NAMES = r"^[^,\s]+(,[^,\s]+)*$"
RATINGS = r"^(arousal|valence|dominance)(,(arousal|valence|dominance))*$"


class Section(BaseModel):
    """A group of settings that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    def overrides(self, *names: str) -> dict[str, Any]:
        """Return the named settings that were set, as keyword arguments.

        Args:
            names: Field names to pass on.

        Returns:
            The fields that are not None, so that absent ones keep the algorithm's default.
        """
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if value is not None}


class WarehouseSettings(Section):
    """Where the catalog and the Parquet files live."""

    catalog: str | None = Field(
        None,
        # It may hold a password, and settings are printed.
        repr=False,
        description="SQLite file or `postgresql://…`; default: a file under `home`.",
    )
    data_path: str | None = Field(
        None, description="Folder or `s3://bucket/prefix` of the Parquet files; default: `home`."
    )
    s3_endpoint: str | None = Field(
        None, description="Host and port of an S3-compatible store; default: the cloud's own."
    )
    s3_region: str = Field("us-east-1", description="Region of the bucket.")
    s3_access_key: SecretStr | None = Field(None, description="Access key id of the bucket.")
    s3_secret_key: SecretStr | None = Field(None, description="Secret key of the bucket.")
    s3_use_ssl: bool = Field(True, description="Speak HTTPS to the S3 endpoint.")


class AudioSettings(Section):
    """How recordings become 16 kHz clips."""

    trim_rise_db: float | None = Field(
        None, gt=0, description="Decibels above the clip's noise floor that count as speech."
    )
    trim_padding_s: float | None = Field(
        None, ge=0, description="Seconds kept on either side of the speech."
    )
    vad: Literal["energy", "silero"] = Field(
        "energy", description="What finds speech: energy above the noise, or Silero's network."
    )
    longest_clip_s: float | None = Field(
        None, gt=1, description="Seconds above which a recording is cut at its pauses into clips."
    )


class FeatureSettings(Section):
    """What is computed of every clip at its ingest, and learned from."""

    kind: Literal[
        "log_mel", "mfcc", "prosody", "egemaps", "encoder_statistics", "encoder_states"
    ] = Field("log_mel", description="Kind of features; `egemaps` is for non-commercial use only.")
    hop: int | None = Field(None, ge=1, description="Samples between frames at 16 kHz.")
    bands: int | None = Field(None, ge=1, description="Mel bands of `log_mel`.")
    coefficients: int | None = Field(None, ge=1, description="Cepstral coefficients of `mfcc`.")
    encoder: str | None = Field(
        None,
        description="Encoder of `encoder_statistics` and `encoder_states`: a folder, one in "
        "`models`, or an id on the Hugging Face hub.",
    )
    layers: str | None = Field(
        None,
        pattern=LAYERS,
        description="Layers of it that are kept, such as `2,3,4`, or `all`; of `encoder_states` "
        "the one above which others learn.",
    )
    speeds: str | None = Field(
        None, description="Speeds of the copies of a clip it hears, such as `0.9,1,1.1`."
    )


class ComputeSettings(Section):
    """How much of this machine, or of which others, the pipeline uses."""

    runner: Literal["processes", "ray"] = Field(
        "processes", description="What runs batches: processes of this machine, or a Ray cluster."
    )
    ray_address: str | None = Field(
        None, description="Ray cluster to connect to; default: one on this machine, for the run."
    )
    processes: int | None = Field(
        None, ge=1, description="Processes that decode and extract features; default: all cores."
    )
    batch_clips: int = Field(256, ge=1, description="Most clips per shard.")
    commit_s: float = Field(
        5.0, ge=0, description="Seconds between the commits of an ingest; a kill loses as much."
    )
    threads: int = Field(1, ge=1, description="Threads of linear algebra in each process.")


class NetworkSettings(Section):
    """What is trained; unset keeps what the preset says."""

    preset: Literal["crnn", "compact", "cnn", "ensemble", "layers", "tail"] | None = Field(
        None,
        description="Network to start from, `layers` for a light head over a frozen encoder, "
        "`tail` for an encoder that learns; default: the recipe's.",
    )
    channels: str | None = Field(
        None, pattern=NUMBERS, description="Channels of each block, such as `16,32,48,64`."
    )
    time_pools: str | None = Field(
        None, pattern=NUMBERS, description="Frames that become one in each block: `2,2,1,1`."
    )
    separable: bool | None = Field(None, description="Use depthwise-separable convolutions.")
    residual: bool | None = Field(None, description="Give blocks a second convolution, a shortcut.")
    squeeze: int | None = Field(
        None, ge=0, description="Reduction of squeeze-excitation; 0 for none."
    )
    recurrent: Literal["none", "lstm", "gru"] | None = Field(
        None, description="Bidirectional recurrent layer."
    )
    recurrent_size: int | None = Field(
        None, ge=1, description="Size of its state in each direction."
    )
    self_attention: int | None = Field(
        None, ge=0, description="Heads of a self-attention layer; 0 for none."
    )
    pooling: Literal["attention", "statistics"] | None = Field(
        None, description="How frames become one vector."
    )
    heads: int | None = Field(None, ge=1, description="Weightings of the attention pooling.")
    with_deviation: bool | None = Field(
        None, description="Whether pooling appends the deviation over time."
    )
    embedding_size: int | None = Field(
        None, ge=0, description="Size of the layer under the outputs; `layers` may have 0, none."
    )
    members: int | None = Field(
        None, ge=1, description="Networks with weights of their own that judge together."
    )
    centred: int | None = Field(
        None, ge=0, description="How many of them hear each clip without its mean spectrum."
    )
    encoder_dropout: float | None = Field(
        None, ge=0, lt=1, description="Share of channels, or of `layers`, dropped in training."
    )
    dropout: float | None = Field(
        None, ge=0, lt=1, description="Share of numbers dropped before the layers of the head."
    )
    top_layer: int | None = Field(
        None, ge=1, description="Highest layer of the encoder that `tail` runs and reads."
    )
    adapter_rank: int | None = Field(
        None, ge=0, description="Rank of the adapters `tail` learns (LoRA); 0 for whole layers."
    )


class TrainingSettings(Section):
    """Overrides of the trainer's own defaults."""

    epochs: int | None = Field(None, ge=1, description="Passes over the training clips.")
    updates: int | None = Field(
        None, ge=1, description="Steps to train for instead of `epochs`; suits growing label sets."
    )
    batch_size: int | None = Field(None, ge=2, description="Clips per step.")
    learning_rate: float | None = Field(None, gt=0, description="Peak learning rate of AdamW.")
    weight_decay: float | None = Field(None, ge=0, description="Decoupled weight decay of AdamW.")
    loss: Literal["cross_entropy", "class_weighted", "focal", "soft_label"] | None = Field(
        None, description="Training loss."
    )
    gamma: float | None = Field(None, ge=0, description="Exponent of the focal loss.")
    balance: float | None = Field(
        None, ge=0, le=1, description="How far `class_weighted` makes up for rare classes."
    )
    label_smoothing: float | None = Field(
        None, ge=0, lt=1, description="Share of each decided label spread over the classes."
    )
    schedule: Literal["constant", "cosine", "one_cycle", "plateau"] | None = Field(
        None, description="Of the learning rate; `plateau` halves it when the dev UAR stays."
    )
    warmup: float | None = Field(
        None, ge=0, lt=1, description="Share of the steps in which the learning rate rises."
    )
    clip_norm: float | None = Field(None, gt=0, description="Largest norm of the gradient.")
    mixup: float | None = Field(None, ge=0, description="Alpha of mixup; 0 for none.")
    ema: float | None = Field(
        None, ge=0, lt=1, description="Decay of the moving average of the weights; 0 for none."
    )
    patience: int | None = Field(
        None, ge=1, description="Epochs without a better dev score after which training ends."
    )
    device: Literal["auto", "cpu", "cuda"] | None = Field(
        None, description="Where to train; `auto` takes a GPU if there is one; default: the CPU."
    )
    precision: Literal["auto", "single", "bfloat16", "half"] | None = Field(
        None, description="Of numbers while training; `auto` is half on a GPU, single on a CPU."
    )
    solver: Literal["descent", "ridge"] | None = Field(
        None,
        description="Of `layers` without a hidden layer: steps, or ridge regression at once, "
        "which `tail` can begin with; default: ridge where it can learn what is asked.",
    )
    classes: bool = Field(True, description="Learn the classes; false leaves ratings alone.")
    ratings: str | None = Field(
        None,
        pattern=RATINGS,
        description="Rated dimensions to learn from people's mean ratings: `arousal,valence`.",
    )
    clip_weights: Literal["none", "certainty", "votes"] = Field(
        "none",
        description="Weigh clips of a consensus run by 1 minus normalised entropy, or by votes.",
    )
    speed_perturbation: bool = Field(
        True, description="Train on copies of each clip played 10 % slower and faster as well."
    )
    label_share: float | None = Field(
        None,
        gt=0,
        le=1,
        description="Share of the labels of each class to learn from, drawn by the seed; the other "
        "clips count as unlabelled.",
    )
    semi: Literal["none", "fixmatch", "mean_teacher", "self_training"] | None = Field(
        None,
        description="Learn from clips without labels as well: `fixmatch` the class the network is "
        "sure of, `mean_teacher` to say the same of a varied clip, `self_training` (by ridge) "
        "what the head believes.",
    )
    semi_weight: float | None = Field(
        None, gt=0, description="How much `semi` counts against the labels; default: 1, 10 or 0.3."
    )
    semi_threshold: float | None = Field(
        None, gt=0, lt=1, description="Calibrated probability from which `fixmatch` believes."
    )
    semi_ratio: int | None = Field(
        None, ge=1, description="Clips without labels per labelled one in a step."
    )
    semi_balance: bool | None = Field(
        None, description="Let classes be believed as often as the labels hold them."
    )
    domain: Literal["none", "coral", "adversarial"] | None = Field(
        None,
        description="Make clips of `target_corpus`, without their labels, look alike to the "
        "network: by moments of its embeddings, or by hiding the corpus from a rival.",
    )
    domain_weight: float | None = Field(
        None, gt=0, description="How much `domain` counts against the labels."
    )
    also: str | None = Field(
        None,
        pattern=NAMES,
        description="Further corpora to learn from, by their own labels: `urdu,emodb`.",
    )
    balance_groups: bool | None = Field(
        None, description="Take equally many clips of each corpus in every step."
    )
    tune_rate: float | None = Field(
        None, gt=0, description="Learning rate of `tail`'s encoder, as a share of the head's."
    )
    frozen_epochs: int | None = Field(
        None, ge=0, description="Epochs at first in which this encoder does not learn."
    )
    unfreeze_every: int | None = Field(
        None, ge=0, description="Epochs until its next lower layer learns too; 0 for all at once."
    )
    target_corpus: str | None = Field(
        None,
        description="Corpus whose clips without labels `semi` and `domain` hear; default: the "
        "one that is learned from.",
    )
    seed: int = Field(0, ge=0, description="Seed of initial weights, batches and augmentation.")
    resume: bool = Field(
        True, description="Keep the training after every epoch, and go on from there if killed."
    )
    log_to: Literal["none", "tensorboard", "mlflow"] = Field(
        "none", description="Where each epoch is logged as well; an extra of that name."
    )
    log_place: str | None = Field(
        None,
        description="Folder of the logs, or an address for MLflow; default: `home`/logs.",
    )

    @property
    def other_corpora(self) -> tuple[str, ...]:
        """Names of further corpora to learn from."""
        return tuple(self.also.split(",")) if self.also else ()


class AugmentationSettings(Section):
    """How often training varies a clip, as a probability; unset keeps the recipe's."""

    warp: float | None = Field(
        None, ge=0, le=1, description="Bands are stretched, as in other voices (VTLP); log-mel."
    )
    masks: float | None = Field(
        None, ge=0, le=1, description="Bands and spans of time are masked (SpecAugment)."
    )
    noise: float | None = Field(None, ge=0, le=1, description="Noise is added at 5 to 25 dB.")
    telephone: float | None = Field(None, ge=0, le=1, description="Only 300 to 3400 Hz are left.")
    low_pass: float | None = Field(None, ge=0, le=1, description="High frequencies are cut.")
    gain: float | None = Field(None, ge=0, le=1, description="The level changes by -10 to 6 dB.")
    mu_law: float | None = Field(None, ge=0, le=1, description="An 8-bit µ-law codec is heard.")


class RoundSettings(Section):
    """What one acquisition round asks."""

    strategy: StrategyName = Field(
        "worth",
        description="How the active arm asks: `worth` spends vote by vote on new clips and on "
        "heard ones, wherever the next is worth most per second; others are utilities that rank "
        "clips nobody was asked about: `bald` needs `network.members` or `dropout_passes`, "
        "`reducible` people's votes.",
    )
    dropout_passes: int = Field(
        0,
        ge=0,
        description="How often a single network judges the pool with dropout, for `bald`; 0 for "
        "not at all, else at least 2.",
    )
    batch: BatchName = Field(
        "top",
        description="How it becomes a batch: the `top`, or clips that differ (`badge`, `k_centre`, "
        "`facility`, `determinantal`) or are `typical`.",
    )
    at_least: str | None = Field(
        None,
        pattern=QUOTAS,
        description="Clips the active arm asks about of each speaker, gender, language or "
        "predicted class: `speaker=1,class=5`.",
    )
    listening_s: float | None = Field(
        None,
        gt=0,
        description="Seconds each annotator listens for the active arm in a round at most, at "
        "expected lead times.",
    )
    annotators: int = Field(1, ge=1, description="Annotators who share the seconds of listening.")
    budget: int = Field(120, ge=1, description="Clips asked about per round, both arms together.")
    random_share: float = Field(
        0.5, ge=0, le=1, description="Share of the budget drawn at random as the control arm."
    )
    audit_share: float = Field(
        0.05,
        ge=0,
        le=1,
        description="Share of the budget, out of the active arm's, that asks one more person about "
        "labels drawn at random; 0 for none.",
    )
    votes_per_clip: int = Field(
        # At the error rates of CREMA-D's listeners 3 votes label 62 % of clips right, 5 votes 75 %.
        5,
        ge=1,
        description="Annotators asked about each clip; the active arm of `worth` asks up to so "
        "many.",
    )
    keep_open: bool = Field(
        False,
        description="Whether what earlier rounds asked in Label Studio stays open in a new one.",
    )
    playback_lufs: Annotated[float, Field(ge=-60, le=-5)] | Literal["none"] = Field(
        -23.0,
        description="Loudness of the audio annotators hear, LUFS, as far as peaks allow; `none` "
        "for as it is.",
    )
    aggregator: AggregatorName = Field("dawid_skene", description="How votes become consensus.")
    aided: AidedChoice = Field(
        "auto",
        description="Whether consensus weighs what a model heard, too: `always`, `never`, or "
        "`auto`, where it is solved for at once.",
    )
    stop_change: float | None = Field(
        None, ge=0, description="UAR below which the next round's expected gain says stop."
    )
    stop_agreement: float | None = Field(
        None, ge=0, le=1, description="Kappa of consecutive models from which they count as stable."
    )
    stop_gain_per_hour: float | None = Field(
        None, ge=0, description="UAR gain per annotator-hour below which time is better spent."
    )

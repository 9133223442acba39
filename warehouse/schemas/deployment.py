"""Tables of taking a model out: files made from it, how sure it may claim to be, who it knows."""

from warehouse.schemas.kinds import BIG, FLAG, INT, REAL, TEXT, optional
from warehouse.table import Column, Table

BUNDLES = Table(
    "bundles",
    "A folder that runs a model elsewhere: its file, what reads it, and a card.",
    ("bundle_id",),
    (
        Column("bundle_id", TEXT, "Deterministic id, of the model and how it was exported."),
        Column("model_id", TEXT, "The model."),
        Column("format", TEXT, "`onnx`, `torch_export`, `torchscript` or `tflite`."),
        Column("precision", TEXT, "`float32`, `int8_dynamic` or `int8_static`."),
        Column("features", TEXT, "`inside` where it hears waveforms, else `outside`."),
        Column("bytes", BIG, "Size of the model's file."),
        Column("parity", REAL, "Largest difference of a posterior from PyTorch's."),
        Column("parity_clips", INT, "Clips that it was measured on."),
        Column("config", TEXT, "How it was exported and with which versions, as JSON."),
        Column("artifact", TEXT, "Folder, below that of artifacts."),
        Column("artifact_sha256", TEXT, "SHA-256 of its `bundle.json`, which names all others."),
    ),
)

CALIBRATIONS = Table(
    "calibrations",
    "How large a model's sets of classes must be to hold the right one as often as promised.",
    ("calibration_id",),
    (
        Column("calibration_id", TEXT, "Deterministic id, of the model, the clips and the method."),
        Column("model_id", TEXT, "The model."),
        Column("coverage", REAL, "Share of clips whose set shall hold the right class."),
        Column("method", TEXT, "Score by which classes enter a set: `lac` or `aps`."),
        Column("group_name", TEXT, "What thresholds differ by, such as `gender`; `all` for none."),
        Column("thresholds", TEXT, "Of each group, as JSON."),
        Column("source", TEXT, "What it was calibrated on: `dev` or `out_of_fold`."),
        Column("truth", TEXT, "`intended`, or the consensus run it was calibrated by."),
        Column("clips", INT, "Clips it was calibrated on."),
        Column("speakers", INT, "Their speakers."),
        Column("snapshot", BIG, "The snapshot they were read from."),
    ),
)

BASELINES = Table(
    "baselines",
    "What a model was told of one speaker's voice.",
    ("baseline_id",),
    (
        Column("baseline_id", TEXT, "Deterministic id, of the model, the clips and the method."),
        Column("model_id", TEXT, "The model."),
        Column("speaker", TEXT, "The speaker, as they are called."),
        Column("method", TEXT, "`normalisation`, or `adapter` where labels were given."),
        Column("is_used", FLAG, "Whether it helped speakers the model was trained on."),
        Column("clips", INT, "Clips it was made from."),
        Column("seconds", REAL, "Their speech, s."),
        optional("gain", REAL, "UAR it brought those speakers, each left out in turn."),
        optional("low", REAL, "Lower end of its 95 % interval over speakers."),
        optional("high", REAL, "Upper end of it."),
        Column("config", TEXT, "How it was made, as JSON."),
        Column("artifact", TEXT, "File of its numbers, below the folder of artifacts."),
        Column("artifact_sha256", TEXT, "SHA-256 of that file."),
        Column("snapshot", BIG, "The snapshot it was made on."),
    ),
)

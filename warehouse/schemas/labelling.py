"""Tables of the bridge to Label Studio: what is to be there, what was seen there, who answered."""

from warehouse.schemas.kinds import BIG, FLAG, INSTANT, INT, TEXT, TEXTS, optional
from warehouse.table import Column, Table

PROJECTS = Table(
    "projects",
    "One Label Studio project that a campaign asks in; written before the project is made.",
    ("project",),
    (
        Column("project", TEXT, "`campaign-` and eight random digits: never used twice."),
        Column("campaign", TEXT, "The campaign."),
        Column("corpus", TEXT, "The corpus whose clips are asked about."),
        Column("taxonomy", TEXT, "The class list offered."),
        Column("classes", TEXTS, "C class names in the order they are offered."),
        Column("choices", TEXT, "What its page asks beside the class, as JSON."),
        Column("opened_at", INSTANT, "When it was decided on."),
    ),
)

TASKS = Table(
    "tasks",
    "The outbox: one clip to be asked about in a project, and how; written before it is sent.",
    ("project", "clip_id"),
    (
        Column("project", TEXT, "The project."),
        Column("clip_id", TEXT, "The clip; a project has one task about it, whoever asks again."),
        Column("round_id", TEXT, "The round that asked first."),
        Column("place", BIG, "Its place in the queue of the project, from 0."),
        Column("is_gold", FLAG, "Whether everybody is asked, to see how well they hear."),
        optional("model_id", TEXT, "The model whose word is tried on annotators; null for none."),
        optional("predicted", TEXT, "The class that this model holds most probable."),
        Column("is_shown", FLAG, "Whether annotators are shown `predicted`: drawn at random."),
    ),
)

DELIVERIES = Table(
    "deliveries",
    "A task that was seen in Label Studio.",
    ("project", "clip_id", "task_id"),
    (
        Column("project", TEXT, "The project."),
        Column("clip_id", TEXT, "The clip."),
        Column("task_id", BIG, "Its number there."),
        Column("seen_at", INSTANT, "When it was first seen."),
    ),
)

WITHDRAWALS = Table(
    "withdrawals",
    "An ask that wants no more votes; those it has still count.",
    ("ask_id",),
    (
        Column("ask_id", TEXT, "The ask."),
        Column("reason", TEXT, "Why, in words."),
        Column("withdrawn_at", INSTANT, "When."),
    ),
)

GOLD = Table(
    "gold",
    "A clip whose class is known, mixed unseen into a campaign to see how well annotators hear.",
    ("campaign", "clip_id"),
    (
        Column("campaign", TEXT, "The campaign."),
        Column("clip_id", TEXT, "The clip; no round asks about it."),
        Column("taxonomy", TEXT, "The class list of `label`."),
        Column("label", TEXT, "What it expresses."),
        Column("origin", TEXT, "Who says so: `intended`, a consensus run, or a file."),
    ),
)

COLLECTIONS = Table(
    "collections",
    "One reading of a project's answers that found something new, or read all of them.",
    ("collection_id",),
    (
        Column("collection_id", TEXT, "Deterministic id."),
        Column("project", TEXT, "The project."),
        Column("is_full", FLAG, "Whether every task was read, not only those that changed."),
        Column("until", INSTANT, "The last change it saw, by the clock of the server."),
        Column("tasks", INT, "Tasks of the project when it began."),
        Column("answers", INT, "Answers in them, as the server counts them: without skips."),
        Column("read_at", INSTANT, "When it began, by our own clock."),
    ),
)

ACCOUNTS = Table(
    "accounts",
    "Whose votes those of a Label Studio user are; kept when the user's address changes.",
    ("project", "user_id"),
    (
        Column("project", TEXT, "A project that the user answered in."),
        Column("user_id", BIG, "The user's number there."),
        Column("annotator", TEXT, "Who it is in `votes`, without name or address."),
    ),
)

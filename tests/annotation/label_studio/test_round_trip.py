"""From a selection to tasks, through an annotator's hands, to votes and a consensus."""

import numpy as np
import pyarrow as pa
import pytest

from annotation import MajorityVote, build_vote_matrix, select_round
from annotation.label_studio import (
    InterfaceChoices,
    build_interface,
    build_tasks,
    parse_export,
)
from annotation.sampling import entropy, explain_utility, max_utility
from annotation.testing import make_annotation, make_export

CLASSES = ("anger", "calm", "joy")


def ask_about(posterior: np.ndarray, clips: list[str]) -> pa.Table:
    """Select five clips and return their asks."""
    reasons = explain_utility(entropy(posterior), posterior, strategy="entropy", classes=CLASSES)
    chosen = select_round(
        clips,
        entropy(posterior),
        budget=5,
        random_share=0.4,
        rng=np.random.default_rng(0),
        reasons=reasons,
    )
    names = ("clip_id", "arm", "utility", "reason")
    rows = {name: [getattr(pick, name) for pick in chosen.picks] for name in names}
    ids = [f"r1/{pick.arm}/{pick.clip_id}" for pick in chosen.picks]
    return pa.table(rows | {"ask_id": ids, "round_id": ["r1"] * len(ids)})


def test_what_was_asked_comes_back_as_votes() -> None:
    """Every task that two annotators answer alike yields its clip's label."""
    clips = [f"demo/{row}" for row in range(12)]
    posterior = np.random.default_rng(1).dirichlet([1] * 3, size=12)
    asks = ask_about(posterior, clips)
    tasks = build_tasks(
        asks,
        {clip: f"/{clip}.wav" for clip in clips},
        model_version="m1",
        max_utility=max_utility("entropy", 3),
    )
    answers = [
        [make_annotation(10 * row + user, CLASSES[row % 3], user=user) for user in (1, 2)]
        for row in range(len(tasks))
    ]
    parsed = parse_export(
        make_export(tasks, answers),
        project=1,
        classes=CLASSES,
        taxonomy="demo-3",
        known_clips=clips,
    )
    consensus = MajorityVote().aggregate(build_vote_matrix(parsed.votes, CLASSES))
    expected = {task["data"]["clip_id"]: CLASSES[row % 3] for row, task in enumerate(tasks)}
    assert parsed.quarantined.num_rows == parsed.abstentions.num_rows == 0
    assert len(tasks) == 5
    assert dict(zip(consensus.items, consensus.label_names(), strict=True)) == expected


def test_answers_the_interface_allows_become_votes_and_remarks() -> None:
    """What the SDK finds valid under our configuration is read without a loss."""
    label_interface = pytest.importorskip("label_studio_sdk.label_interface")
    asked = InterfaceChoices(
        second_choice=True, ratings=("arousal", "dominance"), rating_scale=5, transcript="asked"
    )
    interface = label_interface.LabelInterface(build_interface(CLASSES, asked))
    given = {
        "emotion": "joy",
        "second_choice": "calm",
        "arousal": 4,
        "dominance": 2,
        "transcript": "so far so good",
        "comment": "noisy",
    }
    kinds = {"arousal": "rating", "dominance": "rating", "transcript": "text", "comment": "text"}
    result = [
        {
            "from_name": name,
            "to_name": "audio",
            "type": "textarea" if kinds.get(name) == "text" else kinds.get(name, "choices"),
            "value": {
                kinds.get(name, "choices"): value if kinds.get(name) == "rating" else [value]
            },
        }
        for name, value in given.items()
    ]
    assert interface.validate_annotation({"result": result})
    task = {"data": {"clip_id": "demo/a"}}
    export = make_export([task], [[make_annotation(7, "joy") | {"result": result}]])
    parsed = parse_export(export, project=1, classes=CLASSES, taxonomy="demo-3", choices=asked)
    (vote,) = parsed.votes.to_pylist()
    (remark,) = parsed.remarks.to_pylist()
    rated = [vote[name] for name in ("label", "arousal", "valence", "dominance")]
    assert rated == ["joy", 4.0, None, 2.0]
    assert {name: remark[name] for name in ("second_choice", "transcript", "comment")} == {
        name: given[name] for name in ("second_choice", "transcript", "comment")
    }
    shared = ("clip_id", "annotator", "source", "source_ref", "cast_at")
    assert [remark[name] for name in shared] == [vote[name] for name in shared]
    assert (remark["remark_id"], remark["abstention"]) == (vote["vote_id"], None)

"""Disagreement is told from ignorance."""

from itertools import product

import numpy as np
import pytest
from scipy.special import digamma, entr

from annotation.clips import separate_uncertainty
from annotation.errors import VoteError
from annotation.simulate import SimulatedAnnotators
from annotation.testing import fill_votes, make_votes
from annotation.votes import build_vote_matrix

CLASSES = ("anger", "calm", "joy")
FLAT = np.ones(3)


def matrix_of(labels: dict[str, str]):
    """Build votes from the initial letters of each clip's answers, one annotator per position."""
    names = {name[0]: name for name in CLASSES}
    rows = [(clip, f"a{at}", names[x]) for clip, row in labels.items() for at, x in enumerate(row)]
    clips, annotators, answers = zip(*rows, strict=True)
    table = fill_votes({"clip_id": clips, "annotator": annotators, "label": answers})
    return build_vote_matrix(table, CLASSES)


def exact(prior: np.ndarray, likelihoods: list[np.ndarray]) -> tuple[np.ndarray, float]:
    """Return mean and E[H(p)] of the exact posterior: a mixture over what each vote perceived."""
    weights, means, entropies = [], [], []
    for path in product(range(len(prior)), repeat=len(likelihoods)):
        alpha, weight = prior.copy(), 1.0
        for seen, likelihood in zip(path, likelihoods, strict=True):
            weight *= alpha[seen] / alpha.sum() * likelihood[seen]
            alpha[seen] += 1
        mean, size = alpha / alpha.sum(), alpha.sum()
        weights.append(weight)
        means.append(mean)
        entropies.append((mean * (digamma(size + 1) - digamma(alpha + 1))).sum())
    share = np.array(weights) / np.sum(weights)
    return share @ np.array(means), float(share @ np.array(entropies))


def test_a_split_crowd_is_ambiguous_and_a_single_vote_is_ignorance() -> None:
    """Twenty votes that split know the clip; one vote knows little; twenty that agree know all."""
    votes = matrix_of({"agree": "c" * 20, "single": "c", "split": "cj" * 10})
    found = separate_uncertainty(votes, prior=FLAT)
    agree, single, split = range(3)
    assert found.ambiguity[split] > 2 * found.ambiguity[agree]
    assert found.ignorance[single] > 3 * found.ignorance[agree]
    assert found.ignorance[single] > 3 * found.ignorance[split]
    assert np.allclose(found.total, found.ambiguity + found.ignorance)
    assert found.effective_votes.tolist() == pytest.approx([20, 1, 20])


def test_entropies_equal_those_of_drawn_distributions() -> None:
    """The closed form is the mean over 200,000 draws from the Dirichlet."""
    found = separate_uncertainty(matrix_of({"x": "aacj"}), prior=np.array([0.5, 1.0, 0.7]))
    drawn = np.random.default_rng(0).dirichlet(found.alpha[0], 200_000)
    assert found.ambiguity[0] == pytest.approx(entr(drawn).sum(axis=1).mean(), abs=2e-3)
    assert found.total[0] == pytest.approx(entr(drawn.mean(axis=0)).sum(), abs=2e-3)


def test_faithful_annotators_count_as_votes() -> None:
    """With identity matrices the moment matching is exact."""
    votes = matrix_of({"x": "aacj", "y": "cc"})
    faithful = np.tile(np.eye(3), (len(votes.annotators), 1, 1))
    found = separate_uncertainty(votes, confusion=faithful, prior=FLAT)
    assert np.allclose(found.alpha, FLAT + votes.class_counts(), atol=1e-8)


def test_a_spammers_vote_changes_nothing() -> None:
    """Whoever answers whatever the clip tells nothing about it."""
    votes = matrix_of({"x": "aaj"})
    spam = np.tile([0.2, 0.3, 0.5], (3, 3, 1))
    found = separate_uncertainty(votes, confusion=spam, prior=FLAT)
    assert np.allclose(found.alpha, FLAT)
    assert found.effective_votes[0] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("answers", ["a", "aa", "aj", "aacj", "jjcca"])
def test_matched_moments_are_close_to_the_exact_posterior(answers: str) -> None:
    """Against the full mixture over what was perceived, within 0.02 and 0.03 nats."""
    group = SimulatedAnnotators.recruit(5, CLASSES, seed=3)
    votes = matrix_of({"x": answers})
    confusion = group.confusion[: len(answers)]
    found = separate_uncertainty(votes, confusion=confusion, prior=FLAT)
    seen = [confusion[at][:, ["a", "c", "j"].index(x)] for at, x in enumerate(answers)]
    mean, ambiguity = exact(FLAT, seen)
    assert found.alpha[0] / found.alpha[0].sum() == pytest.approx(mean, abs=0.02)
    assert found.ambiguity[0] == pytest.approx(ambiguity, abs=0.03)


def test_known_errors_explain_disagreement() -> None:
    """A vote against the others is no ambiguity when its caster often errs that way."""
    votes = matrix_of({"x": "aaaaj"})
    good = np.full((3, 3), 0.02) + 0.94 * np.eye(3)
    poor = np.tile([0.05, 0.05, 0.9], (3, 1))
    trusted = separate_uncertainty(votes, confusion=np.stack([good] * 5), prior=FLAT)
    explained = separate_uncertainty(votes, confusion=np.stack([good] * 4 + [poor]), prior=FLAT)
    assert explained.ambiguity[0] < trusted.ambiguity[0]


def test_names_and_order_do_not_matter() -> None:
    """Votes of the same people under other names give the same bits."""
    votes = make_votes(CLASSES, clips=30, annotators=6, accuracy=[0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    group = SimulatedAnnotators.recruit(6, CLASSES, seed=1)
    plain = separate_uncertainty(votes.matrix(), confusion=group.confusion)
    names = votes.table["annotator"].to_pylist()
    turned = [f"annotator-{5 - int(name[-3:]):03d}" for name in names]
    at = votes.table.schema.get_field_index("annotator")
    table = votes.table.set_column(at, "annotator", [turned]).take(list(range(len(names)))[::-1])
    other = separate_uncertainty(build_vote_matrix(table, CLASSES), confusion=group.confusion[::-1])
    assert np.array_equal(plain.alpha, other.alpha)


def test_the_table_has_a_row_per_clip() -> None:
    """What a report needs is in it."""
    table = separate_uncertainty(matrix_of({"x": "aac", "y": "j"})).to_table()
    assert table["clip_id"].to_pylist() == ["x", "y"]
    assert table["votes"].to_pylist() == [3, 1]


def test_without_votes_there_is_nothing_to_tell() -> None:
    """An empty matrix gives empty results."""
    empty = build_vote_matrix(fill_votes({"clip_id": []}), CLASSES)
    found = separate_uncertainty(empty, confusion=np.zeros((0, 3, 3)))
    assert found.alpha.shape == (0, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prior": np.array([1.0, 0.0, 1.0])}, "3 positive pseudo-votes"),
        ({"prior": np.ones(2)}, "3 positive pseudo-votes"),
        ({"confusion": np.zeros((2, 3, 3))}, r"must be \(3, 3, 3\), but is \(2, 3, 3\)"),
    ],
    ids=["zero", "short", "others"],
)
def test_what_does_not_fit_the_votes_is_refused(options, message: str) -> None:
    """The message says what was expected."""
    with pytest.raises(VoteError, match=message):
        separate_uncertainty(matrix_of({"x": "aac"}), **options)


def test_one_class_leaves_nothing_unknown() -> None:
    """Where only one answer is on offer, everyone gives it."""
    votes = build_vote_matrix(fill_votes({"clip_id": ["x"], "label": ["joy"]}), ["joy"])
    found = separate_uncertainty(votes, confusion=np.ones((1, 1, 1)))
    assert (found.total.tolist(), found.ignorance.tolist()) == ([0.0], [0.0])

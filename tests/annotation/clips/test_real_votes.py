"""On CREMA-D's real listeners, more votes remove ignorance and leave ambiguity."""

import numpy as np
import pytest

from annotation.clips import separate_uncertainty
from annotation.testing import fill_votes
from annotation.votes import build_vote_matrix


@pytest.fixture(scope="module")
def voice(read_crema_d):
    """Provide the voice-only votes of all clips."""
    votes, _ = read_crema_d("audio")
    return votes


def draw(votes, size: int):
    """Draw so many of each clip's votes without putting any back."""
    rng = np.random.default_rng(0)
    counts = votes.class_counts()
    drawn = np.array([rng.multivariate_hypergeometric(row, size) for row in counts])
    row, column = np.nonzero(drawn)
    columns = {
        "clip_id": np.array(votes.clips)[row].tolist(),
        "label": [votes.classes[index] for index in column],
        "count": drawn[row, column].tolist(),
    }
    return build_vote_matrix(fill_votes(columns), votes.classes)


def test_more_votes_remove_ignorance_and_leave_ambiguity(voice) -> None:
    """Three votes a clip tell the same mean ambiguity as nine, and leave more ignorance."""
    whole = separate_uncertainty(voice)
    part = separate_uncertainty(draw(voice, 3), prior=whole.prior)
    assert part.ambiguity.mean() == pytest.approx(whole.ambiguity.mean(), rel=0.02)
    assert part.ignorance.mean() > 1.5 * whole.ignorance.mean()


def test_ambiguous_clips_are_those_on_which_further_listeners_disagree(voice) -> None:
    """Told from three votes, the ambiguity ranks the other votes' disagreement."""
    part = draw(voice, 3)
    found = separate_uncertainty(part, prior=separate_uncertainty(voice).prior)
    rest = voice.class_counts() - part.class_counts()
    size = rest.sum(axis=1)
    several = size > 3
    pairs = (rest * (rest - 1)).sum(axis=1)[several] / (size * (size - 1))[several]
    order = np.argsort(found.ambiguity[several])
    third = len(order) // 3
    assert (1 - pairs[order[-third:]]).mean() > 1.25 * (1 - pairs[order[:third]]).mean()

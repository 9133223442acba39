"""From vectors to embeddings, logits and ratings."""

import pytest
import torch

from ser.errors import ConfigurationError
from ser.models.heads import EmotionHead, RatingScale


def test_logits_are_a_linear_map_of_the_embedding():
    """The embedding is the layer right under the scores."""
    torch.manual_seed(0)
    head = EmotionHead(6, size=5, n_classes=3, dropout=0.5).eval()
    logits, ratings, embeddings = head(torch.randn(2, 6))
    assert embeddings.shape == (2, 5)
    assert ratings.shape == (2, 0)
    torch.testing.assert_close(logits, head.logits(embeddings))


def test_ratings_come_in_the_scale_of_the_annotators():
    """They are the standardised ones times the deviation plus the mean, without any bound."""
    torch.manual_seed(0)
    head = EmotionHead(6, size=5, n_classes=0, ratings=2, dropout=0.5).eval()
    mean, deviation = torch.tensor([3.0, 50.0]), torch.tensor([0.5, 20.0])
    head.scale.set_statistics(mean, deviation)
    logits, ratings, embeddings = head(torch.randn(4, 6))
    assert logits.shape == (4, 0)
    torch.testing.assert_close(ratings, head.ratings(embeddings) * deviation + mean)
    torch.testing.assert_close(head.scale.standardise(ratings), head.ratings(embeddings))


def test_the_scale_travels_with_the_weights():
    """Its statistics are part of the state."""
    head = EmotionHead(6, size=5, n_classes=2, ratings=1)
    head.scale.set_statistics(torch.tensor([3.0]), torch.tensor([0.5]))
    other = EmotionHead(6, size=5, n_classes=2, ratings=1)
    other.load_state_dict(head.state_dict())
    assert other.scale.mean.tolist() == [3.0]
    assert other.scale.deviation.tolist() == [0.5]


def test_without_ratings_the_state_holds_nothing_about_them():
    """Weights of networks from before ratings fit."""
    names = EmotionHead(6, size=5, n_classes=2).state_dict()
    assert not any("scale" in name or "ratings" in name for name in names)


def test_a_dimension_rated_alike_stays_finite():
    """Where everybody gave the same number, standardising does not divide by zero."""
    scale = RatingScale(1)
    scale.set_statistics(torch.tensor([4.0]), torch.tensor([0.0]))
    assert scale.standardise(torch.tensor([[4.0]])).item() == 0.0


@pytest.mark.parametrize(
    ("mean", "message"),
    [([1.0, 2.0], r"must have the shape \(1,\), but got \(2,\)"), ([float("nan")], "be finite")],
    ids=["other size", "no rating known"],
)
def test_statistics_that_do_not_fit_are_refused(mean, message):
    """The message names the shape or the numbers."""
    with pytest.raises(ConfigurationError, match=message):
        RatingScale(1).set_statistics(torch.tensor(mean), torch.ones(1))

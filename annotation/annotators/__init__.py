"""Annotators: how well each hears, whether they listen, and what to do about it."""

from annotation.annotators.judgements import Judgements, build_judgements
from annotation.annotators.profile import AnnotatorProfile, profile_annotators
from annotation.annotators.recommend import Recommendation

__all__ = [
    "AnnotatorProfile",
    "Judgements",
    "Recommendation",
    "build_judgements",
    "profile_annotators",
]

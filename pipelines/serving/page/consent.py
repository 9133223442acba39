"""What somebody agrees to whose sound is kept, in the words that they see."""

from pipelines.identity import digest

CONSENT = (
    "Keep the sound of the segments that I correct, with my correction and the name above, to "
    "train and test models that recognise emotion. I may speak for everybody who is heard in them."
)
# What was agreed to is told by its words: other words are another agreement.
CONSENT_ID = digest(CONSENT)

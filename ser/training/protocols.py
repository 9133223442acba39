"""The ways the field judges a model: session left out, other corpora, other sentences."""

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from ser.errors import ConfigurationError, LeakageError
from ser.training.folds import Split, check_speaker_disjoint, join_groups, speaker_folds


def leave_one_out(
    names: Sequence[str | None], *, together: Sequence[Sequence[str | None]] = ()
) -> dict[str, Split]:
    """Test each session, or each speaker, once on a model that learned from all the others.

    Leave-one-session-out (LOSO) takes the session of each clip, leave-one-speaker-out its
    speaker. Names that another grouping joins, such as two sessions of one speaker, are left
    out together and called `a+b`.

    Args:
        names: Session or speaker of each clip.
        together: Further groupings that no split may part, each one name per clip, ``None``
            where unknown; see `join_groups`.

    Returns:
        A split without a dev part for each name, ascending.

    Raises:
        ConfigurationError: If a name is unknown or fewer than two are apart.

    Example:
        >>> speakers = ["ann", "ben", "cem", "ben"]
        >>> splits = leave_one_out(["s1", "s2", "s1", "s3"], together=[speakers])
        >>> {name: split.test.tolist() for name, split in splits.items()}
        {'s1': [0, 2], 's2+s3': [1, 3]}
    """
    unknown = [position for position, name in enumerate(names) if name is None]
    if unknown:
        raise ConfigurationError(
            f"`names` must say for each clip to whom it belongs, but {len(unknown)} of "
            f"{len(names)} are unknown, first at position {unknown[0]}"
        )
    groups = join_groups(names, *together) if names else np.empty(0, np.int64)
    known = np.asarray(names, dtype=str)
    called = {
        group: "+".join(np.unique(known[groups == group]).tolist()) for group in np.unique(groups)
    }
    if len(called) < 2:
        raise ConfigurationError(
            "`names` must hold two names that nothing joins, one to test and one to learn from, "
            f"but holds {list(called.values())}"
        )
    nobody = np.empty(0, dtype=np.int64)
    return {
        name: Split(np.flatnonzero(groups != group), nobody, np.flatnonzero(groups == group))
        for group, name in sorted(called.items(), key=lambda item: item[1])
    }


def cross_corpus(
    corpora: Sequence[str],
    speakers: Sequence[str | None],
    *,
    train: Collection[str],
    test: Collection[str],
) -> Split:
    """Learn from some corpora and test on others that share nobody with them.

    Args:
        corpora: Corpus of each clip; clips of corpora that are not named are left out.
        speakers: Speaker of each clip, a name that stands for the same person in every corpus,
            such as `emodb/03`; ``None`` where unknown.
        train: Corpora to learn from.
        test: Corpora to test on.

    Returns:
        The split, without a dev part; see `take_dev`.

    Raises:
        ConfigurationError: If a named corpus has no clip, or none is named.
        LeakageError: If a corpus is named on both sides, or a speaker, or somebody unknown, is
            on both.

    Example:
        >>> people = ["emodb/03", "emodb/08", "urdu/SM1"]
        >>> split = cross_corpus(["emodb", "emodb", "urdu"], people, train=["emodb"], test=["urdu"])
        >>> split.train.tolist(), split.test.tolist()
        ([0, 1], [2])
    """
    shared = sorted(set(train) & set(test))
    if shared:
        raise LeakageError(f"`train` and `test` share the corpora {shared}; name each only once")
    missing = sorted((set(train) | set(test)) - set(corpora))
    if missing or not train or not test:
        raise ConfigurationError(
            "`train` and `test` must each name a corpus with clips, but name "
            f"{sorted(train)} and {sorted(test)}, of which {missing} have none"
        )
    split = Split(
        train=_positions_in(corpora, train),
        dev=np.empty(0, dtype=np.int64),
        test=_positions_in(corpora, test),
    )
    check_speaker_disjoint({"speaker": speakers}, split)
    return split


def take_dev(
    split: Split,
    speakers: Sequence[str],
    *,
    share: float = 0.2,
    seed: int,
    together: Sequence[Sequence[str | None]] = (),
    balance: Sequence[str | None] = (),
) -> Split:
    """Move whole speakers from the training part to an empty dev part; test is not touched.

    Training speakers are dealt into ``1 / share`` folds, rounded, and the first is the dev part.

    Args:
        split: A split without a dev part.
        speakers: Speaker of each clip of the corpus.
        share: Share of the training clips to move, in (0, .5]; met as nearly as speakers allow.
        seed: Seed of the dealing.
        together: Further groupings not to part, see `speaker_folds`.
        balance: Kind of each clip's speaker to spread evenly, see `speaker_folds`.

    Raises:
        ConfigurationError: If there is a dev part already, the share is out of range, or there
            are fewer than two training speakers.

    Example:
        >>> from ser.training.folds import hold_out
        >>> speakers = ["a", "b", "c", "d", "e"]
        >>> found = take_dev(hold_out(speakers, test=["e"]), speakers, share=0.25, seed=0)
        >>> len(found.train), len(found.dev), found.test.tolist()
        (3, 1, [4])
    """
    if split.dev.size or not 0 < share <= 0.5:
        raise ConfigurationError(
            "`split` must have no dev part and `share` lie in (0, .5], but got "
            f"{split.dev.size} dev clips and {share}"
        )

    def of_train(names: Sequence[str | None]) -> list[str | None]:
        return [names[position] for position in split.train.tolist()]

    learned = [speakers[position] for position in split.train.tolist()]
    joined = [of_train(names) for names in together]
    apart = len(np.unique(join_groups(learned, *joined))) if learned else 0
    if apart < 2:
        raise ConfigurationError(
            "`split` must train on two speakers that nothing joins, one to learn from and one "
            f"for dev, but trains on {sorted(set(learned))}"
        )
    folds = speaker_folds(
        learned,
        min(round(1 / share), apart),
        seed=seed,
        together=joined,
        balance=of_train(balance) if balance else (),
    )
    return Split(split.train[folds[0].train], split.train[folds[0].test], split.test)


def part_sentences(split: Split, sentences: Sequence[str | None], test: Collection[str]) -> Split:
    """Keep the named sentences for the test part alone: nothing tested was ever said in training.

    Clips of other sentences leave the test part, clips of these and of unknown ones leave the
    training and dev parts. Training and dev go on sharing sentences, as they must where a corpus
    has only a few.

    Args:
        split: A split, for example by speaker.
        sentences: Sentence of each clip, ``None`` where unknown.
        test: Sentences to test on.

    Raises:
        ConfigurationError: If a named sentence has no clip, or nothing is left to learn from or
            to test on.

    Example:
        >>> from ser.training.folds import hold_out
        >>> split = hold_out(["a", "a", "b", "b"], test=["b"])
        >>> found = part_sentences(split, ["dogs", "kids", "dogs", "kids"], test=["kids"])
        >>> found.train.tolist(), found.test.tolist()
        ([0], [3])
    """
    missing = sorted(set(test) - set(sentences))
    if missing:
        raise ConfigurationError(f"`test` names sentences without a clip: {missing}")
    known = [name for name in dict.fromkeys(sentences) if name is not None]
    learned = _positions_in(sentences, [name for name in known if name not in test])
    found = Split(
        train=np.intersect1d(split.train, learned),
        dev=np.intersect1d(split.dev, learned),
        test=np.intersect1d(split.test, _positions_in(sentences, test)),
    )
    if not found.train.size or not found.test.size:
        raise ConfigurationError(
            f"testing the sentences {sorted(test)} alone leaves {found.train.size} clips to learn "
            f"from and {found.test.size} to test; name others"
        )
    return found


def _positions_in(names: Sequence[str | None], wanted: Collection[str]) -> npt.NDArray[np.int64]:
    return np.flatnonzero(np.array([name in wanted for name in names], dtype=bool))

"""Propose the next setting to try; the only module that knows Optuna."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pipelines.errors import PipelineError
from pipelines.identity import digest
from pipelines.search_space import Choices, Range, Space, Value
from pipelines.trials import COMPLETE, PRUNED, Trial, running_means

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

# Enough to tell settings apart, few enough to write down.
DIGITS = 3


def propose(space: Space, earlier: Sequence[Trial], *, study: str, number: int) -> dict[str, Value]:
    """Propose a setting by a tree-structured Parzen estimator.

    The proposal is a function of the arguments: whoever asks again, in whatever process and after
    whatever interruption, gets the same one.

    Args:
        space: What may vary.
        earlier: Trials of the study to learn from, by number.
        study: Name of the study.
        number: Number of the trial to propose for.

    Returns:
        A value for each name of the space; real ones have three significant digits.

    Raises:
        PipelineError: If Optuna is not installed.

    Example:
        >>> space = {"training.loss": Choices(("focal", "cross_entropy"))}
        >>> first = propose(space, [], study="s", number=0)
        >>> first == propose(space, [], study="s", number=0)
        True

    Reference:
        J. Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011.
        T. Akiba et al., "Optuna: a next-generation hyperparameter optimization framework",
        KDD 2019. https://doi.org/10.1145/3292500.3330701
    """
    try:
        import optuna  # noqa: PLC0415 - an extra, and slow to load
    except ImportError as error:
        raise PipelineError(
            "a search needs Optuna, which is not installed; add it with "
            "`pip install 'serloop[search]'`"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    seed = int(digest(study, number)[:8], 16)
    sampler = optuna.samplers.TPESampler(seed=seed)
    told = optuna.create_study(direction="maximize", sampler=sampler)
    distributions = {name: _distribution(domain) for name, domain in space.items()}
    told.add_trials([_replay(trial, space, distributions) for trial in earlier])
    drawn = told.ask(distributions).params
    return {name: _value(domain, drawn[name]) for name, domain in space.items()}


def _distribution(domain: Range | Choices) -> "BaseDistribution":
    from optuna import distributions  # noqa: PLC0415 - an extra, and slow to load

    if isinstance(domain, Choices):
        # Optuna takes no lists, so choices go by their position.
        return distributions.CategoricalDistribution(range(len(domain.values)))
    if domain.is_whole:
        return distributions.IntDistribution(int(domain.low), int(domain.high), log=domain.log)
    return distributions.FloatDistribution(domain.low, domain.high, log=domain.log)


def _value(domain: Range | Choices, drawn: float) -> Value:
    if isinstance(domain, Choices):
        return domain.values[int(drawn)]
    if domain.is_whole:
        return int(drawn)
    return min(max(float(f"{drawn:.{DIGITS}g}"), domain.low), domain.high)


def _replay(
    trial: Trial, space: Space, distributions: "Mapping[str, BaseDistribution]"
) -> "FrozenTrial":
    from optuna.trial import TrialState, create_trial  # noqa: PLC0415 - an extra

    states = {COMPLETE: TrialState.COMPLETE, PRUNED: TrialState.PRUNED}
    drawn = {
        name: domain.values.index(trial.parameters[name])
        if isinstance(domain, Choices)
        else trial.parameters[name]
        for name, domain in space.items()
    }
    return create_trial(
        state=states.get(trial.state, TrialState.FAIL),
        value=trial.objective,
        params=drawn,
        distributions=dict(distributions),
        intermediate_values=dict(enumerate(running_means(trial.fold_values))),
    )

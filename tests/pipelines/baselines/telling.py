"""Models that were told of a speaker."""

from pipelines.baselines.make import baseline
from pipelines.convert import to_table
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import queries


def tell(settings: Settings, model_id: str, speaker: str, *, label: str = "anger") -> None:
    """Tell a model of a speaker by four clips of any class; it stays off."""
    with open_store(settings) as store:
        clips = queries.select_clips(store, corpus="synthetic")["clip_id"].to_pylist()
    labelled = [(label, name) for name in clips[:4]]
    baseline(settings, SilentProgress(), speaker=speaker, labelled=labelled, model_id=model_id)


def switch(settings: Settings, model_id: str, speaker: str, *, is_used: bool = True) -> str:
    """File the stored baseline of a speaker as one that helps, or not; return its id."""
    with open_store(settings) as store:
        row, *_ = queries.select_baselines(store, model_id=model_id, speaker=speaker).to_pylist()
        name = f"{model_id}-{speaker}-{store.snapshot}"
        found = {"baseline_id": name, "is_used": is_used, "gain": 0.1, "snapshot": store.snapshot}
        store.commit({"baselines": to_table("baselines", [{**row, **found}])}, message="test")
    return name


def make_known(settings: Settings, model_id: str, speaker: str, *, label: str = "anger") -> str:
    """Tell a model of a speaker so that it is used; return the id of the baseline."""
    tell(settings, model_id, speaker, label=label)
    return switch(settings, model_id, speaker)

"""Keep the model that answers the one that should, while it answers."""

import asyncio
import logging
import threading
from collections.abc import Callable

import numpy as np

from pipelines.errors import PipelineError
from pipelines.serving.load import Choice, Loaded, choose, load_choice
from pipelines.serving.meters import Meters
from pipelines.settings import Settings
from ser.errors import SerError
from warehouse.errors import WarehouseError

logger = logging.getLogger(__name__)

# A round that promotes a model takes minutes; a look takes milliseconds.
LOOK_S = 2.0
WARM_UP_S = 1.0


class Champion:
    """What answers now, exchanged as a whole once its successor is loaded and has answered.

    Whoever took what answers before goes on with it: requests with the one they began with, and
    streams until they end. It goes from memory with the last of them. What was told of speakers
    is of one model: its successor goes by what itself was told.

    Args:
        loaded: What answers first.
        settings: Where the warehouse and the artifacts are.
        meters: Are told.
        choice: What the first was chosen by; None for what nothing succeeds, such as a bundle.
        line: The line whose champion answers; None for the only one, or the one of the settings.
        model_id: The model that answers whoever is champion; its bundles and calibration may
            change.
    """

    def __init__(
        self,
        loaded: Loaded,
        settings: Settings,
        meters: Meters,
        *,
        choice: Choice | None = None,
        line: str | None = None,
        model_id: str | None = None,
    ) -> None:
        self._loaded = loaded
        self._settings = settings
        self._meters = meters
        self._choice = choice
        self._choose: Callable[[], Choice] = lambda: choose(settings, line=line, model_id=model_id)
        self._looking = threading.Lock()
        self._failed: Choice | None = None
        warm_up(loaded)
        meters.tell_model(loaded.line, loaded.model_id)

    @property
    def loaded(self) -> Loaded:
        """What answers at this moment."""
        return self._loaded

    def look(self) -> bool:
        """Take over what should answer, if that is another one by now, and what it was told.

        A successor that cannot be loaded is told of in the log once, and what answers goes on.

        Returns:
            Whether another one answers now.
        """
        if self._choice is None:
            return False
        with self._looking:
            try:
                choice = self._choose()
                if choice == self._choice and self._loaded.voices is not None:
                    self._loaded.voices.told = choice.told
                if choice in (self._choice, self._failed):
                    return False
                self._failed = choice
                loaded = load_choice(self._settings, choice)
                warm_up(loaded)
            except (PipelineError, SerError, WarehouseError, OSError) as error:
                self._meters.swaps.labels("failed").inc()
                logger.error("%s goes on: %s", self._loaded.model_id, error)  # noqa: TRY400
                return False
            before, self._loaded = self._loaded, loaded
            self._choice, self._failed = choice, None
        self._meters.swaps.labels("done").inc()
        self._meters.tell_model(loaded.line, loaded.model_id)
        logger.info("%s answers instead of %s", loaded.model_id, before.model_id)
        return True

    async def watch(self) -> None:
        """Look again and again, until cancelled."""
        if self._choice is None:
            return
        while True:
            await asyncio.sleep(LOOK_S)
            await asyncio.to_thread(self.look)


def warm_up(loaded: Loaded) -> None:
    """Have a model judge a second of quiet noise, so that no caller waits for its first time."""
    recogniser = loaded.recogniser
    noise = np.random.default_rng(0).normal(0, 1e-3, round(WARM_UP_S * recogniser.sample_rate))
    recogniser.judge([noise.astype(np.float32)])

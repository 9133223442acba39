"""The application: every door of the gateway."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI

from pipelines.gateway.access import Guard, note_request
from pipelines.gateway.backend import create_backend_router
from pipelines.gateway.book import WakeBook
from pipelines.gateway.dispatcher import Dispatcher
from pipelines.gateway.keys import Keys
from pipelines.gateway.metrics import create_metrics_router
from pipelines.gateway.pages import create_page_router
from pipelines.gateway.reports import create_reports_router
from pipelines.gateway.status import create_status_router, describe
from pipelines.gateway.webhooks import create_webhook_router
from pipelines.observe.meters import Meters
from pipelines.observe.overview import Lookout
from pipelines.people.pages import create_router
from pipelines.settings import Settings
from pipelines.web.requests import Measured


def create_app(settings: Settings, keys: Keys, book: WakeBook, dispatcher: Dispatcher) -> FastAPI:
    """Return the application.

    Args:
        settings: Where the warehouse is, and how much a caller may bring.
        keys: What callers must know.
        book: Where is noted what they tell.
        dispatcher: Does it.
    """
    # Nobody needs a description of these doors who was not told of them.
    app = FastAPI(title="serloop gateway", openapi_url=None)
    guard = Guard(keys)
    look = Lookout(settings).look

    def tell() -> Mapping[str, Any]:
        return describe(book.wakes, dispatcher.campaigns, dispatcher.running)

    app.include_router(create_webhook_router(settings, guard, book))
    app.include_router(create_backend_router(settings, guard, book, dispatcher))
    app.include_router(create_status_router(guard, book, dispatcher))
    app.include_router(create_page_router(settings, guard, look, tell))
    app.include_router(create_metrics_router(guard, Meters(look, tell)))
    app.include_router(create_reports_router(settings, guard))
    app.include_router(create_router(settings))
    app.add_middleware(Measured, tell=note_request)
    return app

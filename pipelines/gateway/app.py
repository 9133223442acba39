"""The application: every door of the gateway."""

from fastapi import FastAPI

from pipelines.gateway.access import AccessLog, Guard
from pipelines.gateway.backend import create_backend_router
from pipelines.gateway.book import WakeBook
from pipelines.gateway.dispatcher import Dispatcher
from pipelines.gateway.keys import Keys
from pipelines.gateway.status import create_status_router
from pipelines.gateway.webhooks import create_webhook_router
from pipelines.people.pages import create_router
from pipelines.settings import Settings


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
    app.include_router(create_webhook_router(settings, guard, book))
    app.include_router(create_backend_router(settings, guard, book, dispatcher))
    app.include_router(create_status_router(guard, book, dispatcher))
    app.include_router(create_router(settings))
    app.add_middleware(AccessLog)
    return app

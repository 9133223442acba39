"""The door for Prometheus."""

import asyncio

from fastapi import APIRouter, Request, Response

from pipelines.gateway.access import Guard
from pipelines.observe.meters import Meters

METRICS_PATH = "/metrics"


def create_metrics_router(guard: Guard, meters: Meters) -> APIRouter:
    """Return the metrics, for who knows the password: they name campaigns and models.

    Args:
        guard: Who may come in.
        meters: What is told.
    """
    router = APIRouter()

    @router.get(METRICS_PATH)
    async def metrics(request: Request) -> Response:
        guard.require_password(request)
        accept = request.headers.get("Accept", "")
        text, kind = await asyncio.to_thread(meters.write, accept)
        return Response(text, headers={"Content-Type": kind, "Cache-Control": "no-store"})

    return router

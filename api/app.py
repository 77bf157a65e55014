"""How does the voice fit together? The only place that knows the store, the tokens and all routes."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from api.auth import TOKENS_VARIABLE, Token, tokens_from
from api.errors import InvalidRequest, MethodRefused, NoSuchRoute, Problem
from api.routes import (
    changes,
    diff,
    docs,
    entities,
    entity,
    graph,
    health,
    impact,
    path,
    relations,
    resolve,
    sources,
    versions,
    where,
)
from api.stores import Door
from graph.store import GraphStore
from graph.stores.location import Location

_DESCRIPTION = """What exists, since when, and according to whom.

Every answer is at a revision, the newest unless `at` names another. `freshness` lists the scopes that could have added
to it; `gaps` say in words what could not be seen. An empty list with a gap is not a "no". Problems are
`application/problem+json` with a stable `type`.
"""

# What refuses a path that is no key comes last of all that begin like it.
_PARTS = (
    *(entities, relations, versions, where, impact, diff, entity),
    *(graph, path, changes, resolve, sources, health, docs),
)

_log = logging.getLogger(__name__)


class Voice(FastAPI):
    """The application. Its description keeps the nulls of the examples, which FastAPI would drop."""

    def openapi(self) -> dict[str, Any]:
        """Give the OpenAPI document."""
        described = super().openapi()
        for part in _PARTS:
            for route in part.router.routes:
                if isinstance(route, APIRoute) and route.include_in_schema and 200 in route.responses:
                    answer = described["paths"][route.path_format]["get"]["responses"]["200"]
                    answer["content"]["application/json"] |= route.responses[200]["content"]["application/json"]
        return described


def create_app(
    store: GraphStore | None = None, *, location: Location | None = None, tokens: Sequence[Token] | None = None
) -> FastAPI:
    """Make the application: over a store, or over the one at a location, opened when needed.

    location: by default what ASBUILT_STORE names, or the file among the user's data.
    tokens: whoever has one may ask; by default those that ASBUILT_TOKENS refers to; without any, nobody needs one.
    """
    door = Door(store, location)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        if store is None:
            door.close()

    app = Voice(
        title="Asbuilt",
        summary="The as-built record of running systems",
        description=_DESCRIPTION,
        version=version("asbuilt"),
        docs_url=None,  # the usual page is a script from another host; ours needs no network
        redoc_url=None,
        lifespan=life,
    )
    app.state.door = door
    app.state.tokens = tuple(
        tokens if tokens is not None else tokens_from(os.environ.get(TOKENS_VARIABLE, "").split(","))
    )
    for part in _PARTS:
        app.include_router(part.router)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _defect)
    return app


def _written(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(problem.document(), problem.status, headers, media_type="application/problem+json")


def _problem(_: Request, error: Exception) -> Response:
    problem = error if isinstance(error, Problem) else Problem("")
    headers = {401: {"WWW-Authenticate": 'Bearer realm="asbuilt"'}, 503: {"Retry-After": "5"}}
    return _written(problem, headers.get(problem.status))


def _invalid(_: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    errors = [{"parameter": str(one["loc"][-1]), "message": _sentence(one)} for one in found]
    detail = "; ".join(f"{one['parameter']}: {one['message']}" for one in errors)
    return _written(InvalidRequest(detail, errors=errors))


def _sentence(found: dict[str, object]) -> str:
    if found["type"] == "extra_forbidden":
        return "this question has no such parameter; /docs lists what it has"
    return str(found["msg"])


def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return _written(MethodRefused(f"{request.method} is not for this path: use GET"), {"Allow": "GET"})
    return _written(NoSuchRoute(f"there is nothing at {request.url.path}: /docs lists what there is"))


def _defect(request: Request, error: Exception) -> Response:
    _log.error("no answer to %s", request.url.path, exc_info=error)
    return _written(Problem("the server failed at this question; its log has the details"))

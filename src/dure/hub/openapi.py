"""The hub's API described (OpenAPI 3.1): its routes, and for every project a path with the project's own forms."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from dure.errors import UserError
from dure.hub.auth.permissions import rule
from dure.hub.models.projects import described
from dure.i18n.texts import language

if TYPE_CHECKING:
    from fastapi import FastAPI

PROBLEM = {
    "type": "object",
    "description": "RFC 9457: what is wrong, where, and what to do next.",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "where": {"type": "string"}, "cure": {"type": "string"},
    },
}  # fmt: skip
REFUSALS = {
    400: "it cannot be read", 401: "nobody is signed in", 403: "not for this caller", 404: "there is nothing here",
    409: "nobody has an answer", 413: "too large", 429: "too often", 422: "the request cannot be used",
    503: "not now: too many wait, the store does not answer, or the project's data cannot be had here",
}  # fmt: skip
EVERYWHERE = (400, 401, 403, 404, 413, 422, 503)  # each route reads a request, and the store
ANSWER = {
    "project": "string", "version": "string", "code": "string", "data": "string", "service": "integer", "method": "string",
    "instead_of": "string", "cause": "string", "why": "string", "id": "string",
}  # fmt: skip


def document(app: FastAPI, names: list[str]) -> dict[str, Any]:
    """The whole API; `x-role` is the role that a caller needs at least. A project that cannot be described here is left out."""
    told = get_openapi(title=app.title, version=app.version, routes=app.routes)
    told["components"]["schemas"]["Problem"] = PROBLEM
    told["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    told["security"] = [{"token": []}]
    rules = {
        (method.lower(), each.path_format): rule(each)
        for each in app.routes
        if isinstance(each, APIRoute)
        for method in each.methods or ()
    }
    for place, path in told["paths"].items():
        for method, operation in path.items():
            operation["responses"] |= {str(status): _refusal(status) for status in EVERYWHERE}
            needed = rules[method, place]
            if needed:
                operation["x-role"] = needed.role
            else:
                operation["security"] = []
    for name in names:
        try:
            about = described(name)
        except UserError:
            continue
        schemas = {form: _schema(told, name, form, about[form]) for form in ("request", "response")}
        needed = rules["post", "/api/v1/projects/{project}/answer"]
        assert needed is not None
        told["paths"][f"/api/v1/projects/{name}/answer"] = {
            "post": _answers(about, **schemas) | {"x-role": needed.role}
        }
    for place, method in (("/api/v1/session", "post"), ("/api/v1/me/password", "put")):
        told["paths"][place][method]["responses"]["429"] = _refusal(429)
    return told


def _schema(told: dict[str, Any], project: str, form: str, schema: dict[str, Any]) -> dict[str, str]:
    """Put a form and the forms inside it among the components, under names of the project's own."""
    stem = f"{project}.{form}"
    text = json.dumps(schema).replace('"#/$defs/', f'"#/components/schemas/{stem}.')
    whole = json.loads(text)
    for inner, definition in whole.pop("$defs", {}).items():
        told["components"]["schemas"][f"{stem}.{inner}"] = definition
    told["components"]["schemas"][stem] = whole
    return {"$ref": f"#/components/schemas/{stem}"}


def _answers(about: dict[str, Any], request: dict[str, str], response: dict[str, str]) -> dict[str, Any]:
    """The path of one project's answers."""
    content: dict[str, Any] = {"schema": request}
    if about.get("example") is not None:
        content["example"] = about["example"]
    properties = {name: {"type": kind} for name, kind in ANSWER.items()} | {"response": response}
    required = ["project", "version", "code", "data", "service", "method", "response"]
    answer = {"type": "object", "required": required, "properties": properties}
    return {
        "operationId": f"answer_{about['id'].replace('.', '_')}",
        "summary": about["title"][language()],
        "description": about["summary"][language()],
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {
            "200": {"description": "the answer, and who gave it", "content": {"application/json": {"schema": answer}}},
            **{str(status): _refusal(status) for status in REFUSALS if status != 429},
        },
    }


def _refusal(status: int) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return copy.deepcopy({"description": REFUSALS[status], "content": content})

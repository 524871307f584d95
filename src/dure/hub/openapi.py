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

    from dure.project.json_schema import Schema
    from dure.registry.describe import Description

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
    spec = get_openapi(title=app.title, version=app.version, routes=app.routes)
    spec["components"]["schemas"]["Problem"] = PROBLEM
    spec["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    spec["security"] = [{"token": []}]
    rules = {
        (method.lower(), route.path_format): rule(route)
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    for place, path in spec["paths"].items():
        for method, operation in path.items():
            operation["responses"] |= {str(status): _refusal(status) for status in EVERYWHERE}
            needed = rules[method, place]
            if needed:
                operation["x-role"] = needed.role
            else:
                operation["security"] = []
    for name in names:
        try:
            description = described(name)
        except UserError:
            continue
        schemas = {form: _schema(spec, name, form, description[form]) for form in ("request", "response")}
        needed = rules["post", "/api/v1/projects/{project}/answer"]
        assert needed is not None
        spec["paths"][f"/api/v1/projects/{name}/answer"] = {
            "post": _answers(description, **schemas) | {"x-role": needed.role}
        }
    for place, method in (("/api/v1/session", "post"), ("/api/v1/me/password", "put")):
        spec["paths"][place][method]["responses"]["429"] = _refusal(429)
    return spec


def _schema(spec: dict[str, Any], project: str, form: str, schema: Schema) -> dict[str, str]:
    """Put a form and the forms inside it among the components, under names of the project's own."""
    stem = f"{project}.{form}"
    text = json.dumps(schema).replace('"#/$defs/', f'"#/components/schemas/{stem}.')
    component = json.loads(text)
    for inner, definition in component.pop("$defs", {}).items():
        spec["components"]["schemas"][f"{stem}.{inner}"] = definition
    spec["components"]["schemas"][stem] = component
    return {"$ref": f"#/components/schemas/{stem}"}


def _answers(description: Description, request: dict[str, str], response: dict[str, str]) -> dict[str, Any]:
    """The path of one project's answers."""
    content: dict[str, Any] = {"schema": request}
    if description.get("example") is not None:
        content["example"] = description["example"]
    properties = {name: {"type": kind} for name, kind in ANSWER.items()} | {"response": response}
    required = ["project", "version", "code", "data", "service", "method", "response"]
    answer = {"type": "object", "required": required, "properties": properties}
    return {
        "operationId": f"answer_{description['id'].replace('.', '_')}",
        "summary": description["title"][language()],
        "description": description["summary"][language()],
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {
            "200": {"description": "the answer, and who gave it", "content": {"application/json": {"schema": answer}}},
            **{str(status): _refusal(status) for status in REFUSALS if status != 429},
        },
    }


def _refusal(status: int) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return copy.deepcopy({"description": REFUSALS[status], "content": content})

"""Who may do what: signing in, tokens of one's own, the people of one's organisation."""

from __future__ import annotations

import secrets
import time
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field

from dure.errors import UserError
from dure.hub.auth import accounts
from dure.hub.auth.accounts import ROLES, Caller
from dure.hub.auth.permissions import COOKIE, Admin, Ruled, Viewer
from dure.hub.context import Given, Here
from dure.hub.problem_details import refused
from dure.i18n.texts import _

ROLE = Annotated[str, Field(pattern=f"^({'|'.join(ROLES)})$")]

router = APIRouter(prefix="/api/v1", route_class=Ruled)


class SignIn(Given):
    """A person and their password; the organisation where they belong to several."""

    name: str = Field(max_length=200)
    password: str = Field(max_length=accounts.LONGEST)
    organisation: str = Field("", max_length=64)


class Me(BaseModel):
    """Who asks, for which organisation, and as what."""

    name: str
    organisation: str
    role: str


class NewToken(Given):
    """What a token may do, and for how many days."""

    role: ROLE = "viewer"
    days: float = Field(90, gt=0, le=366)
    label: str = Field("", max_length=200)


class NewPerson(Given):
    """What a person may do, and their password (none: as it is, or by token alone)."""

    role: ROLE
    password: str | None = Field(None, max_length=accounts.LONGEST)


class NewPassword(Given):
    """The password that one has, and the one that is to be."""

    old: str = Field(max_length=accounts.LONGEST)
    new: str = Field(max_length=accounts.LONGEST)


def enter(token: str, hub: Here) -> Response:
    """Take the token of this start out of the address and into a cookie, as the printed address wants it."""
    if not hub.token or not secrets.compare_digest(token.encode(), hub.token.encode()):
        raise HTTPException(401)
    return _remembered(RedirectResponse("/", 303), hub.token, secure=False)  # on this machine alone, without HTTPS


@router.post("/session", status_code=204, response_class=Response)
def sign_in(given: SignIn, hub: Here) -> Response:
    """Stay signed in for half a day."""
    if hub.throttle.tired(given.name):
        raise HTTPException(429)
    secret = accounts.sign_in(hub.engine, given.name, given.password, given.organisation)
    if secret is None:
        hub.throttle.wrong[given.name].append(time.monotonic())
        return refused(401, UserError(_("name or password is wrong")))
    # Where people sign in there is HTTPS, the hub's own or that of the proxy before it.
    return _remembered(Response(status_code=204), secret, secure=True)


@router.delete("/session", status_code=204, response_class=Response)
def sign_out(request: Request, hub: Here, _caller: Viewer) -> Response:
    """The token that this request came with is worth nothing any more."""
    accounts.forget(hub.engine, request.cookies.get(COOKIE, ""))
    response = Response(status_code=204)
    response.delete_cookie(COOKIE)
    return response


def _remembered(response: Response, secret: str, *, secure: bool) -> Response:
    response.set_cookie(COOKIE, secret, httponly=True, samesite="strict", secure=secure)
    return response


@router.get("/me")
def me(caller: Viewer) -> Me:
    """Who one is here."""
    return Me(**caller._asdict())


@router.put("/me/password", status_code=204, response_class=Response)
def change_password(given: NewPassword, hub: Here, caller: Viewer) -> Response:
    """Another password for oneself, in all organisations."""
    if hub.throttle.tired(caller.name):
        raise HTTPException(429)
    if not accounts.change_password(hub.engine, caller, given.old, given.new):
        hub.throttle.wrong[caller.name].append(time.monotonic())
        raise UserError(_("this is not the password that you have"), where="old")
    return Response(status_code=204)


@router.get("/tokens")
def list_tokens(hub: Here, caller: Viewer) -> list[dict[str, Any]]:
    """One's own tokens, the secrets apart."""
    members = [member for member in accounts.listed(hub.engine, caller.organisation) if member["name"] == caller.name]
    return [{**token} for member in members for token in member["tokens"]]


@router.post("/tokens", status_code=201)
def issue_token(given: NewToken, hub: Here, caller: Viewer) -> dict[str, str]:
    """A token of one's own, at most with one's own role; it is shown only now."""
    if not caller.may(given.role):  # one's role by the token that this request came with
        raise HTTPException(403)
    holder = Caller(caller.name, caller.organisation, given.role)
    return {"token": accounts.issue(hub.engine, holder, given.days, given.label)}


@router.delete("/tokens/{name}", status_code=204, response_class=Response)
def revoke_token(name: str, hub: Here, caller: Viewer) -> Response:
    """A token of one's own is worth nothing any more; by its id."""
    accounts.revoke(hub.engine, name, caller.name, caller.organisation)
    return Response(status_code=204)


@router.get("/people")
def list_people(hub: Here, caller: Admin) -> list[dict[str, Any]]:
    """The people of one's organisation, with their tokens."""
    return [{**member} for member in accounts.listed(hub.engine, caller.organisation)]


@router.delete("/people/{name}/tokens/{token}", status_code=204, response_class=Response)
def revoke_token_of(name: str, token: str, hub: Here, caller: Admin) -> Response:
    """A token that somebody of one's organisation has for it is worth nothing any more; by its id."""
    accounts.revoke(hub.engine, token, name, caller.organisation)
    return Response(status_code=204)


@router.put("/people/{name}", status_code=204, response_class=Response)
def keep_person(name: str, given: NewPerson, hub: Here, caller: Admin) -> Response:
    """Let somebody into one's organisation, or change what they may do there."""
    accounts.keep(hub.engine, name, given.role, given.password, caller.organisation, trusted=False)
    return Response(status_code=204)


@router.delete("/people/{name}", status_code=204, response_class=Response)
def remove_person(name: str, hub: Here, caller: Admin) -> Response:
    """Somebody is in one's organisation no more, and their tokens for it are worth nothing."""
    accounts.remove(hub.engine, name, caller.organisation)
    return Response(status_code=204)

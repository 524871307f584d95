"""People, the organisations they belong to, and their tokens: who may do what, where the hub answers to other machines.

A person has one password and a role in each organisation; what an organisation asks, keeps and promotes is its own. A token is random,
shown once and kept as its SHA-256; a password is kept as Argon2id (RFC 9106).
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, insert, select, update

from dure.errors import Unknown, UserError, nearest
from dure.hub.db.schema import membership, person, token
from dure.hub.db.store import now, reading
from dure.i18n.texts import _

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

ROLES = ("viewer", "member", "steward", "admin")  # each may do what those before it may
HUB = "hub"  # the organisation of whoever runs the hub
SHORTEST = 12  # letters of a password (NIST SP 800-63B asks for 8 at least)
LONGEST = 1_000
DAY = 86_400.0
SESSION = 0.5  # days that somebody who signed in stays so
PREFIX = "dure_"  # of every token, so that one in a repository is found by those who look for such
_hasher = PasswordHasher()
_NOBODY = _hasher.hash("nobody has this password")  # what an unknown name costs is what a known one costs


class Caller(NamedTuple):
    """Who asks, for which organisation, and as what."""

    name: str
    organisation: str
    role: str

    def may(self, role: str) -> bool:
        """Whether they may do what a role may."""
        return ROLES.index(self.role) >= ROLES.index(role)


class Held(NamedTuple):
    """What a token stands for, until when (seconds since 1970)."""

    caller: Caller
    expires: float


def keep(
    engine: Engine, name: str, role: str, password: str | None = None, organisation: str = HUB, *, trusted: bool = True
) -> None:
    """Add a person to an organisation, or change their role there and their password (None: as it is).

    Parameters
    ----------
    trusted
        Whether the word comes from whoever runs the hub. An organisation's own admin gives nobody a password who is known elsewhere:
        with it they could enter there.

    Raises UserError where the name, the organisation or the password cannot be used.
    """
    if not name.strip() or len(name) > 200 or not name.isprintable():
        raise UserError(_("this is no name"), where="name")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,62}", organisation):
        cure = _("Use small letters, digits and hyphens.")
        raise UserError(_("this is no name of an organisation"), where="organisation", cure=cure)
    hashed = None if password is None else _hashed(password)
    with engine.begin() as connection:
        if hashed is not None and not trusted and _elsewhere(connection, name, organisation):
            raise UserError(_("{name} has a password of their own", name=name), where="password")
        if hashed is not None:
            connection.execute(update(person).where(person.c.name == name).values(password=hashed))
        if connection.execute(select(person.c.name).where(person.c.name == name)).first() is None:
            connection.execute(insert(person).values(name=name, password=hashed or "", created=now(engine)))
        own_membership = (membership.c.person == name) & (membership.c.organisation == organisation)
        if not connection.execute(update(membership).where(own_membership).values(role=role)).rowcount:
            connection.execute(insert(membership).values(person=name, organisation=organisation, role=role))
        above = [candidate for candidate in ROLES if ROLES.index(candidate) > ROLES.index(role)]
        tokens = (token.c.person == name) & (token.c.organisation == organisation)
        connection.execute(delete(token).where(tokens, token.c.role.in_(above)))


def _elsewhere(connection: Connection, name: str, organisation: str) -> bool:
    known = select(person.c.name).where(person.c.name == name)
    inside = select(membership.c.person).where(membership.c.person == name, membership.c.organisation == organisation)
    others = select(membership.c.person).where(membership.c.person == name, membership.c.organisation != organisation)
    alone = connection.execute(inside).first() is not None and connection.execute(others).first() is None
    return connection.execute(known).first() is not None and not alone


def remove(engine: Engine, name: str, organisation: str | None = None) -> None:
    """A person leaves an organisation, or all of them (None), with the tokens they had for it; who is left in none is gone.

    Raises Unknown.
    """
    with engine.begin() as connection:
        memberships = membership.c.person == name
        if organisation is not None:
            memberships &= membership.c.organisation == organisation
        if not connection.execute(delete(membership).where(memberships)).rowcount:
            raise _unknown(connection, name, organisation)
        held = token.c.person == name
        if organisation is not None:
            held &= token.c.organisation == organisation
        connection.execute(delete(token).where(held))
        if connection.execute(select(membership.c.role).where(membership.c.person == name)).first() is None:
            connection.execute(delete(person).where(person.c.name == name))


def issue(engine: Engine, caller: Caller, days: float, label: str = "") -> str:
    """A new token for a person in an organisation, with a role that is at most theirs; nobody can read it again.

    Raises Unknown, and UserError for a role above the person's.
    """
    name, organisation, role = caller
    secret = PREFIX + secrets.token_urlsafe(32)
    with engine.begin() as connection:
        own_membership = (membership.c.person == name) & (membership.c.organisation == organisation)
        held_role = connection.execute(select(membership.c.role).where(own_membership)).scalar_one_or_none()
        if held_role is None:
            raise _unknown(connection, name, organisation)
        if ROLES.index(role) > ROLES.index(held_role):
            raise UserError(_("{name} is {role}: a token cannot be more", name=name, role=held_role), where="role")
        connection.execute(delete(token).where(token.c.expires < now(engine)))
        connection.execute(
            insert(token).values(
                id=secrets.token_hex(8), person=name, organisation=organisation, digest=digest(secret), role=role, label=label,
                created=now(engine), expires=now(engine) + days * DAY,
            )
        )  # fmt: skip
    return secret


def revoke(engine: Engine, name: str, owner: str | None = None, organisation: str | None = None) -> None:
    """A token is worth nothing any more; by its id, of this owner in this organisation where they are given. Raises Unknown."""
    condition = token.c.id == name
    condition &= token.c.person == owner if owner is not None else True
    condition &= token.c.organisation == organisation if organisation is not None else True
    with engine.begin() as connection:
        if not connection.execute(delete(token).where(condition)).rowcount:
            raise Unknown(_("there is no token {name}", name=name))


def forget(engine: Engine, secret: str) -> None:
    """A token is worth nothing any more; by itself."""
    with engine.begin() as connection:
        connection.execute(delete(token).where(token.c.digest == digest(secret)))


def sign_in(engine: Engine, name: str, password: str, organisation: str = "") -> str | None:
    """A token for the session of somebody who knows a person's password; None: name or password is wrong.

    Raises UserError where they belong to several organisations and have named none, or one that they do not belong to.
    """
    with reading(engine) as connection:
        known = connection.execute(select(person.c.password).where(person.c.name == name)).scalar_one_or_none()
        of = select(membership.c.organisation, membership.c.role).where(membership.c.person == name)
        roles = {row.organisation: row.role for row in connection.execute(of.order_by(membership.c.organisation))}
    if not _fits(known, password):
        return None
    chosen = organisation or (next(iter(roles)) if len(roles) == 1 else "")
    if chosen not in roles:
        message = _("for which organisation?")
        raise UserError(message, where="organisation", cure=_("There are: {names}.", names=", ".join(roles)))
    return issue(engine, Caller(name, chosen, roles[chosen]), SESSION, "session")


def change_password(engine: Engine, caller: Caller, old: str, new: str) -> bool:
    """Give a person another password, if they know the one they have; whether they did. Raises UserError where it cannot be used."""
    with reading(engine) as connection:
        held = connection.execute(select(person.c.password).where(person.c.name == caller.name)).scalar_one_or_none()
    if not _fits(held, old):
        return False
    hashed = _hashed(new)
    with engine.begin() as connection:
        connection.execute(update(person).where(person.c.name == caller.name).values(password=hashed))
    return True


def _hashed(password: str) -> str:
    """Argon2id of a new password. Raises UserError where it is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise UserError(_("a password has {least} letters at least", least=SHORTEST), where="password")
    return _hasher.hash(password)


def _fits(held: str | None, password: str) -> bool:
    """Whether a password is the one that is held; where none is, it takes as long to say no."""
    try:
        _hasher.verify(held or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return bool(held)


def known(engine: Engine) -> bool:
    """Whether there is somebody who may do everything, and so let others in."""
    admins = select(membership.c.person).where(membership.c.role == "admin", membership.c.organisation == HUB)
    with reading(engine) as connection:
        return connection.execute(admins.limit(1)).first() is not None


def who(engine: Engine, hashed: str) -> Held | None:
    """What a token stands for, by its SHA-256; None where there is none."""
    query = select(token.c.person, token.c.organisation, token.c.role, token.c.expires)
    with reading(engine) as connection:
        row = connection.execute(query.where(token.c.digest == hashed)).one_or_none()
    return Held(Caller(*row[:3]), row.expires) if row else None


class HeldToken(TypedDict):
    """A token, its secret apart."""

    id: str
    person: str
    organisation: str
    role: str
    label: str
    created: float
    expires: float


class Member(TypedDict):
    """A person's role in an organisation, and the tokens they have for it."""

    name: str
    organisation: str
    role: str
    tokens: list[HeldToken]


def listed(engine: Engine, organisation: str | None = None) -> list[Member]:
    """People of an organisation (None: of all), each role with the tokens held for it, the secrets apart."""
    people = select(membership).order_by(membership.c.organisation, membership.c.person)
    tokens = select(token).order_by(token.c.created, token.c.id)
    if organisation is not None:
        people = people.where(membership.c.organisation == organisation)
    with reading(engine) as connection:
        held: list[HeldToken] = [
            {
                "id": row.id, "person": row.person, "organisation": row.organisation, "role": row.role, "label": row.label,
                "created": row.created, "expires": row.expires,
            }
            for row in connection.execute(tokens)
        ]  # fmt: skip
        members = connection.execute(people).all()
    return [
        {
            "name": row.person,
            "organisation": row.organisation,
            "role": row.role,
            "tokens": [
                entry for entry in held if (entry["person"], entry["organisation"]) == (row.person, row.organisation)
            ],
        }
        for row in members
    ]


def digest(secret: str) -> str:
    """SHA-256 of a token: it is random and long, so that no slower hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _unknown(connection: Connection, name: str, organisation: str | None) -> Unknown:
    names = select(membership.c.person)
    if organisation is not None:
        names = names.where(membership.c.organisation == organisation)
    close = nearest(name, list(connection.execute(names).scalars()))
    return Unknown(
        _("there is nobody called {name}", name=name), cure=_("Did you mean {name}?", name=close) if close else ""
    )

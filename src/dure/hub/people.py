"""People and their tokens: who may do what, where the hub answers to other machines.

A token is random, shown once and kept as its SHA-256; a password is kept as Argon2id (RFC 9106).
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, insert, select, update

from dure.errors import Unknown, UserError, nearest
from dure.words import _

from .store import now, person, reading, token

if TYPE_CHECKING:
    from sqlalchemy import Engine

ROLES = ("viewer", "member", "steward", "admin")  # each may do what those before it may
SHORTEST = 12  # letters of a password (NIST SP 800-63B asks for 8 at least)
LONGEST = 1_000
DAY = 86_400.0
SESSION = 0.5  # days that somebody who signed in stays so
PREFIX = "dure_"  # of every token, so that one in a repository is found by those who look for such
_hasher = PasswordHasher()
_NOBODY = _hasher.hash("nobody has this password")  # what an unknown name costs is what a known one costs


def keep(engine: Engine, name: str, role: str, password: str | None = None) -> None:
    """Add a person, or change their role and password (None: as it is).

    Raises UserError where the name or the password cannot be used.
    """
    if not name.strip() or len(name) > 200 or not name.isprintable():
        raise UserError(_("this is no name"), where="name")
    if password is not None and not SHORTEST <= len(password) <= LONGEST:
        raise UserError(_("a password has {least} letters at least", least=SHORTEST), where="password")
    hashed = None if password is None else _hasher.hash(password)
    with engine.begin() as connection:
        values: dict[str, Any] = {"role": role} | ({} if hashed is None else {"password": hashed})
        if connection.execute(update(person).where(person.c.name == name).values(**values)).rowcount:
            lower = [each for each in ROLES if ROLES.index(each) > ROLES.index(role)]
            connection.execute(delete(token).where(token.c.person == name, token.c.role.in_(lower)))
            return
        connection.execute(insert(person).values(name=name, role=role, password=hashed or "", created=now(engine)))


def remove(engine: Engine, name: str) -> None:
    """A person and all their tokens are gone. Raises Unknown."""
    with engine.begin() as connection:
        connection.execute(delete(token).where(token.c.person == name))
        if not connection.execute(delete(person).where(person.c.name == name)).rowcount:
            raise _unknown(connection.execute(select(person.c.name)).scalars(), name)


def issue(engine: Engine, name: str, role: str, days: float, label: str = "") -> str:
    """A new token of a person, which nobody can read again. Raises Unknown, and UserError for a role above the person's."""
    secret = PREFIX + secrets.token_urlsafe(32)
    with engine.begin() as connection:
        found = connection.execute(select(person.c.role).where(person.c.name == name)).scalar_one_or_none()
        if found is None:
            raise _unknown(connection.execute(select(person.c.name)).scalars(), name)
        if ROLES.index(role) > ROLES.index(found):
            raise UserError(_("{name} is {role}: a token cannot be more", name=name, role=found), where="role")
        connection.execute(delete(token).where(token.c.expires < now(engine)))
        connection.execute(
            insert(token).values(
                id=secrets.token_hex(8), person=name, digest=digest(secret), role=role, label=label, created=now(engine),
                expires=now(engine) + days * DAY,
            )
        )  # fmt: skip
    return secret


def revoke(engine: Engine, name: str) -> None:
    """A token is worth nothing any more; by its id. Raises Unknown."""
    with engine.begin() as connection:
        if not connection.execute(delete(token).where(token.c.id == name)).rowcount:
            raise Unknown(_("there is no token {name}", name=name))


def forget(engine: Engine, secret: str) -> None:
    """A token is worth nothing any more; by itself."""
    with engine.begin() as connection:
        connection.execute(delete(token).where(token.c.digest == digest(secret)))


def sign_in(engine: Engine, name: str, password: str) -> str | None:
    """A token for the session of somebody who knows a person's password; None: name or password is wrong."""
    with reading(engine) as connection:
        found = connection.execute(select(person).where(person.c.name == name)).one_or_none()
    try:
        _hasher.verify(found.password if found and found.password else _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return None
    return issue(engine, name, found.role, SESSION, "session") if found and found.password else None


def known(engine: Engine) -> bool:
    """Whether there is somebody who may do everything, and so let others in."""
    with reading(engine) as connection:
        return connection.execute(select(person.c.name).where(person.c.role == "admin").limit(1)).first() is not None


def who(engine: Engine, hashed: str) -> tuple[str, str, float] | None:
    """Name, role and last moment of a token by its SHA-256; None where there is none."""
    with reading(engine) as connection:
        wanted = select(token.c.person, token.c.role, token.c.expires).where(token.c.digest == hashed)
        found = connection.execute(wanted).one_or_none()
    return (found.person, found.role, found.expires) if found else None


def listed(engine: Engine) -> list[dict[str, Any]]:
    """People, each with their tokens, the secret apart."""
    with reading(engine) as connection:
        people = connection.execute(select(person.c.name, person.c.role, person.c.created).order_by(person.c.name))
        found: list[dict[str, Any]] = [{**each._mapping, "tokens": []} for each in people]  # noqa: SLF001 - SQLAlchemy's documented way
        wanted = select(token.c.id, token.c.person, token.c.role, token.c.label, token.c.created, token.c.expires)
        tokens = connection.execute(wanted.order_by(token.c.created, token.c.id)).all()
    for one in found:
        one["tokens"] = [dict(each._mapping) for each in tokens if each.person == one["name"]]  # noqa: SLF001 - as above
    return found


def digest(secret: str) -> str:
    """SHA-256 of a token: it is random and long, so that no slower hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _unknown(names: Any, name: str) -> Unknown:
    close = nearest(name, list(names))
    return Unknown(
        _("there is nobody called {name}", name=name), cure=_("Did you mean {name}?", name=close) if close else ""
    )

"""The hub's commands of `dure`; heavy imports stand inside them."""

from __future__ import annotations

import getpass
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dure.cli.options import as_json, existing, pairs
from dure.cli.output import dump
from dure.errors import UserError
from dure.i18n.texts import _, language

if TYPE_CHECKING:
    from dure.hub.db.rows import PromotionRow, RunRow
    from dure.hub.jobs.job import Asked


@click.command()
@click.argument("project")
@click.option("--set", "settings", multiple=True, help="NAME=VALUE of the site.")
@click.option("--sealed", is_flag=True, help="Open the sealed rounds too: a look, written down.")
@click.option("--profile", type=click.Choice(["quick", "full"]), default="full", show_default=True)
@click.option("--seed", type=int, help="One seed instead of the project's own.")
@click.option("--minutes", type=click.IntRange(1, 24 * 60), default=240, show_default=True, help="It may take so long.")
@click.option(
    "--megabytes", type=click.IntRange(100, 1_000_000), default=4096, show_default=True, help="It may hold so much."
)
def queue(
    project: str, settings: tuple[str, ...], sealed: bool, profile: str, seed: int | None, minutes: int, megabytes: int
) -> None:
    """Put a project's trial into the queue: a worker plays it."""
    from dure.project.loader import load

    _installed()
    from dure.hub.db import store
    from dure.hub.jobs import queue as runs

    manifest = load(project).manifest
    assert manifest is not None
    asked: Asked = {"settings": pairs(settings, "--set"), "sealed": sealed, "profile": profile}
    if seed is not None:
        asked["seeds"] = [seed]
    name = runs.submit(store.opened(), manifest.id, asked, seconds=60 * minutes, megabytes=megabytes)
    click.echo(name)
    click.echo(_("It waits for a worker (`dure worker`); `dure runs {name}` tells how far it is.", name=name), err=True)


@click.command()
@click.option("--idle", is_flag=True, help="End once nothing waits.")
def worker(idle: bool) -> None:
    """Play the queue's runs, each in a process of its own; several workers share a queue."""
    _installed()
    from dure.hub.db import store
    from dure.hub.jobs import queue as runs
    from dure.hub.workers import worker as workers

    engine = store.opened()
    click.echo(
        _("Working on {store}. Ctrl-C ends it.", store=engine.url.render_as_string(hide_password=True)), err=True
    )
    workers.work(engine, until=lambda: idle and not runs.waiting(engine), tell=click.echo)


@click.command(name="runs")
@click.argument("name", required=False)
@click.option("--cancel", is_flag=True, help="Stop it.")
@click.option("--log", is_flag=True, help="What its process said last.")
@as_json
def runs_(name: str | None, cancel: bool, log: bool, as_json: bool) -> None:
    """The queue's runs, the newest first; or one of them."""
    _installed()
    from dure.hub.db import store
    from dure.hub.jobs import queue as runs

    if not name and (cancel or log):
        raise UserError(_("which run?"), where="dure runs", cure=_("`dure runs` lists them."))
    engine = store.opened()
    if name and cancel:
        runs.cancel(engine, name)
    rows = [runs.one(engine, name)] if name else runs.listed(engine)
    if as_json:
        dump([_shown(row)._asdict() for row in rows] if not name else _shown(rows[0])._asdict())
    elif not rows:
        click.echo(_("Nothing has been asked for yet: `dure queue PROJECT`."))
    else:
        for row in rows:
            click.echo(_line(row))
    if log and name:
        click.echo(runs.logged(rows[0]))


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where it listens; 0.0.0.0: to every machine.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0: any that is free.")
@click.option("--name", "names", multiple=True, help="Under which other machines reach it.")
@click.option("--certificate", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="For HTTPS.")
@click.option("--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Of the certificate.")
@click.option("--proxy", is_flag=True, help="A proxy before it speaks HTTPS.")
@click.option("--workers", type=click.IntRange(0, 64), default=1, show_default=True, help="That play the queue.")
@click.option("--plan", type=click.Path(path_type=Path), help="Another plan than the one that comes with Dure.")
def up(
    host: str,
    port: int,
    names: tuple[str, ...],
    certificate: Path | None,
    key: Path | None,
    proxy: bool,
    workers: int,
    plan: Path | None,
) -> None:
    """Start the hub: its API, and workers that play the queue."""
    _installed()
    from dure.hub import server

    front = server.Front(host, port, names, certificate, key, proxy)
    server.serve(front, workers=workers, plan=existing(plan) if plan else None, tell=click.echo)


@click.command()
@click.argument("name")
@click.option("--role", type=click.Choice(["viewer", "member", "steward", "admin"]), help="What they may do.")
@click.option("--organisation", help="For which one.  [default: hub, which runs this one; with --remove: all of them]")
@click.option("--password", is_flag=True, help="Ask for a password to sign in with.")
@click.option("--remove", is_flag=True, help="They, their tokens and what they have sent are gone.")
def person(name: str, role: str | None, organisation: str | None, password: bool, remove: bool) -> None:
    """Add a person to the hub, change what they may do, or remove them."""
    _installed()
    from dure.hub.auth import accounts
    from dure.hub.db import store
    from dure.hub.uploads import retention

    engine = store.opened()
    if remove:
        for member in accounts.listed(engine, organisation):
            if member["name"] == name:
                gone = retention.forget(engine, accounts.Caller(name, member["organisation"], ""))
                click.echo(_("Deleted: {answers} answers, {files} files, {runs} runs.", **gone))
        accounts.remove(engine, name, organisation)
        click.echo(_("{name} is gone, and every token of theirs.", name=name))
        return
    if role is None:
        raise UserError(_("what may {name} do?", name=name), where="--role", cure="viewer, member, steward, admin")
    secret = click.prompt(_("Password"), hide_input=True, confirmation_prompt=True) if password else None
    accounts.keep(engine, name, role, secret, organisation or accounts.HUB)
    click.echo(_("{name} is {role}.", name=name, role=role))


@click.command(name="people")
@as_json
def people_(as_json: bool) -> None:
    """Who may do what, and with which tokens."""
    _installed()
    from dure.hub.auth import accounts
    from dure.hub.db import store

    people = accounts.listed(store.opened())
    if as_json:
        dump(people)
    for member in [] if as_json else people:
        click.echo(f"{member['organisation']}  {member['name']}  {member['role']}")
        for entry in member["tokens"]:
            click.echo(f"  {entry['id']}  {entry['role']}  {_moment(entry['expires'])}  {entry['label']}".rstrip())


@click.command()
@click.argument("name")
@click.option(
    "--role", type=click.Choice(["viewer", "member", "steward", "admin"]), default="member", show_default=True
)
@click.option("--organisation", default="hub", show_default=True, help="For which one.")
@click.option("--days", type=click.FloatRange(0, 3650, min_open=True), default=90, show_default=True, help="It lasts.")
@click.option("--label", default="", help="What it is for.")
@click.option("--revoke", is_flag=True, help="NAME is a token's id: it is worth nothing any more.")
def token(name: str, role: str, organisation: str, days: float, label: str, revoke: bool) -> None:
    """Issue a token to a person: shown once, kept as a hash, worth nothing after its days."""
    _installed()
    from dure.hub.auth import accounts
    from dure.hub.db import store

    engine = store.opened()
    if revoke:
        accounts.revoke(engine, name)
        click.echo(_("Token {name} is worth nothing any more.", name=name))
        return
    click.echo(accounts.issue(engine, accounts.Caller(name, organisation, role), days, label))
    click.echo(_("It is shown only now. Send it as `Authorization: Bearer`."), err=True)


@click.command()
@click.argument("project")
@click.argument("evidence", required=False, type=click.Path(path_type=Path))
@click.option("--method", help="Another method than the model.")
@click.option("--reason", help="Accept it without evidence that says better; written down.")
@click.option("--set", "settings", multiple=True, help="NAME=VALUE of the site, where no evidence says it.")
def promote(
    project: str, evidence: Path | None, method: str | None, reason: str | None, settings: tuple[str, ...]
) -> None:
    """Let a method answer for a project: its EVIDENCE says better, or somebody accepts it for a reason."""
    from dure.project.code_hash import project_hash
    from dure.project.loader import load
    from dure.serving.service import builder_of

    _installed()
    from dure.hub.db import store
    from dure.hub.models import promotion

    loaded = load(project)
    manifest, folder = loaded.manifest, loaded.folder
    assert manifest is not None
    assert folder is not None
    chosen, code = method or loaded.model.__name__, project_hash(folder)
    builder_of(loaded, chosen)
    accepted = promotion.accepted(
        manifest.id, chosen, code, evidence=evidence, reason=reason or "", settings=pairs(settings, "--set")
    )
    version = promotion.promote(store.opened(), manifest.id, accepted, _me())
    click.echo(
        _(
            "{project}: version {version}, {method}, answers from now on.",
            project=manifest.id,
            version=version,
            method=chosen,
        )
    )


@click.command()
@click.argument("project")
@click.option("--reason", default="", help="Written down.")
def rollback(project: str, reason: str) -> None:
    """Let the version before answer again; before the first one, today's practice."""
    _installed()
    from dure.hub.db import store
    from dure.hub.models import promotion

    version = promotion.rollback(store.opened(), project, _me(), reason)
    if version:
        click.echo(_("{project}: version {version} answers again.", project=project, version=version))
    else:
        click.echo(_("{project}: today's practice answers again.", project=project))


@click.command(name="services")
@click.argument("project", required=False)
@as_json
def services_(project: str | None, as_json: bool) -> None:
    """Which method answers for which project; or what has answered for one, since when and why."""
    _installed()
    from dure.hub.db import store
    from dure.hub.models import promotion

    engine = store.opened()
    rows = promotion.history(engine, project) if project else promotion.all_active(engine)
    if as_json:
        dump([row._asdict() for row in rows])
    elif not rows:
        click.echo(_("Today's practice answers everywhere: `dure promote PROJECT EVIDENCE`."))
    else:
        for row in rows:
            click.echo(_service_line(row))


def _service_line(row: PromotionRow) -> str:
    method = f"{row.version} {row.method}" if row.version else _("today's practice")
    reason = row.reason or (row.why or {}).get(language(), "")
    return "  ".join(filter(None, (row.project, method, _moment(row.since), row.who, reason)))


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")


def _me() -> str:
    """Who is at the command line."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in a container
        return str(os.getuid())


def _installed() -> None:
    """Raise UserError where what the hub stands on is not installed."""
    try:
        from dure.hub.workers import worker  # noqa: F401 - it stands on all that the commands do
    except ModuleNotFoundError as error:
        message = _("{name} is not installed", name=error.name)
        raise UserError(message, cure=_("Install it with: pip install 'dure[{extra}]'", extra="hub")) from None


def _shown(row: RunRow) -> RunRow:
    """A run with the whole path of its evidence."""
    return row._replace(evidence=_evidence(row))


def _line(row: RunRow) -> str:
    share = f" {100 * row.share:.0f} %" if row.state == "running" else ""
    subject = row.project if row.kind == "trial" else f"{row.project} ({_(row.kind)})"
    words = [row.id, subject, _(row.state) + share]
    words += [_("attempt {attempt}", attempt=row.attempt)] if row.attempt > 1 else []
    words += [row.said.get(language()) or row.doing, _evidence(row) or ""]
    return "  ".join(filter(None, words))


def _evidence(row: RunRow) -> str | None:
    from dure.hub.db.store import folder

    return str(folder() / row.evidence) if row.evidence else None

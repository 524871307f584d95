"""The hub's tables; they change by migrations alone."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    }
)
# Moments are seconds since 1970 by the store's own clock (`now`): the clocks of workers on several machines differ.
# What is asked for: a trial, a table of answers, evidence run again.
run = Table(
    "run",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("created", Double, nullable=False),
    Column("project", String(200), nullable=False),
    Column("asked", JSON, nullable=False),  # by `kind`: see `dure.hub.workers.job_process`
    Column("seconds", Integer, nullable=False),  # it may take
    Column("megabytes", Integer, nullable=False),  # it may hold
    Column("state", String(16), nullable=False),  # queued, running, done, failed, cancelled
    Column("attempt", Integer, nullable=False),  # how often it was begun
    Column("lost", Integer, nullable=False),  # how many of them ended with their worker
    Column("worker", String(200)),
    Column("claimed_until", Double),  # by the worker
    Column("cancel", Boolean, nullable=False),  # somebody has asked to stop it
    Column("began", Double),
    Column("ended", Double),
    Column("share", Double, nullable=False),  # of the work done, 0 to 1
    Column("doing", Text, nullable=False),  # in words
    Column("said", JSON, nullable=False),  # the trial's sentence, or why there is none, by language
    Column("evidence", Text),  # folder below the hub's own
    Column("kind", String(16), nullable=False, server_default="trial"),
    Column("organisation", String(64), nullable=False, server_default="hub"),
    Column("person", String(200), nullable=False, server_default=""),
    Column("result", JSON),  # of a table of answers: the file, rows, unanswered ones by cause
    Index(None, "state", "created"),
    Index(None, "organisation", "created"),
)
# What may answer for a project: a row a version, never changed.
service = Table(
    "service",
    metadata,
    Column("organisation", String(64), primary_key=True),
    Column("project", String(200), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("method", String(200), nullable=False),
    Column("settings", JSON, nullable=False),  # of the site
    Column("data", JSON, nullable=False),  # files of one's own by source: their SHA-256
    Column("code", String(64), nullable=False),  # SHA-256 of the project that was accepted
    Column("evidence", String(64), nullable=False),  # replay hash of its trial; empty: accepted for a written reason
    Column("why", JSON, nullable=False),  # the trial's sentence, or the reason, by language
    Column("who", String(200), nullable=False),
    Column("created", Double, nullable=False),
)
# Which of them answers since when: the newest row of a project counts, version 0 is today's practice.
promotion = Table(
    "promotion",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("organisation", String(64), nullable=False),
    Column("project", String(200), nullable=False),
    Column("version", Integer, nullable=False),
    Column("since", Double, nullable=False),
    Column("who", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Index(None, "organisation", "project"),
)
# Who may do what where the hub answers to other machines.
person = Table(
    "person",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("password", Text, nullable=False),  # Argon2id; empty: by token alone
    Column("created", Double, nullable=False),
)
membership = Table(
    "membership",
    metadata,
    Column("person", String(200), ForeignKey("person.name", ondelete="CASCADE"), primary_key=True),
    Column("organisation", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
)
token = Table(
    "token",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("person", String(200), ForeignKey("person.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("organisation", String(64), nullable=False),
    Column("digest", String(64), nullable=False, unique=True),  # SHA-256 of the token, which is shown once
    Column("role", String(16), nullable=False),  # at most its person's
    Column("label", String(200), nullable=False),
    Column("created", Double, nullable=False),
    Column("expires", Double, nullable=False),
)
# A file that somebody has sent; its content lies once, by its hash, however many keep it.
file = Table(
    "file",
    metadata,
    Column("organisation", String(64), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("name", String(200), nullable=False),  # as people call it: never a path
    Column("kind", String(16), nullable=False),  # table, or file
    Column("bytes", BigInteger, nullable=False),
    Column("person", String(200), nullable=False),
    Column("created", Double, nullable=False),
)
# An answer that was given, and what became of it once the truth was told.
answer = Table(
    "answer",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("organisation", String(64), nullable=False),
    Column("project", String(200), nullable=False),
    Column("owner", String(64), nullable=False),  # the organisation whose service it was
    Column("service", Integer, nullable=False),  # the version of that
    Column("person", String(200), nullable=False),
    Column("created", Double, nullable=False),
    Column("cause", String(16), nullable=False),  # why the practice answered in the service's place; empty: it did not
    Column("request", Text, nullable=False),  # JSON
    Column("response", Text, nullable=False),  # JSON
    Column("truth", Text),  # JSON
    Column("sums", JSON),  # the project's score of the answer
    Column("practice", JSON),  # and of today's practice on the same request
    Index(None, "organisation", "project", "created"),
)
# Evidence that others have sent here, or that this hub has signed.
evidence = Table(
    "evidence",
    metadata,
    Column("id", String(64), primary_key=True),  # SHA-256 of its envelope
    Column("organisation", String(64), nullable=False),
    Column("person", String(200), nullable=False),
    Column("project", String(200), nullable=False, index=True),
    Column("created", Double, nullable=False),
    Column("signer", String(64), nullable=False),  # fingerprint
    Column("said", JSON, nullable=False),  # about and verdicts, as signed
    Column("run", String(16), nullable=False, index=True),  # of this hub; empty: it was sent
    Column("public", Boolean, nullable=False),  # shown to people who are not signed in
)
# Cases that an organisation has put here for others to be tried on; nobody else sees them.
problem = Table(
    "problem",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("organisation", String(64), nullable=False),
    Column("person", String(200), nullable=False),
    Column("project", String(200), nullable=False),
    Column("created", Double, nullable=False),
    Column("title", String(200), nullable=False),
    Column("hurts", Text, nullable=False),
    Column("today", Text, nullable=False, server_default=""),  # how it is done now
    Column(
        "kpi", JSON
    ),  # that decides, as it was when the problem was put here: name by language, unit, which is better
    Column("gain", Double),  # the smallest that would be worth having, in the KPI's unit
    Column("site", String(200), nullable=False, server_default=""),
    Column(
        "sample", String(64)
    ),  # SHA-256 of a file that everybody signed in may read: the form of the cases, none of them
    Column("data", JSON, nullable=False),  # files by source: their SHA-256
    Column("settings", JSON, nullable=False),
    Column("open", Boolean, nullable=False),
)
# A method entered on a problem. It stays when its run is deleted: nobody looks for the first time twice.
entry = Table(
    "entry",
    metadata,
    Column("problem", String(16), primary_key=True),
    Column("organisation", String(64), primary_key=True),
    Column("look", Integer, primary_key=True, autoincrement=False),  # of the organisation at these cases: 1, 2 ...
    Column("run", String(16), nullable=False, index=True),
    Column("name", String(64), nullable=False),  # of the method
    Column("created", Double, nullable=False),
    Column("evidence", String(64)),  # as it was published
)
event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("created", Double, nullable=False),
    Column("organisation", String(64), nullable=False),
    Column("project", String(200), nullable=False),
    Column("kind", String(16), nullable=False),  # drift, deleted, entry
    Column("said", JSON, nullable=False),  # by language
    Index(None, "organisation", "project"),
)
# Keys that this hub has signed with, each since when.
key = Table(
    "key",
    metadata,
    Column("fingerprint", String(64), primary_key=True),
    Column("public", String(64), nullable=False),
    Column("since", Double, nullable=False),
)

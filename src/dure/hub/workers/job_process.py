"""The process of one run: `python -m dure.hub.workers.job_process`, told on its standard input what to run, alone with a project's code.

It ends when its worker does, however that ended: the worker holds the other end of the input, and closes it only to end the run.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dure.hub.jobs.job import Job, Report, Result
    from dure.record import Particulars
    from dure.serving.service import Service
    from dure.trial.types import Tell

ORPHANED = 75  # exit code where the worker is gone: try again (EX_TEMPFAIL)


def main() -> int:
    """Do what the first line asks for; every line of the output is JSON: how far it is, and at last what came of it."""
    job: Job = json.loads(sys.stdin.readline())
    threading.Thread(target=_ends_with_the_worker, daemon=True).start()
    out, sys.stdout = sys.stdout, sys.stderr  # what a project prints goes to the log
    from dure.errors import UserError
    from dure.i18n.texts import LANGUAGES

    def say(words: Report) -> None:
        out.write(json.dumps(words) + "\n")
        out.flush()

    try:
        say(KINDS[job["kind"]](job, lambda share, doing: say({"share": share, "doing": doing})))
    except UserError as error:
        say({"refused": dict.fromkeys(LANGUAGES, str(error))})
        return 2
    except Exception as error:  # noqa: BLE001 - a project's code may raise anything
        traceback.print_exc()
        say({"refused": dict.fromkeys(LANGUAGES, f"{type(error).__name__}: {error}")})
        return 1
    return 0


def _ends_with_the_worker() -> None:
    sys.stdin.read()
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)  # what it has started goes with it
    os._exit(ORPHANED)


def _trial(job: Job, tell: Tell) -> Report:
    """Try the project and write the evidence; the deciding sentence by language."""
    from dure.i18n.texts import per_language
    from dure.record import deciding
    from dure.report import sentence
    from dure.runs import run

    asked, place = job["asked"], Path(job["place"])
    inputs = run.Inputs(
        settings=asked.get("settings") or {},
        work=place / "work",
        data=_paths(job["files"]),
        practice=Path(job["practice"]) if job["practice"] else None,
        offers=asked.get("offers") or {},
        public=bool(asked.get("public")),
    )
    result, _place = run.run(
        job["project"],
        inputs,
        sealed=bool(asked.get("sealed")),
        newer=bool(asked.get("newer")),
        profile=asked.get("profile", "full"),
        seeds=asked.get("seeds"),
        out=place / "evidence",
        tell=tell,
        confirm=(lambda _text: True) if asked.get("confirmed") else None,
        assurance=asked.get("assurance", "self-run"),
        looks=asked.get("looks", 0),
    )
    return {"said": per_language(lambda: sentence.sentence(deciding(result.verdicts)[0], result.about))}


def _batch(job: Job, tell: Tell) -> Report:
    """Answer a table; how many rows there are, and why some were not answered by the method."""
    from dure.i18n.texts import _, per_language
    from dure.serving import batch

    asked = job["asked"]
    service, table = _served(job, tell), Path(job["files"][""])
    counted = batch.answer_table(
        service, table, Path(job["place"]) / f"answers.{asked['to']}", sheet=asked["sheet"], tell=tell
    )
    project, version, code, data = (str(service.versions[name]) for name in ("project", "version", "code", "data"))
    result: Result = {
        "rows": counted.rows, "causes": dict(counted.causes), "project": project, "version": version, "code": code, "data": data,
        "service": asked["service"],
    }  # fmt: skip
    return {"said": per_language(lambda: _("{count} rows answered", count=counted.rows)), "result": result}


def _ask(job: Job, tell: Tell) -> Report:
    """Answer one request, of a person's own files or of the fields of a form; what came of it, in the language of who asked."""
    from dure.hub.jobs import answer_job
    from dure.i18n.texts import speak

    speak(job["asked"]["language"])
    asked = answer_job.Asked(
        files=[Path(path) for path in job["own"]],
        practice=Path(job["practice"]) if job["practice"] else None,
        fields=job["asked"]["fields"],
        add=job["asked"]["add"],
        rest=job["asked"]["rest"],
    )
    return answer_job.answered(lambda: _served(job, tell), asked, Path(job["place"]), tell)


def _served(job: Job, tell: Tell) -> Service:
    """The service that was asked for, today's practice where none was. Raises UserError where the code is not what was accepted."""
    from dure.errors import UserError
    from dure.i18n.texts import _
    from dure.project.code_hash import project_hash
    from dure.project.loader import load
    from dure.runs import run
    from dure.serving.service import open_service

    asked, project = job["asked"], load(job["project"])
    assert project.folder is not None
    if asked["code"] and project_hash(project.folder) != asked["code"]:
        raise UserError(
            _(
                "{project} has changed since version {version} was accepted",
                project=job["project"],
                version=asked["service"],
            )
        )
    files = _paths(job["files"])
    files.pop("", None)
    inputs = run.Inputs(settings=asked["settings"], data=files)
    method = asked["method"] or project.practice.__name__
    return open_service(project, method=method, inputs=inputs, tell=tell, confirm=lambda _text: True)


def _judge(job: Job, tell: Tell) -> Report:
    """Judge a table and write the evidence; the deciding sentence by language."""
    from dure import judge, tables
    from dure.i18n.texts import per_language
    from dure.record import deciding
    from dure.report import sentence, worth
    from dure.runs import run

    asked, table = job["asked"], Path(job["files"][""])
    named = asked["roles"]
    roles = judge.Roles(
        named["truth"], named["practice"], tuple(named["offers"]), named["id"], named["time"], named["site"], named["block"]
    )  # fmt: skip
    sheet = tables.read(table, asked["sheet"] or None)
    question = judge.question(sheet, judge.named(sheet, roles), kpi=asked["kpi"] or None, scale=asked["scale"])
    particulars: Particulars = {
        "worth": worth.worth(asked["worth"]) if asked["worth"] else None,
        "goal": asked["goal"],
        "notes": question.notes,
    }
    result, _place = run.judge(question, table, particulars=particulars, out=Path(job["place"]) / "evidence", tell=tell)
    return {"said": per_language(lambda: sentence.sentence(deciding(result.verdicts)[0], result.about))}


def _rerun(job: Job, tell: Tell) -> Report:
    """Run evidence again, published or in a zip; where it comes out the same, a statement of this hub's own says so."""
    from dure import evidence
    from dure.errors import UserError
    from dure.hub.board.evidence_zip import unpacked
    from dure.i18n.texts import _, multilingual
    from dure.runs import rerun, run

    asked, place, files = job["asked"], Path(job["place"]), _paths(job["files"])
    if zipped := files.pop("", None):
        unpacked(zipped, place / "given" / "evidence", depth=3)
        folder = next((place / "given" / "evidence").rglob(evidence.ENVELOPE)).parent
    else:
        folder = Path(asked["evidence"])
    differing = rerun.rerun(folder, run.Inputs(data=files), tell=tell, out=place / "evidence")
    if differing:
        raise UserError(_("{count} rows come out otherwise: {row}", count=len(differing), row=differing[0]))
    return {"said": multilingual("it comes out the same on this machine")}


def _paths(files: dict[str, str]) -> dict[str, Path]:
    return {name: Path(path) for name, path in files.items()}


KINDS = {"trial": _trial, "batch": _batch, "ask": _ask, "judge": _judge, "rerun": _rerun}


if __name__ == "__main__":
    sys.exit(main())

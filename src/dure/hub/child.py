"""The process of one run: `python -m dure.hub.child`, told on its standard input what to run, alone with a project's code.

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
from typing import Any

ORPHANED = 75  # exit code where the worker is gone: try again (EX_TEMPFAIL)


def main() -> int:
    """Run what the first line asks for; every line of the output is JSON: how far it is, and at last what came of it."""
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_ends_with_the_worker, daemon=True).start()
    out, sys.stdout = sys.stdout, sys.stderr  # what a project prints goes to the log
    from dure.errors import UserError
    from dure.words import LANGUAGES

    def say(**words: Any) -> None:
        out.write(json.dumps(words) + "\n")
        out.flush()

    try:
        say(said=_run(job, lambda share, doing: say(share=share, doing=doing)))
    except UserError as error:
        say(refused=dict.fromkeys(LANGUAGES, str(error)))
        return 2
    except Exception as error:  # noqa: BLE001 - a project's code may raise anything
        traceback.print_exc()
        say(refused=dict.fromkeys(LANGUAGES, f"{type(error).__name__}: {error}"))
        return 1
    return 0


def _ends_with_the_worker() -> None:
    sys.stdin.read()
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)  # what it has started goes with it
    os._exit(ORPHANED)


def _run(job: dict[str, Any], tell: Any) -> dict[str, str]:
    """Try the project and write the evidence; the deciding sentence by language."""
    from dure import run, sentence, trial
    from dure.words import in_each

    asked = job["asked"]
    result, _place = run.run(
        job["project"],
        run.Inputs(settings=asked.get("settings") or {}, work=Path(job["place"]) / "work"),
        sealed=bool(asked.get("sealed")),
        profile=asked.get("profile", "full"),
        seeds=asked.get("seeds"),
        out=Path(job["place"]) / "evidence",
        tell=tell,
    )
    return in_each(lambda: sentence.sentence(trial.deciding(result.verdicts)[0], result.about))


if __name__ == "__main__":
    sys.exit(main())

"""Write the README's numbers and pictures from the committed trials: `python tools/readme.py [--check]`.

Between `<!-- judged -->` and `<!-- end -->`: the sentence of judging examples/answers.csv, computed now. Between
`<!-- trials -->` and `<!-- end -->`: one row a project, from its trial.json. The pictures are drawn from gangwon.heart's. With
--check nothing is written: exit 1 where a page differs from what the trials say.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "src"))

from dure import judge, sentence, tables, trial  # noqa: E402 - the tree's own, installed or not
from dure.data import Data  # noqa: E402
from dure.mark import picture  # noqa: E402
from dure.words import speak  # noqa: E402

PAGES = {"en": "README.md", "ko": "README.ko.md"}
HEADS = {"en": "| project | against | says |\n|---|---|---|", "ko": "| 과제 | 현행 | 판정 |\n|---|---|---|"}


def judged() -> str:
    """The sentence of the example table, as `dure judge` says it."""
    sheet = tables.read(ROOT / "examples" / "answers.csv")
    asked = judge.question(sheet, judge.propose(sheet, judge.Roles(), None))
    with tempfile.TemporaryDirectory() as folder:
        result = trial.run(asked.project, Data(()), Path(folder), about=asked.about)
    return sentence.sentence(trial.deciding(result.verdicts)[0], result.about)


def trials(lang: str) -> str:
    """One row a project."""
    rows = [HEADS[lang]]
    for path in sorted(ROOT.glob("src/dure/regions/*/*/trial.json")):
        said = json.loads(path.read_text(encoding="utf-8"))
        about, one = said["about"], trial.deciding(said["verdicts"])[0]
        page = path.parent.relative_to(ROOT).as_posix() + ("/README.ko.md" if lang == "ko" else "/README.md")
        label = about["labels"][one["against"]][lang]
        rows.append(f"| [{about['title'][lang]}]({page}) `{about['id']}` | {label} | {sentence.sentence(one, about)} |")
    return "\n".join(rows)


def drawn() -> str:
    """The marks of the model that travels, site by site."""
    said = json.loads((ROOT / "src/dure/regions/gangwon/heart/trial.json").read_text(encoding="utf-8"))
    first = trial.deciding(said["verdicts"])[0]
    shown = [one for one in said["verdicts"] if all(one[k] == first[k] for k in ("kpi", "method", "against", "round"))]
    return picture(shown, said["about"])


def written() -> dict[Path, str]:
    """Every file as the trials say it."""
    files = {}
    for lang, name in PAGES.items():
        speak(lang)
        text = (ROOT / name).read_text(encoding="utf-8")
        for mark, block in (("judged", "> " + judged().replace("\n", "\n> ")), ("trials", trials(lang))):
            text = re.sub(rf"(<!-- {mark} -->\n).*?(<!-- end -->)", lambda m, b=block: f"{m[1]}{b}\n{m[2]}", text, flags=re.DOTALL)
        files[ROOT / name] = text
        files[ROOT / "docs" / ("picture.ko.svg" if lang == "ko" else "picture.svg")] = drawn()
    speak(None)
    return files


def main() -> int:
    """Write, or compare."""
    stale = [path for path, text in written().items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is not what the trials say: run python tools/readme.py")
        return bool(stale)
    for path, text in written().items():
        path.write_text(text, encoding="utf-8", newline="\n")
    print(f"{len(stale)} files written")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Write the README's numbers and pictures from the committed trials: `python tools/readme.py [--check]`.

Between `<!-- judged -->` and `<!-- end -->`: the sentence of judging examples/answers.csv, computed now. Between
`<!-- planned -->` and `<!-- end -->`: what the plan of the example plant comes to, computed now. Between
`<!-- trials -->` and `<!-- end -->`: one row a project, from its trial.json. The pictures are drawn from gangwon.heart's. With
--check nothing is written: exit 1 where a page differs from what the trials say.
"""

from __future__ import annotations

import json
import re
import sys
from html import escape
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "src"))

from dure import judge, mark, run, sentence, serve, tables, trial  # noqa: E402 - the tree's own, installed or not
from dure.manifest import load  # noqa: E402
from dure.words import speak  # noqa: E402

STYLE = """
:root{--ink:#1c2321;--soft:#5c6663;--paper:#fff;--better:#0b6e4f;--worse:#a63d2f;--shown:#8a8f8c}
@media (prefers-color-scheme:dark){:root{--ink:#e8ece9;--soft:#9aa5a0;--paper:#0d1117;--better:#5cc8a1;--worse:#e08a7b;--shown:#8f9894}}
text{font-family:system-ui,"Noto Sans KR","Noto Sans CJK KR",sans-serif;fill:var(--ink)}
.place{font-size:16px}.word{font-size:15px;font-weight:600}.note{font-size:13px;fill:var(--soft)}
.word.better{fill:var(--better)}.word.worse{fill:var(--worse)}.word.shown{fill:var(--soft)}
"""
PAGES = {"en": "README.md", "ko": "README.ko.md"}
HEADS = {"en": "| project | against | says |\n|---|---|---|", "ko": "| 과제 | 현행 | 판정 |\n|---|---|---|"}


def judged() -> str:
    """The sentence of the example table, as `dure judge` says it."""
    sheet = tables.read(ROOT / "examples" / "answers.csv")
    asked = judge.question(sheet, judge.propose(sheet, judge.Roles(), None))
    result, _place = run.judge(asked, ROOT / "examples" / "answers.csv")
    return sentence.sentence(trial.deciding(result.verdicts)[0], result.about)


def planned(name: str) -> str:
    """What the plan of an example plant comes to, as `dure ask` says it."""
    project = load("yeongnam.production")
    opened = serve.asked(project, [ROOT / "examples" / name], {})
    answer = serve.answered(
        project, opened.request, where=name, method=None, inputs=run.Inputs(), tell=trial.quiet
    )  # fmt: skip
    return project.says(answer.request, answer.response)


def trials(lang: str) -> str:
    """One row a project."""
    rows = [HEADS[lang]]
    for path in sorted(ROOT.glob("src/dure/regions/*/*/trial.json")):
        said = json.loads(path.read_text(encoding="utf-8"))
        about, one = said["about"], trial.deciding(said["verdicts"])[0]
        page = path.parent.relative_to(ROOT).as_posix() + ("/README.ko.md" if lang == "ko" else "/README.md")
        label = about["labels"][one["against"]][lang]
        rows.append(
            f"| [{about['title'][lang]}]({page}) `{about['id']}` | {label} | {sentence.sentence(one, about).replace(chr(10), '<br>')} |"
        )
    return "\n".join(rows)


def drawn() -> str:
    """The marks of the model that travels, site by site."""
    said = json.loads((ROOT / "src/dure/regions/gangwon/heart/trial.json").read_text(encoding="utf-8"))
    first = trial.deciding(said["verdicts"])[0]
    home = next(one for one in said["verdicts"] if one["round"] == "open" and one["method"] == first["method"])
    shown = [
        home,
        *(one for one in said["verdicts"] if trial.same_question(one, first) and one["site"] != "all"),
        first,
    ]
    return picture(shown, said["about"])


def picture(verdicts: list[dict], about: dict) -> str:
    """Marks under each other on one scale: place, mark, word and interval."""
    widest, rows = mark.reach(verdicts), []
    for number, one in enumerate(verdicts):
        top = 16 + number * 52
        drawn = mark.svg(one, widest).replace("<svg ", f'<svg x="190" y="{top}" width="400" height="42" ', 1)
        colour = mark.COLOURS.get(one["verdict"], "shown")
        rows.append(
            f'<text class="place" x="0" y="{top + 22}">{escape(mark.place(one, about))}</text>{drawn}'
            f'<text class="word {colour}" x="610" y="{top + 16}">{escape(sentence.word(one))}</text>'
            f'<text class="note" x="610" y="{top + 34}">{escape(mark.ends(one))}</text>'
        )
    height = 16 + 52 * len(verdicts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 780 {height}" role="img" '
        f'aria-label="{escape("; ".join(f"{mark.place(one, about)}: {mark.alternative(one)}" for one in verdicts))}">'
        f"<style>{STYLE}{mark.STYLE}</style>{''.join(rows)}</svg>\n"
    )


def written() -> dict[Path, str]:
    """Every file as the trials say it."""
    files = {}
    for lang, name in PAGES.items():
        speak(lang)
        text = (ROOT / name).read_text(encoding="utf-8")
        plan = planned("plant.xlsx" if lang == "ko" else "plant-en.xlsx")
        blocks = {
            "judged": "> " + judged().replace("\n", "\n> "),
            "planned": f"```\n{plan}\n```",
            "trials": trials(lang),
        }
        for name_, block in blocks.items():
            text = re.sub(
                rf"(<!-- {name_} -->\n).*?(<!-- end -->)",
                lambda m, b=block: f"{m[1]}{b}\n{m[2]}",
                text,
                flags=re.DOTALL,
            )
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

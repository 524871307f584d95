"""Write the README's numbers and pictures from the committed trials: `python tools/readme.py [--check]`.

Between `<!-- judged -->` and `<!-- end -->`: the sentence of judging examples/answers.csv, computed now. Between
`<!-- planned -->` and `<!-- end -->`: what the plan of the example plant comes to, computed now. Between
`<!-- measured -->` and `<!-- end -->` on the planner's page: the means of benchmarks/results. Between
`<!-- trials -->` and `<!-- end -->`: one row a project, from its trial.json. Between `<!-- chained -->` and `<!-- end -->` on the
battery's page: what the better forecast is worth, from benchmarks/results/forecast_worth.json. Between `<!-- counted -->` and `<!-- end -->` on
the drivers' page: benchmarks/results/cut_in.csv; between `<!-- exposed -->` and `<!-- end -->` exposure.csv. Between `<!-- screened -->` and `<!-- end -->` on the molecules' page:
benchmarks/results/screen.csv. The pictures are drawn from gangwon.heart's. With
--check nothing is written: exit 1 where a page differs from what the trials say.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from dataclasses import replace
from html import escape
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "src"))

from dure import judge, tables
from dure.i18n.texts import language, speak
from dure.project.loader import load
from dure.record import About, TrialRecord, Verdict, committed, deciding
from dure.report import interval_plot, sentence, vocabulary
from dure.runs import run
from dure.serving import request, service
from dure.trial import types

STYLE = """
:root{--ink:#1c2321;--soft:#5c6663;--paper:#fff;--better:#0b6e4f;--worse:#a63d2f;--shown:#8a8f8c}
@media (prefers-color-scheme:dark){:root{--ink:#e8ece9;--soft:#9aa5a0;--paper:#0d1117;--better:#5cc8a1;--worse:#e08a7b;--shown:#8f9894}}
text{font-family:system-ui,"Noto Sans KR","Noto Sans CJK KR",sans-serif;fill:var(--ink)}
.place{font-size:16px}.word{font-size:15px;font-weight:600}.note{font-size:13px;fill:var(--soft)}
.word.better{fill:var(--better)}.word.worse{fill:var(--worse)}.word.shown{fill:var(--soft)}
"""
PAGES = {"en": "README.md", "ko": "README.ko.md"}
PLANNER = ROOT / "src/dure/regions/yeongnam/production"
DRIVERS = ROOT / "src/dure/regions/chungcheong/driving"
COUNTED = {
    "en": ("| driver | published | here, early stop | here, to the end |", ("human driver", "5.2.5.2", "FSM", "RSS", "ours", "no braking avoids it")),
    "ko": ("| 운전자 | 공표 | 여기, 조기 종료 | 여기, 끝까지 |", ("규정의 운전자", "5.2.5.2", "FSM", "RSS", "제안", "제동으로는 못 피하는 건")),
}  # fmt: skip
EXPOSED = {
    "en": "| driver | km | hazards | crashes in 1,000 km (95 %) | struck by another | hard braking in 100 km | of it without a hazard |",
    "ko": "| 운전자 | km | 위험 | 1,000 km당 충돌(95 %) | 받힌 수 | 100 km당 급제동 | 그중 위험 없이 |",
}
EXPOSED_NAMES = {
    "human_driver": ("human driver", "규정의 운전자"), "lane_intrusion": ("5.2.5.2", "5.2.5.2"), "rss": ("RSS", "RSS"),
    "fuzzy_safety": ("FSM", "FSM"), "car_following": ("IDM", "IDM"), "staged_braking": ("stages", "단계 제동"), "anticipation": ("ours", "제안"),
}  # fmt: skip
COUNTED_ROWS = ("human_driver", "lane_intrusion", "fuzzy_safety", "rss", "anticipation", "bound")
MOLECULES = ROOT / "src/dure/regions/chungcheong/drugs"
SCREENED = {
    "en": "Measured on made molecules ({target}): {molecules:,} in {minutes:.0f} minutes on two cores and {gigabytes:.1f} GB, killed {kills} times on the way. "
    "Of the model's own best {best} among {drawn:,} others, the quick pass kept {kept}.",
    "ko": "만들어 낸 분자로 재었습니다({target}). {molecules:,}개에 코어 둘로 {minutes:.0f}분, 메모리 {gigabytes:.1f} GB가 들었고, 도중에 {kills}번 강제로 끝냈다가 이어 "
    "갔습니다. 따로 뽑은 {drawn:,}개 가운데 모델이 가장 낫게 본 {best}개 중 {kept}개가 첫 단계에 남았습니다.",
}
BATTERY = ROOT / "src/dure/regions/gangwon/storage"
WORTH = ROOT / "benchmarks" / "results" / "forecast_worth.json"
TURNS = {"en": {"open": "open months", "sealed": "sealed months"}, "ko": {"open": "공개된 달", "sealed": "봉인된 달"}}
MEASURED = {
    "en": "| mean gap | instances | seconds | best rule | CP-SAT alone | this planner | worse than CP-SAT on |\n"
    "|---|---|---|---|---|---|---|",
    "ko": "| 평균 차이 | 문제 | 초 | 가장 나은 규칙 | CP-SAT만 | 이 계획기 | CP-SAT보다 못한 문제 |\n|---|---|---|---|---|---|---|",
}
SUITES = {
    "en": {
        "makespan": "makespan of job shops, above the best known",
        "flexible": "makespan of flexible job shops, above the best known",
        "tardiness": "weighted tardiness of job shops, in percent of all work times weight",
    },
    "ko": {
        "makespan": "잡숍의 총소요시간, 알려진 최선보다",
        "flexible": "유연 잡숍의 총소요시간, 알려진 최선보다",
        "tardiness": "잡숍의 가중 납기 지연, 모든 작업시간 × 가중치에 견주어",
    },
}
HEADS = {"en": "| project | against | says |\n|---|---|---|", "ko": "| 과제 | 현행 | 판정 |\n|---|---|---|"}


def judged() -> str:
    """The sentence of the example table, as `dure judge` says it."""
    sheet = tables.read(ROOT / "examples" / "answers.csv")
    asked = judge.question(sheet, judge.propose(sheet, judge.Roles(), None))
    result, _place = run.judge(asked, ROOT / "examples" / "answers.csv")
    return sentence.sentence(deciding(result.verdicts)[0], result.about)


def planned(name: str) -> str:
    """What the plan of an example plant comes to, as `dure ask` says it."""
    project = load("yeongnam.production")
    opened = request.request_from(project, [ROOT / "examples" / name], {})
    answer = service.open_service(project, method=None, inputs=run.Inputs(), tell=types.quiet).answer(
        opened.request, where=name
    )
    return project.says(answer.request, answer.response)


def measured(lang: str) -> str:
    """Mean gaps of the best rule, of CP-SAT alone and of the planner, one row a suite of benchmarks/schedule.py."""
    rows = [MEASURED[lang]]
    for suite, title in SUITES[lang].items():
        kept = ROOT / "benchmarks" / "results" / f"{suite}.csv"
        if not kept.is_file():
            continue
        with kept.open(encoding="utf-8", newline="") as file:
            done = list(csv.DictReader(file))
        gaps = [
            {each["instance"]: float(each["gap"]) for each in done if each["method"] == method}
            for method in ("best_rule", "cp_sat", "tabu_search")
        ]
        names = sorted(set.intersection(*map(set, gaps)))
        means = [f"{sum(mine[name] for name in names) / len(names):.2f} %" for mine in gaps]
        worse = sum(gaps[2][name] > gaps[1][name] for name in names)
        which, seconds = f"{names[0]}–{names[-1]} ({len(names)})", done[0]["asked_seconds"]
        rows.append(f"| {' | '.join([title, which, seconds, *means, str(worse)])} |")
    return "\n".join(rows)


def counted(lang: str) -> str:
    """Crashes of the drivers in the cut-in grid, from benchmarks/results/cut_in.csv."""
    with (ROOT / "benchmarks" / "results" / "cut_in.csv").open(encoding="utf-8", newline="") as file:
        found = {row["driver"]: row for row in csv.DictReader(file)}
    head, names = COUNTED[lang]
    rows = [head, "|---|---|---|---|"]
    for driver, name in zip(COUNTED_ROWS, names, strict=True):
        numbers = [found[driver][key] for key in ("published", "early", "crashes")]
        rows.append(f"| {name} | {' | '.join(f'{int(each):,}' if each else '' for each in numbers)} |")
    return "\n".join(rows)


def screened(lang: str) -> str:
    """What ranking a million molecules takes, from benchmarks/results/screen.csv."""
    with (ROOT / "benchmarks" / "results" / "screen.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    return SCREENED[lang].format(
        target=row["target"], molecules=int(row["molecules"]), minutes=int(row["seconds"]) / 60, gigabytes=int(row["megabytes"]) / 1000,
        kills=row["kills"], kept=row["kept_by_first_pass"], best=row["best_drawn"], drawn=int(row["drawn"]),
    )  # fmt: skip


def exposed(lang: str) -> str:
    """Crashes of the drivers in SUMO's traffic, from benchmarks/results/exposure.csv."""
    with (ROOT / "benchmarks" / "results" / "exposure.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    rows = [EXPOSED[lang], "|---|---|---|---|---|---|---|"]
    for row in found:
        crashes = f"{row['per_1000_km']} ({row['low']}–{row['high']})"
        hard = [row["hard_braking_per_100_km"], row["without_hazard_per_100_km"]]
        cells = [
            EXPOSED_NAMES[row["driver"]][lang == "ko"],
            f"{int(row['kilometres']):,}",
            row["hazards"],
            crashes,
            row["struck"],
            *hard,
        ]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def trials(lang: str) -> str:
    """One row a project."""
    rows = [HEADS[lang]]
    for path in sorted(ROOT.glob("src/dure/regions/*/*/trial.json")):
        said = committed(path.parent)
        about, one = said.about, said.deciding[0]
        page = path.parent.relative_to(ROOT).as_posix() + ("/README.ko.md" if lang == "ko" else "/README.md")
        label = about.labels[one.against][lang]
        rows.append(
            f"| [{about.title[lang]}]({page}) `{about.id}` | {label} | {sentence.sentence(one, about).replace(chr(10), '<br>')} |"
        )
    return "\n".join(rows)


def drawn() -> str:
    """The marks of the model that travels, site by site."""
    said = committed(ROOT / "src/dure/regions/gangwon/heart")
    first = said.deciding[0]
    home = next(one for one in said.verdicts if one.round == "open" and one.method == first.method)
    shown = [home, *(one for one in said.verdicts if one.answers(first) and one.site != "all"), first]
    return picture(shown, said.about)


def chained() -> tuple[str, str]:
    """What the better forecast of the roof is worth to the battery: a sentence and a mark each for open and sealed months."""
    said = TrialRecord.from_json(json.loads(WORTH.read_text(encoding="utf-8")))
    sealed = said.deciding[0]
    same = [one for one in said.verdicts if one.answers(replace(sealed, round="open")) and one.site == "all"]
    told = {TURNS[language()][one.round]: one for one in (*same, sealed)}
    lines = [f"{turn}: {sentence.parts(one, said.about)['head']}" for turn, one in told.items()]
    return "> " + "\n>\n> ".join(lines), picture(list(told.values()), said.about, list(told))


def picture(verdicts: list[Verdict], about: About, names: list[str] | None = None) -> str:
    """Marks under each other on one scale: place (or name), mark, word and interval."""
    widest, rows = interval_plot.reach(verdicts), []
    places = names or [interval_plot.place(one, about) for one in verdicts]
    for number, one in enumerate(verdicts):
        top = 16 + number * 52
        drawn = interval_plot.svg(one, widest).replace("<svg ", f'<svg x="190" y="{top}" width="400" height="42" ', 1)
        colour = interval_plot.COLOURS.get(one.verdict, "shown")
        rows.append(
            f'<text class="place" x="0" y="{top + 22}">{escape(places[number])}</text>{drawn}'
            f'<text class="word {colour}" x="610" y="{top + 16}">{escape(vocabulary.word(one))}</text>'
            f'<text class="note" x="610" y="{top + 34}">{escape(interval_plot.ends(one))}</text>'
        )
    height = 16 + 52 * len(verdicts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 780 {height}" role="img" '
        f'aria-label="{escape("; ".join(f"{place}: {interval_plot.alternative(one)}" for place, one in zip(places, verdicts, strict=True)))}">'
        f"<style>{STYLE}{interval_plot.STYLE}</style>{''.join(rows)}</svg>\n"
    )


def _between(marked: str, block: str, text: str) -> str:
    """The text with what stands between a mark and the next end put anew."""
    return re.sub(rf"(<!-- {marked} -->\n).*?(<!-- end -->)", lambda m: f"{m[1]}{block}\n{m[2]}", text, flags=re.DOTALL)


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
        for marked, block in blocks.items():
            text = _between(marked, block, text)
        files[ROOT / name] = text
        page = PLANNER / name
        files[page] = _between("measured", measured(lang), page.read_text(encoding="utf-8"))
        page = DRIVERS / name
        text = _between("counted", counted(lang), page.read_text(encoding="utf-8"))
        files[page] = _between("exposed", exposed(lang), text)
        page = MOLECULES / name
        files[page] = _between("screened", screened(lang), page.read_text(encoding="utf-8"))
        page = BATTERY / name
        worth, chain = chained()
        files[page] = _between("chained", worth, page.read_text(encoding="utf-8"))
        files[ROOT / "docs" / ("worth.ko.svg" if lang == "ko" else "worth.svg")] = chain
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

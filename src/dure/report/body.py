"""The body of the report: the answer, its numbers, how it was measured, what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dure.i18n.texts import _
from dure.report import interval_plot, numbers, sentence, vocabulary, worth

if TYPE_CHECKING:
    from markupsafe import Markup


Content = Mapping[str, Any]  # what `dure.evidence.content` gives


Verdict = Mapping[str, Any]


_SAME = ("kpi", "method", "against", "round")  # verdicts that answer one question at several sites


def body(said: Content, fingerprint: str) -> dict[str, Any]:
    """Everything the page shows, as texts in the reader's language."""
    said = {**said, "about": {**said["about"], "kpis": said["kpis"]}}
    about = said["about"]
    practice = next(iter(about.get("labels", {})), "")
    return {
        "title": vocabulary.localised(about.get("title", said["project"])),
        "answers": [_answer(said, one) for one in said["verdicts"] if one["decides"]],
        "numbers": _numbers(said),
        "others": _others(said),
        "measured": _measured(said),
        "practice": _practice(about, practice),
        "data": [_source(each) for each in about.get("data", ())],
        "left_out": _left_out(about),
        "unanswered": _unanswered(said),
        "notes": [vocabulary.localised(each) for each in about.get("notes", ())],
        "general": [vocabulary.localised(each) for each in about.get("remarks", {}).get("", ())],
        "fingerprint": " ".join(fingerprint[start : start + 4] for start in range(0, 16, 4)),
        "fingerprint_whole": fingerprint,
        "replay": said["replay"],
        "words": _words(about),
    }


def _answer(said: Content, verdict: Verdict) -> dict[str, Any]:
    """One offer's answer: the sentence, its mark, the marks of its sites with what must be read beside them."""
    about = said["about"]
    told = {name: _unbroken(text) for name, text in sentence.parts(verdict, about).items()}
    head, lead = _first_sentence(told["head"])
    priced = worth.priced(verdict, about)[0] is not None
    same = [each for each in said["verdicts"] if all(each[name] == verdict[name] for name in _SAME)]
    sites = [each for each in same if each is not verdict]
    widest = interval_plot.reach(same)
    return {
        "kind": interval_plot.COLOURS.get(verdict["verdict"], "shown"),
        "head": _marked(head),
        "lead": " ".join(each for each in (lead, told["price"] if priced else "") if each),
        "cautions": [told[name] for name in ("caution", "places", "unanswered") if told[name]],
        "limits": [
            told[name] for name in ("limits", "price", "assurance") if told[name] and (name != "price" or not priced)
        ],
        "mark": own(interval_plot.svg(verdict, widest)) if verdict["verdict"] != "too few" else "",
        "sites": [_site(each, about, widest) for each in sites],
    }


def _site(verdict: Verdict, about: Mapping[str, Any], widest: tuple[float, float]) -> dict[str, Any]:
    unit = vocabulary.localised_unit(verdict["unit"])
    told = sentence.parts(verdict, about)["price"] if worth.priced(verdict, about)[0] is not None else ""
    return {
        "price": told,
        "name": interval_plot.place(verdict, about),
        "seen": sentence.blocks(verdict),
        "mark": own(interval_plot.svg(verdict, widest)),
        "kind": interval_plot.COLOURS.get(verdict["verdict"], "shown"),
        "word": vocabulary.word(verdict),
        "ends": _ends(verdict),
        "numbers": _(
            "today {today}, offered {offered}",
            today=_amount(verdict, "against", unit),
            offered=_amount(verdict, "method", unit),
        ),
        "remarks": [vocabulary.localised(each) for each in about.get("remarks", {}).get(verdict["site"], ())],
    }


def _ends(verdict: Verdict) -> str:
    """The interval: of the better or worse that was found, else of the gain with its sign."""
    if verdict["verdict"] in ("better", "worse"):
        return sentence.interval(verdict) if interval_plot.ends(verdict) else ""
    level = f"{100 * verdict['level']:.0f}"
    return (
        _("{level} % interval of the gain {ends}", level=level, ends=interval_plot.ends(verdict))
        if interval_plot.ends(verdict)
        else ""
    )


def _amount(verdict: Verdict, role: str, unit: str) -> str:
    return numbers.amount(verdict["methods"].get(verdict[role]), unit)


def _first_sentence(text: str) -> tuple[str, str]:
    """The sentence that holds the deciding word, which is the heading, and what follows it."""
    end = text.find(". ", text.rfind("**"))
    return (text, "") if end < 0 else (text[: end + 1], text[end + 2 :])


def _unbroken(text: str) -> str:
    """The same where no line ends within an interval, or between a number and its per cent."""
    return text.replace("–", "\u2060–\u2060").replace(" %", "\u00a0%")


def _marked(text: str) -> list[tuple[str, bool]]:
    """The pieces of a sentence, and whether each is the deciding word."""
    return [(part, number % 2 == 1) for number, part in enumerate(text.split("**")) if part]


def _numbers(said: Content) -> list[dict[str, Any]]:
    """A row a KPI and method of the deciding rounds, over all sites: number, gain, interval, verdict."""
    one = next((each for each in said["verdicts"] if each["decides"]), None)
    if one is None:
        return []
    here = [each for each in said["verdicts"] if all(each[name] == one[name] for name in ("round", "site", "against"))]
    found: list[dict[str, Any]] = []
    for kpi in said["kpis"]:
        mine = [each for each in here if each["kpi"] == kpi["name"]]
        if mine:
            found.append(_number_row(mine[0], one["against"], said["about"], first=True))
            found += [_number_row(each, each["method"], said["about"], first=False) for each in mine]
    return found


def _number_row(verdict: Verdict, method: str, about: Mapping[str, Any], *, first: bool) -> dict[str, Any]:
    """One method's row; the practice stands first and is compared with nobody."""
    better = _("lower is better") if verdict["better"] == "lower" else _("higher is better")
    label = vocabulary.localised(about.get("labels", {}).get(method, method))
    return {
        "kpi": vocabulary.localised(verdict["kpi"]) if first else "",
        "unit": vocabulary.localised_unit(verdict["unit"]) if first else "",
        "better": better if first else "",
        "method": f"{_('today')}: {label}" if first and label != _("today") else label,
        "number": numbers.amount(verdict["methods"].get(method), ""),
        "gain": ""
        if first
        else numbers.scale(verdict)(verdict["gain"]["mean"])
        if verdict["gain"]["mean"] is not None
        else "–",
        "ends": "" if first else interval_plot.ends(verdict),
        "kind": "" if first else interval_plot.COLOURS.get(verdict["verdict"], "shown"),
        "word": "" if first else vocabulary.word(verdict),
    }


def _others(said: Content) -> list[dict[str, Any]]:
    """Every other comparison over all sites: open rounds, the model against each rival."""
    deciding = [each for each in said["verdicts"] if each["decides"]]
    if not deciding:
        return []
    one, shown = deciding[0], []
    for each in said["verdicts"]:
        in_numbers = all(each[name] == one[name] for name in ("round", "against"))
        if each["site"] == one["site"] and not in_numbers and each["kpi"] == one["kpi"]:
            shown.append(each)
    return [
        {
            "offer": vocabulary.offer(each, said["about"]),
            "against": vocabulary.against(each, said["about"]),
            "round": _("sealed rounds") if each["round"] == "sealed" else _("open rounds"),
            "gain": numbers.scale(each)(each["gain"]["mean"]) if each["gain"]["mean"] is not None else "–",
            "ends": interval_plot.ends(each),
            "kind": interval_plot.COLOURS.get(each["verdict"], "shown"),
            "word": vocabulary.word(each),
        }
        for each in shown
    ]


def _measured(said: Content) -> list[tuple[str, str]]:
    """How it was measured: name and text of each line."""
    about = said["about"]
    one = next((each for each in said["verdicts"] if each["decides"]), said["verdicts"][0])
    formulas = "; ".join(f"{vocabulary.localised(each['name'])} = {each['of']}" for each in said["kpis"])
    found = [
        (_("formula"), formulas),
        (_("seen"), _seen(one)),
        (_("rounds"), "; ".join(str(each) for each in about.get("rounds", ()))),
        (_("rule"), _rule(one)),
        (_("limits"), "; ".join(_limit(each) for each in said["kpis"] if each.get("limit"))),
        (
            _("goal"),
            f"{about['goal']:g} {vocabulary.localised(one['unit'])}".rstrip() if about.get("goal") is not None else "",
        ),
        (_("seeds"), ", ".join(str(each) for each in about.get("seeds", ()))),
        (_("settings"), ", ".join(f"{name} = {value}" for name, value in about.get("settings", {}).items())),
        (_("assurance"), f"{_(one['assurance'])}, {_(vocabulary.GROUND.get(one['ground'], one['ground']))}"),
        (_("note"), _(about["note"]) if about.get("note") else ""),
        (
            _("code"),
            " ".join(
                each for each in (f"{said['project']} {said['version']}", str(about.get("code", ""))[:12]) if each
            ),
        ),
        ("Dure", str(about.get("dure", ""))),
    ]
    return [(name, text) for name, text in found if text]


def _seen(verdict: Verdict) -> str:
    blocks = sentence.blocks(verdict)
    return blocks if sentence.census(verdict) else f"{blocks}, {vocabulary.counted('case', verdict['cases'])}"


def _rule(verdict: Verdict) -> str:
    if sentence.census(verdict):
        return _("every case there is, counted: no interval")
    level = f"{100 * verdict['level']:.0f}"
    return _(
        "{level} % studentised bootstrap over blocks, and a swap test of whole blocks; both must agree", level=level
    )


def _limit(kpi: Mapping[str, Any]) -> str:
    low, high = kpi["limit"]
    ends = [
        f"{low:g} ≤" if low is not None else "",
        vocabulary.localised(kpi["name"]),
        f"≤ {high:g}" if high is not None else "",
    ]
    return " ".join(each for each in (*ends, vocabulary.localised_unit(kpi["unit"])) if each)


def _practice(about: Mapping[str, Any], name: str) -> list[tuple[str, str]]:
    """Where today's practice comes from."""
    told = about.get("practice") or {}
    source, year = str(told.get("source", "")), str(told.get("year", ""))
    source += f" ({year})" if len(year) == 4 and year not in source else ""
    found = [
        (_("today"), vocabulary.localised(about.get("labels", {}).get(name, name))),
        (_("source"), source),
        (_("used by"), vocabulary.localised(told.get("who", ""))),
        (_("stronger practice, not run"), vocabulary.localised(told.get("stronger", ""))),
    ]
    return [(title, text) for title, text in found if text]


_ORIGINS = {"own": "a file of one's own", "wheel": "published package", "git": "public repository", "made": "generated"}


_ACCESS = {"open": "open", "restricted": "restricted", "unknown": "unknown"}


def _source(each: Mapping[str, Any]) -> dict[str, str]:
    """One data set: what was opened, under which licence, its hash."""
    origin = " ".join(
        part for part in (_(_ORIGINS.get(each["origin"], each["origin"])), str(each.get("version", ""))[:12]) if part
    )
    return {
        "name": each["name"],
        "origin": origin,
        "licence": each.get("licence", "") or "–",
        "credit": each.get("credit", ""),
        "access": _(_ACCESS.get(each.get("access", "open"), "unknown")),
        "sha256": each["sha256"],
    }


def _left_out(about: Mapping[str, Any]) -> list[str]:
    """Cases that today's practice itself could not answer: named, or counted where the data are not open."""
    found = []
    for each in about.get("left_out", ()):
        name = each["case"] if "case" in each else vocabulary.counted("case", each["count"])
        found.append(
            " · ".join(
                part
                for part in (
                    str(each.get("round", "")),
                    str(name),
                    vocabulary.cause(each.get("cause", "")),
                    str(each.get("why", "")),
                )
                if part
            )
        )
    return found


def _unanswered(said: Content) -> list[dict[str, str]]:
    """Cases a method left unanswered, by cause; the practice answered there."""
    about = said["about"]
    return [
        {
            "method": vocabulary.localised(about.get("labels", {}).get(method, method)),
            "cause": vocabulary.cause(cause),
            "count": f"{count:,}",
        }
        for method, causes in about.get("unanswered_by", {}).items()
        for cause, count in causes.items()
    ]


def _words(about: vocabulary.About) -> dict[str, str]:
    """Headings and fixed texts."""
    return {
        "at_places": vocabulary.one_by_one(about),
        "all_numbers": _("The numbers"),
        "other_comparisons": _("Other comparisons"),
        "how": _("How it was measured"),
        "practice": _("Today's practice"),
        "data": _("Data and licences"),
        "left_out": _("What was left out"),
        "left_out_none": _("Nothing: the practice answered every case."),
        "left_out_why": _("Cases that today's practice itself could not answer are compared for nobody."),
        "unanswered": _("Unanswered"),
        "unanswered_none": _("Nothing: every case was answered."),
        "signed": _("Who signed, and how to check"),
        "signed_text": _("The signer's key. Ask the signer for these digits by another way, and compare:"),
        "check": _("This checks every file of the folder, computes the verdicts again and names what differs:"),
        "again": _("And this runs the trial again:"),
        "replay": _("A replay on any machine must come to"),
        "figures": _("Figures"),
        "moving": _("as it moves"),
        "json": _("All numbers of this page as JSON"),
        "kpi": _("KPI"),
        "method": _("method"),
        "number": _("number"),
        "gain": _("gain"),
        "interval": _("interval"),
        "verdict": _("verdict"),
        "offer": _("offer"),
        "against": _("against"),
        "round": _("round"),
        "cause": _("cause"),
        "cases": _("cases"),
        "name": _("name"),
        "origin": _("origin"),
        "licence": _("licence"),
        "access": _("access"),
        "notes": _("Read this too"),
        "trial": _("Trial"),
        "folder": _("FOLDER"),
        "table": _("R&D table"),
        "to_the_right": _("To the right of the line is better than today."),
    }


def own(text: str) -> Markup:
    """A text of ours that needs no escaping: the style sheet, or a mark, whose words are escaped where it is drawn."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - never a text from elsewhere

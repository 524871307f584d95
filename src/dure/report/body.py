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


def body(record: Content, fingerprint: str) -> dict[str, Any]:
    """Everything the page shows, as texts in the reader's language."""
    record = {**record, "about": {**record["about"], "kpis": record["kpis"]}}
    about = record["about"]
    practice = next(iter(about.get("labels", {})), "")
    return {
        "title": vocabulary.localised(about.get("title", record["project"])),
        "answers": [_answer(record, verdict) for verdict in record["verdicts"] if verdict["decides"]],
        "numbers": _numbers(record),
        "others": _others(record),
        "measured": _measured(record),
        "practice": _practice(about, practice),
        "data": [_source(source) for source in about.get("data", ())],
        "left_out": _left_out(about),
        "unanswered": _unanswered(record),
        "notes": [vocabulary.localised(note) for note in about.get("notes", ())],
        "general": [vocabulary.localised(remark) for remark in about.get("remarks", {}).get("", ())],
        "fingerprint": " ".join(fingerprint[start : start + 4] for start in range(0, 16, 4)),
        "fingerprint_whole": fingerprint,
        "replay": record["replay"],
        "words": _words(about),
    }


def _answer(record: Content, verdict: Verdict) -> dict[str, Any]:
    """One offer's answer: the sentence, its mark, the marks of its sites with what must be read beside them."""
    about = record["about"]
    texts = {name: _unbroken(text) for name, text in sentence.parts(verdict, about).items()}
    head, lead = _first_sentence(texts["head"])
    priced = worth.priced(verdict, about)[0] is not None
    peers = [peer for peer in record["verdicts"] if all(peer[name] == verdict[name] for name in _SAME)]
    sites = [peer for peer in peers if peer is not verdict]
    widest = interval_plot.reach(peers)
    return {
        "kind": interval_plot.COLOURS.get(verdict["verdict"], "shown"),
        "head": _marked(head),
        "lead": " ".join(text for text in (lead, texts["price"] if priced else "") if text),
        "cautions": [texts[name] for name in ("caution", "places", "unanswered") if texts[name]],
        "limits": [
            texts[name] for name in ("limits", "price", "assurance") if texts[name] and (name != "price" or not priced)
        ],
        "mark": own(interval_plot.svg(verdict, widest)) if verdict["verdict"] != "too few" else "",
        "sites": [_site(peer, about, widest) for peer in sites],
    }


def _site(verdict: Verdict, about: Mapping[str, Any], widest: tuple[float, float]) -> dict[str, Any]:
    unit = vocabulary.localised_unit(verdict["unit"])
    price = sentence.parts(verdict, about)["price"] if worth.priced(verdict, about)[0] is not None else ""
    return {
        "price": price,
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
        "remarks": [vocabulary.localised(remark) for remark in about.get("remarks", {}).get(verdict["site"], ())],
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


def _numbers(record: Content) -> list[dict[str, Any]]:
    """A row a KPI and method of the deciding rounds, over all sites: number, gain, interval, verdict."""
    decisive = next((verdict for verdict in record["verdicts"] if verdict["decides"]), None)
    if decisive is None:
        return []
    comparable = [
        verdict
        for verdict in record["verdicts"]
        if all(verdict[name] == decisive[name] for name in ("round", "site", "against"))
    ]
    rows: list[dict[str, Any]] = []
    for kpi in record["kpis"]:
        of_kpi = [verdict for verdict in comparable if verdict["kpi"] == kpi["name"]]
        if of_kpi:
            rows.append(_number_row(of_kpi[0], decisive["against"], record["about"], first=True))
            rows += [_number_row(verdict, verdict["method"], record["about"], first=False) for verdict in of_kpi]
    return rows


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


def _others(record: Content) -> list[dict[str, Any]]:
    """Every other comparison over all sites: open rounds, the model against each rival."""
    deciding = [verdict for verdict in record["verdicts"] if verdict["decides"]]
    if not deciding:
        return []
    decisive, others = deciding[0], []
    for verdict in record["verdicts"]:
        in_numbers = all(verdict[name] == decisive[name] for name in ("round", "against"))
        if verdict["site"] == decisive["site"] and not in_numbers and verdict["kpi"] == decisive["kpi"]:
            others.append(verdict)
    return [
        {
            "offer": vocabulary.offer(verdict, record["about"]),
            "against": vocabulary.against(verdict, record["about"]),
            "round": _("sealed rounds") if verdict["round"] == "sealed" else _("open rounds"),
            "gain": numbers.scale(verdict)(verdict["gain"]["mean"]) if verdict["gain"]["mean"] is not None else "–",
            "ends": interval_plot.ends(verdict),
            "kind": interval_plot.COLOURS.get(verdict["verdict"], "shown"),
            "word": vocabulary.word(verdict),
        }
        for verdict in others
    ]


def _measured(record: Content) -> list[tuple[str, str]]:
    """How it was measured: name and text of each line."""
    about = record["about"]
    decisive = next((verdict for verdict in record["verdicts"] if verdict["decides"]), record["verdicts"][0])
    formulas = "; ".join(f"{vocabulary.localised(kpi['name'])} = {kpi['of']}" for kpi in record["kpis"])
    lines = [
        (_("formula"), formulas),
        (_("seen"), _sample(decisive)),
        (_("rounds"), "; ".join(str(round_name) for round_name in about.get("rounds", ()))),
        (_("rule"), _rule(decisive)),
        (_("limits"), "; ".join(_limit(kpi) for kpi in record["kpis"] if kpi.get("limit"))),
        (
            _("goal"),
            f"{about['goal']:g} {vocabulary.localised(decisive['unit'])}".rstrip()
            if about.get("goal") is not None
            else "",
        ),
        (_("seeds"), ", ".join(str(seed) for seed in about.get("seeds", ()))),
        (_("settings"), ", ".join(f"{name} = {value}" for name, value in about.get("settings", {}).items())),
        (
            _("assurance"),
            f"{_(decisive['assurance'])}, {_(vocabulary.GROUND.get(decisive['ground'], decisive['ground']))}",
        ),
        (_("note"), _(about["note"]) if about.get("note") else ""),
        (
            _("code"),
            " ".join(
                text for text in (f"{record['project']} {record['version']}", str(about.get("code", ""))[:12]) if text
            ),
        ),
        ("Dure", str(about.get("dure", ""))),
    ]
    return [(name, text) for name, text in lines if text]


def _sample(verdict: Verdict) -> str:
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
    return " ".join(part for part in (*ends, vocabulary.localised_unit(kpi["unit"])) if part)


def _practice(about: Mapping[str, Any], name: str) -> list[tuple[str, str]]:
    """Where today's practice comes from."""
    practice = about.get("practice") or {}
    source, year = str(practice.get("source", "")), str(practice.get("year", ""))
    source += f" ({year})" if len(year) == 4 and year not in source else ""
    lines = [
        (_("today"), vocabulary.localised(about.get("labels", {}).get(name, name))),
        (_("source"), source),
        (_("used by"), vocabulary.localised(practice.get("who", ""))),
        (_("stronger practice, not run"), vocabulary.localised(practice.get("stronger", ""))),
    ]
    return [(title, text) for title, text in lines if text]


_ORIGINS = {"own": "a file of one's own", "wheel": "published package", "git": "public repository", "made": "generated"}
_ACCESS = {"open": "open", "restricted": "restricted", "unknown": "unknown"}


def _source(source: Mapping[str, Any]) -> dict[str, str]:
    """One data set: what was opened, under which licence, its hash."""
    origin = " ".join(
        part
        for part in (_(_ORIGINS.get(source["origin"], source["origin"])), str(source.get("version", ""))[:12])
        if part
    )
    return {
        "name": source["name"],
        "origin": origin,
        "licence": source.get("licence", "") or "–",
        "credit": source.get("credit", ""),
        "access": _(_ACCESS.get(source.get("access", "open"), "unknown")),
        "sha256": source["sha256"],
    }


def _left_out(about: Mapping[str, Any]) -> list[str]:
    """Cases that today's practice itself could not answer: named, or counted where the data are not open."""
    lines = []
    for entry in about.get("left_out", ()):
        name = entry["case"] if "case" in entry else vocabulary.counted("case", entry["count"])
        lines.append(
            " · ".join(
                part
                for part in (
                    str(entry.get("round", "")),
                    str(name),
                    vocabulary.cause(entry.get("cause", "")),
                    str(entry.get("why", "")),
                )
                if part
            )
        )
    return lines


def _unanswered(record: Content) -> list[dict[str, str]]:
    """Cases a method left unanswered, by cause; the practice answered there."""
    about = record["about"]
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
        "at_places": vocabulary.sites_heading(about),
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

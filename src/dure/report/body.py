"""The body of the report: the answer, its numbers, how it was measured, what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from dure.i18n.texts import _
from dure.report import interval_plot, numbers, sentence, vocabulary, worth

if TYPE_CHECKING:
    from markupsafe import Markup

    from dure.record import About, Kpi, OpenedSource, TrialRecord, Verdict


class SiteAnswer(TypedDict):
    """The answer at one site: its mark, its numbers, what must be read beside them."""

    price: str
    name: str
    seen: str
    mark: Markup
    kind: str
    word: str
    ends: str
    numbers: str
    remarks: list[str]


class OfferAnswer(TypedDict):
    """One offer's answer: `head` in pieces, each with whether it is the deciding word."""

    kind: str
    head: list[tuple[str, bool]]
    lead: str
    cautions: list[str]
    limits: list[str]
    mark: Markup | str
    sites: list[SiteAnswer]


class Report(TypedDict):
    """Everything that a report shows, as texts in the reader's language."""

    title: str
    answers: list[OfferAnswer]
    numbers: list[dict[str, str]]
    others: list[dict[str, str]]
    measured: list[tuple[str, str]]
    practice: list[tuple[str, str]]
    data: list[dict[str, str]]
    left_out: list[str]
    unanswered: list[dict[str, str]]
    notes: list[str]
    general: list[str]
    fingerprint: str
    fingerprint_whole: str
    replay: str
    words: dict[str, str]


def body(record: TrialRecord, fingerprint: str) -> Report:
    """Everything the page shows, as texts in the reader's language."""
    about = record.about
    return {
        "title": vocabulary.localised(about.title),
        "answers": [_answer(record, verdict) for verdict in record.deciding],
        "numbers": _numbers(record),
        "others": _others(record),
        "measured": _measured(record),
        "practice": _practice(about),
        "data": [_source(source) for source in about.data],
        "left_out": _left_out(about),
        "unanswered": _unanswered(record),
        "notes": [vocabulary.localised(note) for note in about.notes],
        "general": [vocabulary.localised(remark) for remark in about.remarks.get("", ())],
        "fingerprint": " ".join(fingerprint[start : start + 4] for start in range(0, 16, 4)),
        "fingerprint_whole": fingerprint,
        "replay": record.replay,
        "words": _words(about),
    }


def _answer(record: TrialRecord, verdict: Verdict) -> OfferAnswer:
    """One offer's answer: the sentence, its mark, the marks of its sites with what must be read beside them."""
    about = record.about
    texts = {name: _unbroken(text) for name, text in sentence.parts(verdict, about).items()}
    head, lead = _first_sentence(texts["head"])
    priced = worth.priced(verdict, about)[0] is not None
    peers = [peer for peer in record.verdicts if peer.answers(verdict)]
    sites = [peer for peer in peers if peer is not verdict]
    widest = interval_plot.reach(peers)
    return {
        "kind": interval_plot.COLOURS.get(verdict.verdict, "shown"),
        "head": _marked(head),
        "lead": " ".join(text for text in (lead, texts["price"] if priced else "") if text),
        "cautions": [texts[name] for name in ("caution", "places", "unanswered") if texts[name]],
        "limits": [
            texts[name] for name in ("limits", "price", "assurance") if texts[name] and (name != "price" or not priced)
        ],
        "mark": own(interval_plot.svg(verdict, widest)) if verdict.verdict != "too few" else "",
        "sites": [_site(peer, about, widest) for peer in sites],
    }


def _site(verdict: Verdict, about: About, widest: tuple[float, float]) -> SiteAnswer:
    unit = vocabulary.localised_unit(verdict.unit)
    price = sentence.parts(verdict, about)["price"] if worth.priced(verdict, about)[0] is not None else ""
    return {
        "price": price,
        "name": interval_plot.place(verdict, about),
        "seen": sentence.blocks(verdict),
        "mark": own(interval_plot.svg(verdict, widest)),
        "kind": interval_plot.COLOURS.get(verdict.verdict, "shown"),
        "word": vocabulary.word(verdict),
        "ends": _ends(verdict),
        "numbers": _(
            "today {today}, offered {offered}",
            today=numbers.amount(verdict.number(verdict.against), unit),
            offered=numbers.amount(verdict.number(verdict.method), unit),
        ),
        "remarks": [vocabulary.localised(remark) for remark in about.remarks.get(verdict.site, ())],
    }


def _ends(verdict: Verdict) -> str:
    """The interval: of the better or worse that was found, else of the gain with its sign."""
    if verdict.verdict in ("better", "worse"):
        return sentence.interval(verdict) if interval_plot.ends(verdict) else ""
    level = f"{100 * verdict.level:.0f}"
    return (
        _("{level} % interval of the gain {ends}", level=level, ends=interval_plot.ends(verdict))
        if interval_plot.ends(verdict)
        else ""
    )


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


def _numbers(record: TrialRecord) -> list[dict[str, str]]:
    """A row a KPI and method of the deciding rounds, over all sites: number, gain, interval, verdict."""
    decisive = next(iter(record.deciding), None)
    if decisive is None:
        return []
    comparable = [
        verdict for verdict in record.verdicts if verdict.site == decisive.site and _beside(verdict, decisive)
    ]
    rows: list[dict[str, str]] = []
    for kpi in record.kpis:
        of_kpi = [verdict for verdict in comparable if verdict.kpi == kpi.name]
        if of_kpi:
            rows.append(_number_row(of_kpi[0], decisive.against, record.about, first=True))
            rows += [_number_row(verdict, verdict.method, record.about, first=False) for verdict in of_kpi]
    return rows


def _beside(verdict: Verdict, decisive: Verdict) -> bool:
    """Whether two verdicts were taken on the same rounds against the same method."""
    return (verdict.round, verdict.against) == (decisive.round, decisive.against)


def _number_row(verdict: Verdict, method: str, about: About, *, first: bool) -> dict[str, str]:
    """One method's row; the practice stands first and is compared with nobody."""
    better = _("lower is better") if verdict.better == "lower" else _("higher is better")
    label = vocabulary.label_of(method, about)
    return {
        "kpi": vocabulary.localised(verdict.kpi) if first else "",
        "unit": vocabulary.localised_unit(verdict.unit) if first else "",
        "better": better if first else "",
        "method": f"{_('today')}: {label}" if first and label != _("today") else label,
        "number": numbers.amount(verdict.number(method), ""),
        "gain": "" if first else numbers.scale(verdict)(verdict.gain.mean) if verdict.gain.mean is not None else "–",
        "ends": "" if first else interval_plot.ends(verdict),
        "kind": "" if first else interval_plot.COLOURS.get(verdict.verdict, "shown"),
        "word": "" if first else vocabulary.word(verdict),
    }


def _others(record: TrialRecord) -> list[dict[str, str]]:
    """Every other comparison over all sites: open rounds, the model against each rival."""
    decisive = next(iter(record.deciding), None)
    if decisive is None:
        return []
    question = decisive.site, decisive.kpi
    others = [
        verdict
        for verdict in record.verdicts
        if (verdict.site, verdict.kpi) == question and not _beside(verdict, decisive)
    ]
    return [
        {
            "offer": vocabulary.offer(verdict, record.about),
            "against": vocabulary.against(verdict, record.about),
            "round": _("sealed rounds") if verdict.round == "sealed" else _("open rounds"),
            "gain": numbers.scale(verdict)(verdict.gain.mean) if verdict.gain.mean is not None else "–",
            "ends": interval_plot.ends(verdict),
            "kind": interval_plot.COLOURS.get(verdict.verdict, "shown"),
            "word": vocabulary.word(verdict),
        }
        for verdict in others
    ]


def _measured(record: TrialRecord) -> list[tuple[str, str]]:
    """How it was measured: name and text of each line."""
    about = record.about
    decisive = next(iter(record.deciding), record.verdicts[0])
    formulas = "; ".join(f"{vocabulary.localised(kpi.name)} = {kpi.of}" for kpi in record.kpis)
    lines = [
        (_("formula"), formulas),
        (_("seen"), _sample(decisive)),
        (_("rounds"), "; ".join(about.rounds)),
        (_("rule {number}", number=decisive.rule), _rule(decisive)),
        (_("limits"), "; ".join(_limit(kpi) for kpi in record.kpis if kpi.limit)),
        (
            _("goal"),
            f"{about.goal:g} {vocabulary.localised(decisive.unit)}".rstrip() if about.goal is not None else "",
        ),
        (_("seeds"), ", ".join(str(seed) for seed in about.seeds)),
        (_("settings"), ", ".join(f"{name} = {value}" for name, value in about.settings.items())),
        (
            _("assurance"),
            f"{_(decisive.assurance)}, {_(vocabulary.GROUND.get(decisive.ground, decisive.ground))}",
        ),
        (_("note"), _(about.note) if about.note else ""),
        (
            _("code"),
            " ".join(text for text in (f"{record.project} {record.version}", about.code[:12]) if text),
        ),
        ("Dure", about.dure),
    ]
    return [(name, text) for name, text in lines if text]


def _sample(verdict: Verdict) -> str:
    blocks = sentence.blocks(verdict)
    return blocks if sentence.census(verdict) else f"{blocks}, {vocabulary.counted('case', verdict.cases)}"


def _rule(verdict: Verdict) -> str:
    if sentence.census(verdict):
        return _("every case there is, counted: no interval")
    level = f"{100 * verdict.level:.0f}"
    return _(
        "{level} % studentised bootstrap over blocks, and a swap test of whole blocks; both must agree", level=level
    )


def _limit(kpi: Kpi) -> str:
    low, high = kpi.limit or (None, None)
    ends = [
        f"{low:g} ≤" if low is not None else "",
        vocabulary.localised(kpi.name),
        f"≤ {high:g}" if high is not None else "",
    ]
    return " ".join(part for part in (*ends, vocabulary.localised_unit(kpi.unit)) if part)


def _practice(about: About) -> list[tuple[str, str]]:
    """Where today's practice comes from."""
    today = (_("today"), vocabulary.label_of(about.today, about))
    practice = about.practice
    if practice is None:
        return [today]
    source, year = practice.source, str(practice.year)
    source += f" ({year})" if len(year) == 4 and year not in source else ""
    lines = [
        today,
        (_("source"), source),
        (_("used by"), vocabulary.localised(practice.who)),
        (_("stronger practice, not run"), vocabulary.localised(practice.stronger)),
    ]
    return [(title, text) for title, text in lines if text]


_ORIGINS = {"own": "a file of one's own", "wheel": "published package", "git": "public repository", "made": "generated"}
_ACCESS = {"open": "open", "restricted": "restricted", "unknown": "unknown"}


def _source(source: OpenedSource) -> dict[str, str]:
    """One data set: what was opened, under which licence, its hash."""
    origin = " ".join(part for part in (_(_ORIGINS.get(source.origin, source.origin)), source.version[:12]) if part)
    return {
        "name": source.name,
        "origin": origin,
        "licence": source.licence or "–",
        "credit": source.credit,
        "access": _(_ACCESS.get(source.access, "unknown")),
        "sha256": source.sha256,
    }


def _left_out(about: About) -> list[str]:
    """Cases that today's practice itself could not answer: named, or counted where the data are not open."""
    lines = []
    for entry in about.left_out:
        name = entry.case or vocabulary.counted("case", entry.count)
        parts = (entry.round, name, vocabulary.cause(entry.cause), entry.why)
        lines.append(" · ".join(part for part in parts if part))
    return lines


def _unanswered(record: TrialRecord) -> list[dict[str, str]]:
    """Cases a method left unanswered, by cause; the practice answered there."""
    about = record.about
    return [
        {
            "method": vocabulary.label_of(method, about),
            "cause": vocabulary.cause(cause),
            "count": f"{count:,}",
        }
        for method, causes in about.unanswered_by.items()
        for cause, count in causes.items()
    ]


def _words(about: About) -> dict[str, str]:
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

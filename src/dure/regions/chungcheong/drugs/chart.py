"""Pictures: a molecule beside its nearest known compounds; how predictions and intervals fare target by target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from .data import title_of
from .forms import Estimate, Request, Response, _

if TYPE_CHECKING:
    import altair as alt

PRACTICE, MODEL = "nearest_compound", "gaussian_process"
INK, SOFT, LINE, ACCENT, WARM = "#1c2321", "#7a827e", "#d9dedb", "#22577a", "#c8553d"
DRAWN = 240, 170  # pixels of a drawing
MOST_ROWS = 30  # molecules of a list that are shown


def _named(method: str) -> str:
    """A method's short name on a chart; a stranger's own."""
    names = {
        PRACTICE: _("nearest compound"),
        MODEL: _("Gaussian process"),
        "support_vectors": _("support vectors"),
        "random_forest": _("random forest"),
    }
    return names.get(method, method.replace("_", " "))


def _finished(chart: Any) -> Any:
    """Quiet paper: no frame, soft axes."""
    axis = {
        "labelColor": INK, "titleColor": INK, "gridColor": LINE, "domainColor": LINE, "tickColor": LINE,
        "titleFontWeight": "normal",
    }  # fmt: skip
    chart = chart.configure(font="Noto Sans KR, Noto Sans CJK KR, sans-serif", padding=12).configure_view(stroke=None)
    return chart.configure_axis(**axis).configure_title(
        anchor="start", fontWeight="normal", color=INK, subtitleColor=SOFT
    )


ATOMS = {
    "O": "#c8553d",
    "N": "#2b59c3",
    "S": "#a98307",
    "F": "#2f7d4f",
    "Cl": "#2f7d4f",
    "Br": "#8c4a2f",
    "I": "#6b3fa0",
    "P": "#c46a1b",
}
APART = 0.16  # between the lines of a double bond, in bond lengths of 1.5


def drawing(smiles: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A molecule laid out flat by RDKit: its bonds as lines (wedge: towards the reader, dash: away), its atoms as letters.

    Lines and letters, not a picture: a chart of Dure holds nothing that would have to be loaded.
    """
    from rdkit import Chem
    from rdkit.Chem import rdDepictor

    from .chem import molecule

    mol = Chem.Mol(molecule(smiles))
    Chem.Kekulize(mol, clearAromaticFlags=True)
    rdDepictor.SetPreferCoordGen(True)
    rdDepictor.Compute2DCoords(mol)
    Chem.WedgeMolBonds(mol, mol.GetConformer())
    places = mol.GetConformer().GetPositions()[:, :2]
    styles = {Chem.BondDir.BEGINWEDGE: "wedge", Chem.BondDir.BEGINDASH: "dash"}
    lines = []
    for bond in mol.GetBonds():
        start, end = places[bond.GetBeginAtomIdx()], places[bond.GetEndAtomIdx()]
        along = (end - start) / max(float(((end - start) ** 2).sum()) ** 0.5, 1e-6)
        aside, order = APART * along[[1, 0]] * (1, -1), round(bond.GetBondTypeAsDouble())
        for shift in {1: (0,), 2: (-0.5, 0.5), 3: (-1, 0, 1)}.get(order, (0,)):
            (x, y), (x2, y2) = start + shift * aside, end + shift * aside
            lines.append({"x": x, "y": y, "x2": x2, "y2": y2, "style": styles.get(bond.GetBondDir(), "plain")})
    letters = [
        {
            "x": places[atom.GetIdx()][0],
            "y": places[atom.GetIdx()][1],
            "text": _letters(atom),
            "colour": ATOMS.get(atom.GetSymbol(), INK),
        }
        for atom in mol.GetAtoms()
        if atom.GetSymbol() != "C" or atom.GetFormalCharge() or not atom.GetDegree()
    ]
    numbers = dict.fromkeys(("x", "y", "x2", "y2"), pl.Float64)
    return (
        pl.DataFrame(lines, schema={**numbers, "style": pl.String}),
        pl.DataFrame(letters, schema={"x": pl.Float64, "y": pl.Float64, "text": pl.String, "colour": pl.String}),
    )


def _letters(atom: Any) -> str:
    """The symbol with its hydrogens and charge: NH2, O-."""
    hydrogens, charge = atom.GetTotalNumHs(), atom.GetFormalCharge()
    held = f"H{hydrogens if hydrogens > 1 else ''}" if hydrogens else ""
    sign = f"{abs(charge) if abs(charge) > 1 else ''}{'+' if charge > 0 else '−'}" if charge else ""
    return f"{atom.GetSymbol()}{held}{sign}"


def _drawn(smiles: str, title: str, beside: str) -> Any:
    import altair as alt

    bonds, atoms = drawing(smiles)
    width, height = DRAWN
    points = pl.concat([bonds.select("x", "y"), bonds.select(x="x2", y="y2"), atoms.select("x", "y")])
    (x0, x1), (y0, y1) = ((float(points[axis].min()), float(points[axis].max())) for axis in ("x", "y"))  # type: ignore[arg-type]  # never empty
    unit = max(
        (x1 - x0 + 2) / width, (y1 - y0 + 2) / height, 0.045
    )  # bond lengths a pixel: small molecules are not blown up
    half = unit * width / 2, unit * height / 2
    size = min(12.0, max(7.5, 0.9 / unit))  # of the letters, against bonds of 1.5
    x = alt.X(
        "x:Q",
        axis=None,
        scale=alt.Scale(domain=[(x0 + x1) / 2 - half[0], (x0 + x1) / 2 + half[0]], nice=False, zero=False),
    )
    y = alt.Y(
        "y:Q",
        axis=None,
        scale=alt.Scale(domain=[(y0 + y1) / 2 - half[1], (y0 + y1) / 2 + half[1]], nice=False, zero=False),
    )
    kind = alt.Scale(domain=["plain", "wedge", "dash"], range=[1.4, 3.4, 2.4])
    dash = alt.Scale(domain=["plain", "wedge", "dash"], range=[[1, 0], [1, 0], [2, 2]])
    lines = alt.Chart(bonds).mark_rule(color=INK).encode(
        x=x, y=y, x2="x2:Q", y2="y2:Q",
        strokeWidth=alt.StrokeWidth("style:N", scale=kind, legend=None), strokeDash=alt.StrokeDash("style:N", scale=dash, legend=None),
    )  # fmt: skip
    letters = alt.Chart(atoms).encode(x=x, y=y)
    paper = letters.mark_text(fontSize=size, stroke="white", strokeWidth=size / 2.5, strokeJoin="round").encode(
        text="text:N"
    )
    texts = letters.mark_text(fontSize=size).encode(text="text:N", color=alt.Color("colour:N", scale=None))
    return alt.layer(lines, paper, texts).properties(
        width=width, height=height, title=alt.Title(title, subtitle=beside or " ")
    )


def figure(
    request: Request, answers: Mapping[str, Response], truth: Mapping[str, Sequence[float]] | None, trace: object = None
) -> Any:
    """One molecule: its drawing beside those it is compared with, and each method's interval. A list: the ranking."""
    del trace
    if len(request.molecules) > 1:
        return _list(request, answers, truth)
    estimates = {method: answer.estimates[0] for method, answer in answers.items()}
    return _finished(_one(request, estimates, truth["potency"][0] if truth else None))


def _one(request: Request, estimates: Mapping[str, Estimate], truth: float | None) -> Any:
    import altair as alt

    first = estimates.get(MODEL) or next(iter(estimates.values()))
    compounds = [(request.molecules[0], _("asked"), "")]
    compounds.append((first.nearest, _("nearest known"), _likeness(first.nearest_potency, first.similarity)))
    if first.active and first.active != first.nearest:
        compounds.append(
            (first.active, _("nearest active"), _("similarity {value}", value=f"{first.active_similarity:.2f}"))
        )
    pictures = [_drawn(*compound) for compound in compounds]
    return alt.vconcat(alt.hconcat(*pictures, spacing=16), _intervals(request, estimates, truth, first), spacing=18)


def _likeness(potency: float, similarity: float) -> str:
    return _("potency {potency}, similarity {value}", potency=f"{potency:.2f}", value=f"{similarity:.2f}")


def _intervals(request: Request, estimates: Mapping[str, Estimate], truth: float | None, first: Estimate) -> Any:
    """Each method's potency with its 80 % interval, and the measured one as a line."""
    import altair as alt

    rows = pl.DataFrame(
        [
            {
                "name": _named(method),
                "potency": estimate.potency,
                "low": estimate.low,
                "high": estimate.high,
                "text": f"{estimate.potency:.2f}",
            }
            for method, estimate in estimates.items()
        ]
    )
    axis = _("potency [log10] and its 80 % interval")
    x = alt.X("potency:Q", title=axis, scale=alt.Scale(zero=False, nice=True))
    base = alt.Chart(rows).encode(
        y=alt.Y("name:N", title=None, sort=None, axis=alt.Axis(labelLimit=200)), color=_colour(list(estimates))
    )
    layers = [
        base.mark_rule(strokeWidth=3).encode(x=alt.X("low:Q", title=axis), x2="high:Q"),
        base.mark_circle(size=110, opacity=1).encode(x=x),
        base.mark_text(dy=-13).encode(x=x, text="text:N"),
    ]
    if truth is not None:
        measured = alt.Chart(pl.DataFrame({"potency": [truth]}))
        layers.append(measured.mark_rule(color=WARM, strokeDash=[5, 3], strokeWidth=1.5).encode(x="potency:Q"))
    signs = [_("in the domain") if first.in_domain else _("outside the domain")]
    signs += [_("activity cliff near")] if first.cliff else []
    signs += [_("broken limits of Lipinski: {count}", count=first.lipinski)] if first.lipinski else []
    signs += [] if first.veber else [_("breaks Veber's rule")]
    outcome = _("measured {value} (dashed)", value=f"{truth:.2f}") if truth is not None else _("not measured")
    lines = [" · ".join([outcome, *signs]), *([", ".join(first.alerts)] if first.alerts else [])]
    title = alt.Title(_(title_of(request.target)), subtitle=lines)
    return alt.layer(*layers).properties(width=520, height=alt.Step(40), title=title)


def _colour(methods: Sequence[str]) -> alt.Color:
    import altair as alt

    colours = {PRACTICE: SOFT, MODEL: ACCENT}
    scale = alt.Scale(
        domain=[_named(method) for method in methods], range=[colours.get(method, INK) for method in methods]
    )
    return alt.Color("name:N", legend=None, scale=scale)


def _list(request: Request, answers: Mapping[str, Response], truth: Mapping[str, Sequence[float]] | None) -> Any:
    """The first of a list by our model's rank, with intervals and what was measured."""
    import altair as alt

    answer = answers.get(MODEL) or next(iter(answers.values()))
    order = sorted(range(len(request.molecules)), key=lambda place: -answer.estimates[place].potency)[:MOST_ROWS]
    rows = pl.DataFrame(
        [
            {
                "rank": rank, "potency": answer.estimates[place].potency, "low": answer.estimates[place].low,
                "high": answer.estimates[place].high, "measured": truth["potency"][place] if truth else None,
                "domain": _("in the domain") if answer.estimates[place].in_domain else _("outside the domain"),
            }
            for rank, place in enumerate(order, start=1)
        ],
        schema_overrides={"measured": pl.Float64},
    )  # fmt: skip
    title = _("potency [log10] and its 80 % interval")
    base = alt.Chart(rows).encode(y=alt.Y("rank:O", title=_("rank"), axis=alt.Axis(grid=False)))
    colour = alt.Color(
        "domain:N", title=None, legend=alt.Legend(orient="top"),
        scale=alt.Scale(domain=[_("in the domain"), _("outside the domain")], range=[ACCENT, SOFT]),
    )  # fmt: skip
    layers = [
        base.mark_rule(strokeWidth=2).encode(
            x=alt.X("low:Q", title=title, scale=alt.Scale(zero=False)), x2="high:Q", color=colour
        ),
        base.mark_circle(size=60, opacity=1).encode(x="potency:Q", color=colour),
    ]
    if truth is not None:
        layers.append(base.mark_tick(color=WARM, thickness=3, height=9).encode(x="measured:Q"))
    shown = _("{shown} of {count} molecules", shown=len(order), count=len(request.molecules))
    subtitle = shown + (_("; red: measured") if truth is not None else "")
    return _finished(
        alt.layer(*layers).properties(
            width=460, height=alt.Step(15), title=alt.Title(_(title_of(request.target)), subtitle=subtitle)
        )
    )


def figures(rows: pl.DataFrame, _rounds: object) -> dict[str, Any]:
    """Charts of a whole trial: error and coverage target by target, for every method.

    `rows` is the frame of cases: site, method, cause, round, squares, molecules, covered.
    """
    single = rows.filter(pl.col("molecules") > 0)
    if not single.height:
        return {}
    summed = single.group_by("round", "site", "method", maintain_order=True).agg(
        error=(pl.col("squares").sum() / pl.col("molecules").sum()).sqrt(),
        coverage=100 * pl.col("covered").sum() / pl.col("molecules").sum(),
        count=pl.col("molecules").sum(),
    )
    return {
        _("Root mean square error by target"): _by_target(summed, "error", _("root mean square error [log10]")),
        _("How many of the measured potencies lie in the 80 % interval?"): _by_target(
            summed, "coverage", _("coverage [%]"), wanted=(74, 86)
        ),
    }


def _by_target(summed: pl.DataFrame, value: str, title: str, wanted: tuple[float, float] | None = None) -> Any:
    """A dot a method on a line a target, a panel a round."""
    import altair as alt

    methods = list(dict.fromkeys(summed["method"]))
    colours = {PRACTICE: SOFT, MODEL: ACCENT, "support_vectors": "#d08c2f", "random_forest": "#6a994e"}
    scale = alt.Scale(
        domain=[_named(method) for method in methods], range=[colours.get(method, INK) for method in methods]
    )
    panels = []
    for round_ in dict.fromkeys(summed["round"]):
        part = summed.filter(pl.col("round") == round_)
        rows = [
            {"place": _(site), "name": _named(method), "value": number}
            for site, method, number in part.select("site", "method", value).iter_rows()
        ]
        base = alt.Chart(pl.DataFrame(rows)).encode(
            y=alt.Y("place:N", title=None, sort=None, axis=alt.Axis(grid=True, labelLimit=300))
        )
        dots = base.mark_circle(size=75, opacity=0.9).encode(
            x=alt.X("value:Q", title=title, scale=alt.Scale(zero=False, padding=10)),
            color=alt.Color("name:N", title=None, scale=scale, legend=alt.Legend(orient="top", columns=2)),
        )
        layers = [dots]
        if wanted:
            band = alt.Chart(pl.DataFrame({"from": [wanted[0]], "to": [wanted[1]]}))
            layers.insert(0, band.mark_rect(color=LINE, opacity=0.5).encode(x=alt.X("from:Q", title=title), x2="to:Q"))
        panels.append(alt.layer(*layers).properties(width=260, height=alt.Step(22), title=_(round_)))
    return _finished(alt.concat(*panels, columns=2, spacing=24))

"""Units as people write them in headers and cells, and the factors between them."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

# One line a dimension: `name|other spellings = factor [+ offset]` to the dimension's base. Spellings are compared
# after NFKC (so ㎾h, ㎡ and ℃ are kWh, m2 and °C), in lower case and without spaces.
_LINES = """
W|watt = 1; kW|킬로와트 = 1e3; MW|메가와트 = 1e6; GW = 1e9; 마력|hp|ps = 735.49875
Wh = 1; kWh|kw*h|kw-h|킬로와트시 = 1e3; MWh = 1e6; GWh = 1e9; \
J = 0.000277777777777778; kJ = 0.277777777777778; MJ = 277.777777777778; GJ = 277777.777777778; kcal = 1.163; Mcal = 1163; Gcal = 1163000
VA = 1; kVA = 1e3; MVA = 1e6
var = 1; kvar = 1e3; Mvar = 1e6
varh = 1; kvarh = 1e3; Mvarh = 1e6
V|volt = 1; mV = 1e-3; kV = 1e3
A|amp = 1; mA = 1e-3; kA = 1e3
Hz = 1; kHz = 1e3; MHz = 1e6
°C|c|℃|oc|degc|celsius|섭씨 = 1; K|kelvin = 1 - 273.15; °F|f|of|degf = 0.555555555555556 - 17.7777777777778
m/s|m/sec|m*s^-1|m*s-1|ms-1|mps|미터/초 = 1; km/h|kph|kmh|km/hr = 0.277777777777778; kt|knot|knots|kn|노트 = 0.514444444444444
mm|밀리미터 = 1e-3; cm|센티미터|센치 = 1e-2; m|미터 = 1; km|킬로미터 = 1e3; μm|um|미크론 = 1e-6; nm = 1e-9; 10m = 10; 100m = 100
mm/h|mm/hr = 1; cm/h = 10
Pa = 1; hPa|mbar|mb = 1e2; kPa = 1e3; MPa = 1e6; bar = 1e5; kgf/cm2|kg/cm2 = 98066.5; mmHg|torr = 133.322387415; psi = 6894.757
s|sec|secs|second|seconds|초 = 1; min|mins|minute|minutes|분 = 60; h|hr|hrs|hour|hours|시간 = 3600; d|day|days|일 = 86400; ms|msec = 1e-3
mg = 1e-6; g|gram|그램 = 1e-3; kg|킬로그램|킬로 = 1; t|ton|tons|톤|mt = 1e3
m2|제곱미터 = 1; cm2 = 1e-4; a|아르 = 100; 10a = 1000; ha|헥타르 = 1e4; km2 = 1e6; 평|坪 = 3.30578512396694; 정보|町步 = 9917.355
mL|cc = 1e-3; L|리터|ltr = 1; kL = 1e3; m3|cbm|루베|입방미터 = 1e3; Nm3 = 1e3
L/min|lpm = 1; L/h = 0.0166666666666667; m3/h|cmh = 16.6666666666667; m3/min|cmm = 1e3; m3/s|cms = 6e4
kg/h = 1; t/h|ton/h|톤/시간 = 1e3; kg/min = 60
kg/ha = 1; kg/10a = 10; t/ha|톤/ha = 1e3; kg/a = 100; kg/평 = 3025; kg/m2 = 1e4; g/m2 = 10
원|won|krw|₩ = 1; 천원|천 원 = 1e3; 만원|만 원 = 1e4; 백만원|백만 원 = 1e6; 억원|억 원 = 1e8
원/kWh = 1; 원/MWh = 1e-3; 원/Wh = 1e3
% |퍼센트|percent|pct|프로|백분율|%rh|rh%|%r.h. = 0.01; ‰|permille = 1e-3; 비율|ratio|p.u.|pu = 1
ppm|㏙ = 1; ppb = 1e-3
W/m2|w*m-2|w*m^-2|w/m^2 = 1; kW/m2 = 1e3
MJ/m2 = 1; kJ/m2 = 1e-3; J/cm2 = 0.01; J/m2 = 1e-6; Wh/m2 = 3.6e-3; kWh/m2 = 3.6; cal/cm2 = 0.0418585
° |deg|degree|degrees|각도 = 1; 16방위|16 방위 = 1; rad = 57.2957795130823
10분위|1/10|할 = 1
rpm = 1
dS/m|ms/cm = 1; μS/cm|us/cm = 1e-3
mg/L = 1; g/L = 1e3; μg/L = 1e-3
μg/m3|ug/m3|㎍/㎥ = 1; mg/m3 = 1e3
개|ea|each|pcs|pc|개소|본|매|장|주|그루|대|건|명|인|회|박스|box|상자|포기|마리|세트|set|\
점|마디|엽|과|구|개체|대수|수량 = 1; 천개|천매|천본 = 1e3; 만개 = 1e4
"""
_FACTORS: dict[str, tuple[int, float, float]] = {}
_SPELLED: dict[str, str] = {}
_NOISE = re.compile(r"\s+")
_LABEL = re.compile(r"^단위[:：]?|^unit[:：]?")


def _spelled(text: str) -> str:
    plain = (
        unicodedata.normalize("NFKC", text)
        .lower()
        .translate({ord("∕"): "/", ord("·"): "*", ord("⋅"): "*", ord("µ"): "μ"})
    )
    return _LABEL.sub("", _NOISE.sub("", plain).replace("^2", "2").replace("^3", "3"))


def _learn() -> None:
    for dimension, line in enumerate(_LINES.strip().splitlines()):
        for entry in line.split(";"):
            names, _equals, value = entry.partition("=")
            spellings = [name.strip() for name in names.split("|")]
            factor, sign, offset = re.fullmatch(r"\s*(\S+)\s*(?:([+-])\s*(\S+))?\s*", value).groups()  # type: ignore[union-attr]  # the table above fits
            counted = float(factor) == 1 and spellings[0] == "개"
            for spelling in spellings:
                canonical = spelling if counted and "가" <= spelling[0] <= "힣" else spellings[0]
                _FACTORS[canonical] = (dimension, float(factor), float(f"{sign or '+'}{offset or 0}"))
                _SPELLED[_spelled(spelling)] = canonical


_learn()


@cache
def unit_of(text: str) -> str:
    """The unit `text` spells (``"[㎿h]"``, ``"단위: 천원"``, ``"분/EA"``), in its standard spelling; empty where it spells none."""
    plain = _spelled(text)
    if len(plain) > 1 and plain[0] in "([{<〔【" and plain[-1] in ")]}>〕】":
        plain = _LABEL.sub("", plain[1:-1])
    if plain in _SPELLED:
        return _SPELLED[plain]
    over, _slash, under = plain.partition("/")
    known = _SPELLED.get(over), _SPELLED.get(under)
    return f"{known[0]}/{known[1]}" if known[0] and known[1] else ""


def _factor(unit: str) -> tuple[object, float, float] | None:
    """Dimension, factor and offset to the dimension's base; of a quotient, too."""
    name = unit_of(unit)
    if name in _FACTORS or "/" not in name:
        return _FACTORS.get(name)
    over, under = (_FACTORS[part] for part in name.split("/"))
    return (over[0], under[0]), over[1] / under[1], 0.0


def same_dimension(first: str, second: str) -> bool:
    """Whether two units measure the same thing (kW and MW, not kW and kWh)."""
    known = _factor(first), _factor(second)
    return first == second or (known[0] is not None and known[1] is not None and known[0][0] == known[1][0])


def conversion(source: str, target: str) -> tuple[float, float]:
    """`(factor, offset)` with target = source * factor + offset. Raises ValueError where they measure different things."""
    source_scale, target_scale = _factor(source), _factor(target)
    if unit_of(source) == unit_of(target):
        return 1.0, 0.0
    if source_scale is None or target_scale is None or source_scale[0] != target_scale[0]:
        raise ValueError(f"{source} is no {target}")
    return float(f"{source_scale[1] / target_scale[1]:.12g}"), float(
        f"{(source_scale[2] - target_scale[2]) / target_scale[1]:.12g}"
    )


# What a mean power over one hour adds up to, in the base units of both: 1 W is 1 Wh, 1 W/m2 is 0.0036 MJ/m2.
_OVER_AN_HOUR = {("W", "Wh"): 1.0, ("W/m2", "MJ/m2"): 0.0036, ("mm/h", "mm"): 0.001}


def over_an_hour(source: str, target: str) -> float | None:
    """The factor from a mean over one hour (kW, W/m2, mm/h) to the hour's sum (kWh, MJ/m2, mm); None where there is none."""
    for (mean, total), factor in _OVER_AN_HOUR.items():
        if same_dimension(source, mean) and same_dimension(target, total) and source != target:
            source_scale, target_scale = _factor(source), _factor(target)
            return (
                float(f"{source_scale[1] * factor / target_scale[1]:.12g}") if source_scale and target_scale else None
            )
    return None


def siblings(unit: str) -> list[str]:
    """Units of the same dimension, without the ways to count things."""
    own = _FACTORS.get(unit_of(unit))
    if own is None or own[0] == _FACTORS["개"][0]:
        return []
    return [
        name for name, (dimension, _size, _zero) in _FACTORS.items() if dimension == own[0] and name != unit_of(unit)
    ]


_BRACKETS = re.compile(r"\s*[(\[<〔【（［]\s*([^()\[\]<>〔〕【】（）［］]+?)\s*[)\]>〕】）］]")
# (10m) is a height where the wind is measured, and a unit where it is told how far one sees or how high the clouds hang.
_HEIGHT = re.compile(r"\s*\d+\s*m\s*", re.IGNORECASE)
_SEEN_FAR = re.compile(r"시정|운고|visib|ceiling", re.IGNORECASE)
_SUFFIX = re.compile(r"^(.+?)\s*[_,]\s*([A-Za-z%°℃㎾㎿/0-9]{2,})$")


def split_unit(header: str) -> tuple[str, str]:
    """Header and unit apart: ``"발전량(kWh)"`` is ``("발전량", "kWh")``; a bracket that is no unit stays in the name."""
    for bracket in reversed(list(_BRACKETS.finditer(header))):
        unit = unit_of(bracket[1])
        if unit and not (_HEIGHT.fullmatch(bracket[1]) and not _SEEN_FAR.search(header)):
            rest = f"{header[: bracket.start()]} {header[bracket.end() :]}".strip(" /")
            return _NOISE.sub(" ", rest) or header, unit
    suffix = _SUFFIX.match(header)
    if suffix and unit_of(suffix[2]) and not _HEIGHT.fullmatch(suffix[2]):
        return suffix[1], unit_of(suffix[2])
    return header, ""

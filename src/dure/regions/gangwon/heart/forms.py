"""What is asked of a patient before the angiogram, and what is answered."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from dure import Form, texts

_ = texts(__file__)


class Request(Form):
    """A patient before coronary angiography; None where something was not measured.

    Names and units are those of the UCI data's description. Age, sex and chest pain are always known. Blood and the
    resting ECG are had in any clinic, the exercise test (heart rate, angina, ST depression and its slope) in many. The
    last two are later tests: cine-fluoroscopy needs the catheter laboratory, thallium a nuclear camera.
    """

    age: int = Field(description="age", ge=18, le=110, json_schema_extra={"unit": "years"})
    sex: Literal["female", "male"] = Field(description="sex")
    chest_pain: Literal["typical angina", "atypical angina", "non-anginal", "asymptomatic"] = Field(
        description="chest pain type"
    )
    resting_blood_pressure: float | None = Field(
        None, description="systolic blood pressure at rest", ge=50, le=300, json_schema_extra={"unit": "mmHg"}
    )
    cholesterol: float | None = Field(
        None, description="total serum cholesterol", ge=40, le=1000, json_schema_extra={"unit": "mg/dL"}
    )
    high_fasting_glucose: bool | None = Field(None, description="fasting blood glucose above 120 mg/dL")
    resting_ecg: Literal["normal", "ST-T abnormality", "left ventricular hypertrophy"] | None = Field(
        None, description="resting electrocardiogram"
    )
    max_heart_rate: float | None = Field(
        None, description="highest heart rate in the exercise test", ge=30, le=260, json_schema_extra={"unit": "1/min"}
    )
    exercise_angina: bool | None = Field(None, description="angina brought on by exercise")
    st_depression: float | None = Field(
        None,
        description="ST depression in exercise against rest, negative for elevation",
        ge=-10,
        le=15,
        json_schema_extra={"unit": "mm"},
    )
    st_slope: Literal["upsloping", "flat", "downsloping"] | None = Field(
        None, description="slope of the ST segment at peak exercise"
    )
    vessels: int | None = Field(None, description="major vessels marked in cine-fluoroscopy (a later test)", ge=0, le=3)
    thallium: Literal["normal", "fixed defect", "reversible defect"] | None = Field(
        None, description="thallium scan in exercise (a later test)"
    )


class Response(Form):
    """The risk that the angiogram will show a narrowing of more than half the diameter of a coronary artery."""

    risk: float = Field(description="risk of a coronary narrowing of more than 50 % of the diameter", ge=0, le=1)

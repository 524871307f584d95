"""What is asked of molecules and a target, and what is answered for each."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, JsonValue

from dure import Form, texts

_ = texts(__file__)

MOST = 20_000  # molecules in one request; more are ranked as a stream (see screen/)
LOG10: dict[str, JsonValue] = {"unit": "log10"}
Text = Annotated[str, Field(min_length=1, max_length=2_000)]


class Request(Form):
    """Molecules, and the target whose potency is asked."""

    target: str = Field(
        description="target, as in the trial: ChEMBL id and type of measurement", min_length=1, max_length=200
    )
    molecules: list[Text] = Field(description="molecules as SMILES", min_length=1, max_length=MOST)


class Estimate(Form):
    """What is said of one molecule."""

    potency: float = Field(
        description="potency: pKi, pIC50 or pEC50, as the target was measured", ge=-5, le=20, json_schema_extra=LOG10
    )
    low: float = Field(description="lower end of the 80 % interval", ge=-30, le=30, json_schema_extra=LOG10)
    high: float = Field(description="upper end of the 80 % interval", ge=-30, le=30, json_schema_extra=LOG10)
    nearest: str = Field(description="nearest known compound, as SMILES")
    nearest_potency: float = Field(description="its measured potency", json_schema_extra=LOG10)
    similarity: float = Field(description="its similarity (Tanimoto of ECFP4 counts)", ge=0, le=1)
    active: str = Field(
        description="nearest known active compound (potency of at least 7), as SMILES; empty where none is known"
    )
    active_similarity: float = Field(description="its similarity; 0 where none is known", ge=0, le=1)
    in_domain: bool = Field(description="whether a known compound shares its scaffold or is at least 0.5 alike")
    cliff: bool = Field(description="activity-cliff warning: two known compounds near it differ tenfold")
    alerts: list[str] = Field(description="structural alerts (PAINS, BRENK)")
    lipinski: int = Field(description="Lipinski's rule of five: how many of its four limits are broken", ge=0, le=4)
    veber: bool = Field(description="Veber's rule: at most 10 rotatable bonds and a polar surface of at most 140 Å²")


class Response(Form):
    """An estimate for each molecule, in the order asked."""

    estimates: list[Estimate] = Field(description="an estimate a molecule", min_length=1, max_length=MOST)

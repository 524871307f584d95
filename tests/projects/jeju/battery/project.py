"""A simulator with memory: the battery's day is played hour by hour; its twin plays all days at once."""

import math
import random

import numpy as np
from pydantic import Field

from dure import Case, Form, Kpi, Project, Round

HOLDS = 4.0  # MWh; one MWh an hour in or out


class Request(Form):
    hour: int = Field(ge=0, le=23, title="hour")
    price: float = Field(title="price", json_schema_extra={"unit": "KRW/kWh"})
    charge: float = Field(ge=0, le=HOLDS, title="charge", json_schema_extra={"unit": "MWh"})


class Response(Form):
    power: float = Field(
        ge=-1, le=1, title="power", description="charging above zero", json_schema_extra={"unit": "MW"}
    )


def days():
    mix, cases = random.Random(3), []
    for number in range(90):
        level, peak = mix.uniform(80, 140), mix.choice([9, 13, 20])
        prices = [level + 60 * math.exp(-((hour - peak) ** 2) / 8) + mix.gauss(0, 4) for hour in range(24)]
        cases.append(
            Case(f"day {number}", Request(hour=0, price=prices[0], charge=0), prices, block=f"week {number // 5}")
        )
    return cases


def rounds(_data):
    every = days()
    yield Round("working days", (), every[:40])
    yield Round("sealed days", (), every[40:], sealed=True)


def play(case, ask):
    charge = bill = 0.0
    for hour, price in enumerate(case.truth):
        power = ask(Request(hour=hour, price=price, charge=charge)).power
        power = max(-charge, min(HOLDS - charge, power))
        charge, bill = charge + power, bill + price * power
    return bill


def play_many(cases, ask):
    prices, charge, bill = np.array([case.truth for case in cases]), np.zeros(len(cases)), np.zeros(len(cases))
    for hour in range(24):
        power = ask({"hour": np.full(len(cases), hour), "price": prices[:, hour], "charge": charge})["power"]
        power = np.maximum(-charge, np.minimum(HOLDS - charge, power))
        charge, bill = charge + power, bill + prices[:, hour] * power
    return bill.tolist()


class Clock:
    def __call__(self, asked):
        return Response(power=1 if 2 <= asked.hour < 6 else -1 if 17 <= asked.hour < 21 else 0)

    def many(self, asked):
        hour = asked["hour"]
        return {"power": np.where((hour >= 2) & (hour < 6), 1.0, np.where((hour >= 17) & (hour < 21), -1.0, 0.0))}


class Seen:
    """Buys in the small hours, sells when the price stands well above the mean of the day so far: memory of one day."""

    def start(self, _case):
        self.start_many([""])

    def start_many(self, cases):
        self.total, self.count = np.zeros(len(cases)), 0

    def __call__(self, asked):
        columns = {name: np.array([value]) for name, value in asked.model_dump().items()}
        return Response(power=float(self.many(columns)["power"][0]))

    def many(self, asked):
        self.total, self.count = self.total + asked["price"], self.count + 1
        dear = asked["price"] > 1.2 * self.total / self.count
        return {"power": np.where(dear | (asked["hour"] >= 22), -1.0, np.where(asked["hour"] < 5, 1.0, 0.0))}


def clock(_history, _seed, _work):
    """By the clock."""
    return Clock()


def seen(_history, _seed, _work):
    """By the day's prices so far."""
    return Seen()


PROJECT = Project(
    request=Request, response=Response, sources=(), history=lambda _data, _until=None: (), rounds=rounds,
    practice=clock, model=seen, play=play, play_many=play_many,
    score=lambda _case, bill: {"bill": bill}, kpis=(Kpi("bill of a day", "1000 KRW", "lower", "bill / cases"),),
)  # fmt: skip

"""The flexible job shops mk01 to mk15 and their best known makespans: opened from public repositories, never copied.

Had from the folders named in DURE_MIRROR (owner/name/path), else downloaded.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from dure import Git, Source
from dure.regions.yeongnam.production.files.standard import opens

if TYPE_CHECKING:
    from dure.regions.yeongnam.production.model.forms import Request

SHA256 = {
    "mk01": "449ada8093e03a84bf2255fa2a1673ccbc80cce7b82e855c5216533a330751ff",
    "mk02": "866c83e42be3ec3a96c6c4123e355f0b45e16d54da19a1bb21cf100cf6121bf3",
    "mk03": "0eb4b563ac5d635c0229769184ab8959f24cc78c725a1277a1e6a2d7bc7f4228",
    "mk04": "8b44291b94e6244fd8283dce4dbf7a4dbbd2b9950aa2a9d198f660e4d1131705",
    "mk05": "e2cf5573f4a9fcec4140e1f90b719787fdf2f78c9c5dc14b3b9bd7d970c7cf90",
    "mk06": "3630268312e16f17209d5122b50a332d2804dde237b3c882e6a8faff958f1945",
    "mk07": "88e317e0adc1ff9dc9553bae3687eb09de931973bce6d2257f722185c2fd11de",
    "mk08": "8672e4efda1195ae6aafd265e767d0561e5ea7a6c9dd04093d697dff07a54e0b",
    "mk09": "ce0de54601d0ede7004b5bbb84974652773b051b9b6d1db1b6e6a31aad0d8876",
    "mk10": "9602d49ab54bb8167723c364fcf88e81dfaaa602a01e823b166b3bc749092c9b",
    "mk11": "775c9233cfd1437d7df4d16a24e872d6aa7d6cca8aa3c6cc75a72b275bd9326c",
    "mk12": "c8166b9dfafe2abca16bc89824c8b5ec71c537cba3cf4237906ea6dff644199a",
    "mk13": "5305370f07769b00ba1caa988e4ad9306ea17a9694c3c2bced94b9eb33c6d944",
    "mk14": "28c5acb5dbd8694b54697263c121255274201a75d0db52ed208bb5eca9822b54",
    "mk15": "37023ab955bf9872e04357a4dd0ae4a5556011dd9ea22c952eed738a06d911e9",
}
SHOPS = {
    name: Source(
        name=name,
        title=(f"유연 잡숍 {name}", f"flexible job shop {name}"),
        origin=Git(
            "SchedulingLab/fjsp-instances", "350c28ee848aba766f58e1629235915559ba6bab", f"brandimarte/{name}.txt"
        ),
        sha256=sha256,
        licence="MIT",
        licensor="SchedulingLab",
        credit="P. Brandimarte (1993), Annals of Operations Research 41:157-183, by way of SchedulingLab/fjsp-instances",
    )
    for name, sha256 in SHA256.items()
}
BEST = Source(
    name="best",
    title=("유연 잡숍 최선 기록", "best known bounds of flexible job shops"),
    origin=Git(
        "ScheduleOpt/benchmarks", "79f0edc1a2e95ed0e3cc105e79a6d03910a6d091", "flexible-jobshop/solutions/bks.json"
    ),
    sha256="3b0dd080fdc966b556830538d776590bf58b333d000425aceadc15ab62b0353f",
    licence="CC-BY-SA-4.0",
    licensor="ScheduleOpt",
    credit="Best known bounds of flexible job shops, ScheduleOpt/benchmarks",
)


def shop(name: str) -> Request:
    """One of mk01 to mk15. Raises CannotBeHad where there is neither a mirror nor a network."""
    request: Request = opens([SHOPS[name].fetch()], {}).request
    return request


def best_known() -> dict[str, int]:
    """The smallest makespan anybody has found, by name."""
    found = json.loads(BEST.fetch().read_text(encoding="utf-8"))
    return {each["instance"]: each["upper_bound"] for each in found if each["instance"] in SHOPS}

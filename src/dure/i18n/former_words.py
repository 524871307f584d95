"""What blocks and sites were called in evidence written until 0.1.0, when Dure itself knew words of the trades.

Evidence said ``"block_word": "patient"`` and left the forms to the reader. It is still read so; nothing is added here: a trade's
word stands in its project.toml (`[words]`), and evidence written since carries it with its forms.
"""

from __future__ import annotations

FORMER_WORDS: dict[str, dict[str, str]] = {
    "lot": {"ko": "로트", "en": "lot", "many": "lots", "counted": "{count}로트"},
    "patient": {
        "ko": "환자",
        "en": "patient",
        "many": "patients",
        "counted": "환자 {count}명",
        "one": "환자 한 명에게서",
    },
    "order": {"ko": "주문", "en": "order", "many": "orders", "counted": "주문 {count}건", "one": "주문 한 건에서"},
    "instance": {"ko": "건", "en": "instance", "many": "instances", "counted": "{count}건"},
    "target": {"ko": "표적", "en": "target", "many": "targets"},
    "situation": {"ko": "상황", "en": "situation", "many": "situations", "counted": "상황 {count}가지", "at": "in"},
    "hospital": {"ko": "병원", "en": "hospital", "many": "hospitals", "counted": "병원 {count}곳"},
    "home": {"ko": "가구", "en": "home", "many": "homes", "counted": "{count}가구"},
}

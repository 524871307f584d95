"""Spans of time on one machine: closed times joined, and the next opening between them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

Spans = Sequence[tuple[int, int]]  # closed times of a machine in order, apart from each other


def merged(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Closed times in order, those that touch or overlap joined."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def opening(closed: Spans, minute: int, length: int) -> int:
    """The first minute from which a machine is open so long."""
    for start, end in closed[bisect_right(closed, minute, key=lambda span: span[1]) :]:
        if start >= minute + length:
            break
        minute = end
    return minute

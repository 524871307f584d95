"""Published data that cannot be had on this machine: without a network and without a mirror."""

import pytest

WORDS = ("cannot be had here", "여기서는 받을 수 없습니다")


def skip_if_said(err: str) -> None:
    """Skip the test where a command has said that it cannot have its data."""
    if any(words in err for words in WORDS):
        pytest.skip(err.strip())

"""What every test of the library and of the projects shares."""

import os

import pytest
from hypothesis import settings

# Two busy cores make single examples slow now and then: time is asserted only where it is the subject (marker alone).
settings.register_profile("dure", deadline=None, print_blob=True)
settings.load_profile("dure")

REQUIRE_ALL = os.environ.get("DURE_REQUIRE") == "all"


def _fail_where_skipped(report):
    """Under DURE_REQUIRE=all nothing may be skipped: the skip's reason becomes the failure's."""
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"DURE_REQUIRE=all, and this was skipped: {reason}"
    return report


def _skip_without_data(report, call):
    """A test whose project's published data cannot be had on this machine is skipped, with the data's name and cure."""
    from dure.errors import CannotBeHad

    if call.excinfo is not None and isinstance(call.excinfo.value, CannotBeHad):
        path, line, _name = report.location
        report.outcome, report.longrepr = "skipped", (path, line or 0, f"Skipped: {call.excinfo.value}")
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return _fail_where_skipped(_skip_without_data((yield), call))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _fail_where_skipped((yield))


def pytest_configure(config):
    """No test speaks the language of the machine it runs on, or sees the machine's own projects."""
    for name in ("DURE_LANG", "DURE_PROJECTS", "LC_ALL", "LANG"):
        os.environ.pop(name, None)
    os.environ["DURE_LANG"] = "en"


@pytest.fixture(scope="session", autouse=True)
def _own_home(tmp_path_factory):
    """Keys, looks and caches of the tests lie in a folder of the tests: the user's own are never touched."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DURE_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture
def dure_home(tmp_path, monkeypatch):
    """A fresh Dure folder for one test (no keys, no looks, no cache); its path."""
    home = tmp_path / "home"
    monkeypatch.setenv("DURE_HOME", str(home))
    return home

"""A pytest plug-in: in CI, a test that was skipped or was expected to fail has failed."""

import os

import pytest

_SENTENCE = "was skipped or expected to fail; CI takes neither."


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Turns the report of a skipped, xfailed or xpassed test into a failure."""
    report = yield
    if os.environ.get("CI") and (report.skipped or hasattr(report, "wasxfail")):
        vars(report).pop("wasxfail", None)
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} {_SENTENCE}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Turns a module that skips itself into an error."""
    report = yield
    if os.environ.get("CI") and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid} {_SENTENCE}"
    return report

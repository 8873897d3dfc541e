"""The alert rules and the dashboard in config/monitoring."""
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

SOURCE = pathlib.Path(os.environ["MOMBRIDGE_SOURCE"])
FOLDER = SOURCE / "config/monitoring"
METRIC = re.compile(r"\b(?:mombridge|process)_[a-z_]+\b")


@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool: Debian's package prometheus has it")
def test_the_rules_do_what_their_tests_say():
    done = subprocess.run(["promtool", "test", "rules", "alerts_test.yaml"], cwd=FOLDER, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def known_metrics():
    names = set(METRIC.findall((SOURCE / "lib/admin/metrics.cpp").read_text()))
    return names | {f"{name}_bucket" for name in names}


def test_the_bridge_has_the_metrics_that_are_asked_for():
    dashboard = json.loads((FOLDER / "dashboard.json").read_text())
    asked = " ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    rules = (FOLDER / "alerts.yaml").read_text()
    for names in (METRIC.findall(asked), METRIC.findall(rules)):
        assert names and set(names) <= known_metrics()


def test_each_alert_has_its_advice():
    page = (FOLDER / "README.md").read_text()
    alerts = re.findall(r"alert: (\w+)", (FOLDER / "alerts.yaml").read_text())
    assert alerts and re.findall(r"^\| (Mombridge\w+) \|", page, re.MULTILINE) == alerts

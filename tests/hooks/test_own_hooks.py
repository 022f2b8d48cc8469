# SPDX-License-Identifier: Apache-2.0
"""The project's own hooks, habits and forms: they fit the constraints and the guide."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml", reason="PyYAML comes with pre-commit")

ROOT = Path(__file__).resolve().parents[2]
FORMS = ROOT / ".github" / "ISSUE_TEMPLATE"
OWN = ROOT / ".pre-commit-config.yaml"
pytestmark = pytest.mark.skipif(not OWN.is_file(), reason="not a checkout")


def test_hooks_use_the_versions_of_the_constraints() -> None:
    pins = set((ROOT / "constraints.txt").read_text(encoding="utf-8").split())
    repos = yaml.safe_load(OWN.read_text(encoding="utf-8"))["repos"]
    hooks = [hook for repo in repos for hook in repo["hooks"]]
    used = {pin for hook in hooks for pin in hook.get("additional_dependencies", ())}
    assert used and used <= pins


def test_the_guide_names_every_habit() -> None:
    program = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    sessions = re.findall(r"^@nox\.session\ndef (\w+)", program, re.M)
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert sessions and set(re.findall(r"`nox -s (\w+)`", guide)) == set(sessions)


@pytest.mark.parametrize("form", sorted(p.name for p in FORMS.glob("*.yml")))
def test_forms_ask_for_something(form: str) -> None:
    made = yaml.safe_load((FORMS / form).read_text(encoding="utf-8"))
    if form == "config.yml":
        assert made == {"blank_issues_enabled": True}
        return
    assert {"name", "description", "body"} <= made.keys()
    assert all(field["attributes"]["label"] for field in made["body"])
    assert any(field.get("validations", {}).get("required") for field in made["body"])

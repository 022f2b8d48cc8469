# SPDX-License-Identifier: Apache-2.0
"""The project's own hooks and habits: the versions are those of the constraints, and every word of the guide is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

yaml = pytest.importorskip("yaml", reason="PyYAML comes with pre-commit")

ROOT = Path(__file__).resolve().parents[2]
OWN = ROOT / ".pre-commit-config.yaml"
pytestmark = pytest.mark.skipif(not OWN.is_file(), reason="not a checkout")


def test_hooks_use_the_versions_of_the_constraints() -> None:
    pins = set((ROOT / "constraints.txt").read_text(encoding="utf-8").split())
    hooks = [h for repo in yaml.safe_load(OWN.read_text(encoding="utf-8"))["repos"] for h in repo["hooks"]]
    used = {pin for hook in hooks for pin in hook.get("additional_dependencies", ())}
    assert used and used <= pins


def test_the_guide_names_every_habit() -> None:
    sessions = re.findall(r"^@nox\.session\ndef (\w+)", (ROOT / "noxfile.py").read_text(encoding="utf-8"), re.M)
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert sessions and set(re.findall(r"`nox -s (\w+)`", guide)) == set(sessions)


@pytest.mark.parametrize("form", sorted(p.name for p in (ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")))
def test_forms_ask_for_something(form: str) -> None:
    made = yaml.safe_load((ROOT / ".github" / "ISSUE_TEMPLATE" / form).read_text(encoding="utf-8"))
    if form == "config.yml":
        assert made == {"blank_issues_enabled": True}
        return
    assert {"name", "description", "body"} <= made.keys()
    assert all(field["attributes"]["label"] for field in made["body"])
    assert any(field.get("validations", {}).get("required") for field in made["body"])

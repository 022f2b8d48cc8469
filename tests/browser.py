# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium for the tests of the HTML report, and what its logs say."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--window-size=1360,1000",
)  # fmt: skip


def start(profile: Path, *flags: str) -> Any:
    """Return a browser; skips where there is none."""
    webdriver = pytest.importorskip("selenium.webdriver")
    binary = (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    driver = shutil.which("chromedriver")
    if not binary or not driver:
        pytest.skip(
            "no chromium with chromedriver here (Debian: apt-get install chromium chromium-driver)"
        )
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in (*FLAGS, f"--user-data-dir={profile}", *flags):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))


def complaints(browser: Any) -> list[str]:
    """Return what the console holds."""
    return [entry["message"] for entry in browser.get_log("browser")]


def requests(browser: Any) -> list[str]:
    """Return the addresses that the page asked for since the last call."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [
        e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"
    ]


def axe_source(folder: Path) -> str:
    """Return the text of axe-core from the npm registry; skips where it cannot be had."""
    npm = shutil.which("npm")
    if not npm:
        pytest.skip("no npm here to fetch axe-core with")
    command = [
        npm,
        "install",
        "--prefix",
        str(folder),
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "axe-core@4",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not answer in time")
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        pytest.skip(f"axe-core could not be fetched: {done.stderr.strip()[-200:]}")
    return script.read_text(encoding="utf-8")


def axe_faults(browser: Any, source: str) -> list[tuple[str, str, list[str]]]:
    """Return (impact, rule, elements) of what axe-core finds in the page as it stands."""
    browser.execute_cdp_cmd("Runtime.evaluate", {"expression": source})
    result = browser.execute_async_script(
        "axe.run(document).then(arguments[0], (e) => arguments[0]({error: String(e)}))"
    )
    assert "error" not in result, result
    return [
        (v["impact"], v["id"], [str(n["target"]) for n in v["nodes"]][:5])
        for v in result["violations"]
    ]

# SPDX-License-Identifier: Apache-2.0
"""How heavy is an HTML report in a real browser? Size, time until it can be used, time of a filter,
accessibility.

    portkit report TREE --to musa --format html=report.html
    python benchmarks/page.py report.html [--axe axe.min.js] [--runs 5] [--picture report.png]

Needs chromium, chromedriver and selenium. axe.min.js is in the npm package axe-core. Times are the
median of runs in a fresh browser each, in milliseconds: `open` from the start of the navigation to
the load event, with everything that the page's script does; `filter` from a change of the search
box until the browser has drawn the result.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--window-size=1360,1000",
)  # fmt: skip
WORDS = ("c", "cu", "cuda", "malloc", "pk1", "no such thing", "")
FILTER = """
const done = arguments[1], box = document.getElementById("q"), start = performance.now();
box.value = arguments[0];
box.dispatchEvent(new Event("input"));
const shown = () => [performance.now() - start, document.getElementById("count").textContent];
requestAnimationFrame(() => setTimeout(() => done(shown())));
"""
OPEN = (
    "const n = performance.getEntriesByType('navigation')[0]; return n.loadEventEnd - n.startTime"
)


def browser() -> Any:
    """Return a fresh browser with a profile of its own."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = (
        shutil.which("chromium") or shutil.which("google-chrome") or "chromium"
    )
    for flag in (*FLAGS, f"--user-data-dir={tempfile.mkdtemp()}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(
        options=options,
        service=webdriver.ChromeService(shutil.which("chromedriver") or "chromedriver"),
    )


def measure(page: Path) -> tuple[float, dict[str, float], list[str], list[str], str]:
    """Return (open, {word: filter}, console, addresses asked for, the count shown) of one run."""
    one = browser()
    try:
        one.get("about:blank")
        one.get_log("performance"), one.get_log("browser")  # of the browser's own first page
        one.get(page.resolve().as_uri())
        opened = one.execute_script(OPEN)
        count = one.execute_script("return document.getElementById('count').textContent")
        filters = {word: one.execute_async_script(FILTER, word)[0] for word in WORDS}
        console = [entry["message"] for entry in one.get_log("browser")]
        events = [json.loads(entry["message"])["message"] for entry in one.get_log("performance")]
        asked = [
            e["params"]["request"]["url"]
            for e in events
            if e["method"] == "Network.requestWillBeSent"
        ]
        return opened, filters, console, asked[1:], count
    finally:
        one.quit()


def faults(page: Path, script: Path) -> list[str]:
    """Return what axe-core finds, in the light and in the dark theme, with every part of the page
    open.
    """
    one = browser()
    found = []
    try:
        one.get(page.resolve().as_uri())
        one.execute_script(
            "document.querySelectorAll('details').forEach((d) => (d.open = true)); "
            "document.querySelector('.opener')?.click()"
        )
        one.execute_cdp_cmd("Runtime.evaluate", {"expression": script.read_text(encoding="utf-8")})
        one.set_script_timeout(600)
        for theme in ("light", "dark"):
            result = one.execute_async_script("axe.run(document).then(arguments[0])")
            found += [
                f"{theme}: {v['impact']} {v['id']} ({len(v['nodes'])} elements)"
                for v in result["violations"]
            ]
            found.append(
                f"{theme}: {len(result['passes'])} rules passed, axe-core {result['testEngine']['version']}"
            )
            one.execute_script("document.getElementById('theme').click()")
    finally:
        one.quit()
    return found


def main() -> int:
    """Print the figures; exit 1 when the page asked for something, said something, or has a serious
    fault.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("page", type=Path)
    parser.add_argument("--axe", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--picture", type=Path)
    given = parser.parse_args()
    runs = [measure(given.page) for _ in range(given.runs)]
    print(f"size     {given.page.stat().st_size:,} bytes; {runs[0][4]}")
    print(
        f"open     {statistics.median(run[0] for run in runs):.0f} ms (most {max(run[0] for run in runs):.0f})"
    )
    for word in WORDS:
        times = [run[1][word] for run in runs]
        print(f"filter   {statistics.median(times):.0f} ms (most {max(times):.0f})  {word!r}")
    bad = [line for run in runs for line in run[2] + run[3]]
    print(f"console and requests: {bad or 'nothing'}")
    if given.axe:
        for line in faults(given.page, given.axe):
            print(line)
            bad += [line] if "serious" in line or "critical" in line else []
    if given.picture:
        one = browser()
        one.get(given.page.resolve().as_uri())
        one.save_screenshot(str(given.picture))
        one.quit()
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())

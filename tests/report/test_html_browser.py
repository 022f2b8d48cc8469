# SPDX-License-Identifier: Apache-2.0
"""The HTML report in a real browser: nothing asked for, nothing said on the console, filters,
sorts, links, languages.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser import axe_faults, axe_source, complaints, requests, start
from plans_by_hand import SOURCE, file_plan, found, manual, ref
from portkit.assess.readiness import assess
from portkit.model.plans import Plan, Suppression
from portkit.model.reading import Scan
from portkit.model.words import Reason, Silenced
from portkit.report.formats import format_module
from portkit.report.model import Report
from portkit.rules.texts import message
from reports_by_hand import EVIL, make_report

MANY = 10_000


def write_page(report: Report, path: Path) -> Path:
    out = io.StringIO()
    format_module("html").render(report, out)
    path.write_text(out.getvalue(), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def report() -> Report:
    return make_report(MANY)


@pytest.fixture(scope="module")
def page(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_page(report, tmp_path_factory.mktemp("page") / "report.html")


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    browser = start(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.quit()


@pytest.fixture
def browser(driver: Any, page: Path) -> Any:
    driver.get("about:blank")
    complaints(driver), requests(driver)
    driver.get(page.as_uri())
    return driver


def settle(browser: Any) -> None:
    browser.execute_async_script("requestAnimationFrame(() => setTimeout(arguments[0], 0))")


def count(browser: Any) -> tuple[int, int]:
    words = (
        browser.execute_script("return document.getElementById('count').firstChild.textContent")
        .replace(",", "")
        .split()
    )
    return int(words[0]), int(words[2])


def choose(browser: Any, element: str, value: str) -> None:
    browser.execute_script(
        "const e = document.getElementById(arguments[0]); e.value = arguments[1];"
        "e.dispatchEvent(new Event(e.tagName === 'INPUT' ? 'input' : 'change'))",
        element, value,
    )  # fmt: skip
    settle(browser)


def rows(browser: Any) -> list[list[str]]:
    script = (
        "return [...document.querySelectorAll('#rows tr[data-index]')].map((r) => "
        "[...r.cells].map((c) => c.innerText))"
    )
    found: list[list[str]] = browser.execute_script(script)
    return found


def test_it_asks_for_nothing_and_says_nothing(browser: Any, page: Path) -> None:
    assert count(browser) == (MANY + 1 + MANY // 5, MANY + 1 + MANY // 5)
    assert complaints(browser) == []
    assert requests(browser) == [page.as_uri()]
    assert browser.title == "Migration readiness"
    assert browser.execute_script("return document.querySelectorAll('img').length") == 0
    shown = browser.execute_script(
        "return [...document.querySelectorAll('#rows .path')].map((p) => p.textContent)"
    )
    assert any("</script>.cu:" in path for path in shown)


def test_only_a_window_of_the_findings_is_in_the_page(browser: Any) -> None:
    assert len(rows(browser)) == 100
    browser.execute_script("document.getElementById('last').click()")
    assert len(rows(browser)) == 1 and not browser.execute_script(
        "return document.getElementById('prev').disabled"
    )


def test_filters(browser: Any) -> None:
    whole = MANY + 1 + MANY // 5
    choose(browser, "q", "中文 pk103")
    assert count(browser)[0] == MANY // 10
    choose(browser, "q", "nothing at all like this")
    assert count(browser)[0] == 0 and browser.execute_script(
        "return document.querySelector('#rows .empty').textContent"
    )
    choose(browser, "q", "")
    choose(browser, "by-target", "1")
    assert count(browser)[0] == MANY // 5
    assert {row[4] for row in rows(browser)} == {"toy@two"}
    choose(browser, "by-severity", "3")
    assert {row[0].split()[0] for row in rows(browser)} == {"error"}
    browser.execute_script("document.querySelector('#filters [type=reset]').click()")
    settle(browser)
    assert count(browser)[0] == whole
    browser.execute_script("document.getElementById('only-blocking').click()")
    settle(browser)
    assert 0 < count(browser)[0] < whole and all("blocks" in row[0] for row in rows(browser))


def test_silenced_findings_are_shown_on_request(driver: Any, tmp_path: Path) -> None:
    b = ref("cudaB")
    kinds: list[dict[str, Any]] = [
        {},
        {"suppressed": Suppression(Silenced.COMMENT, "by hand")},
        {"exempt": "baseline"},
        {"exempt": "since"},
    ]
    findings = [found("PK101", b, number, **more) for number, more in enumerate(kinds)]
    plan = Plan("toy", "one", (file_plan("a.cu", [(b, manual(b, Reason.UNKNOWN))] * 4, findings),))
    made = Report(Scan("/x", "git", ()), ((plan, assess(plan)),), {}, {}, lambda rel: SOURCE)
    page = write_page(made, tmp_path / "page.html").as_uri()
    driver.get(page)
    assert count(driver) == (1, 4)
    marks = ("Suppressed: by hand", "Known to the baseline", "On a line that did not change")
    for pressed, shown in (
        (("only-new",), marks[1:]),
        (("with-suppressed",), marks),
        (("only-new",), marks[:1]),
    ):
        for box in pressed:
            driver.execute_script(f"document.getElementById('{box}').click()")
        settle(driver)
        text = "\n".join(row[3] for row in rows(driver))
        assert count(driver) == (1 + len(shown), 4) and [
            mark for mark in marks if mark in text
        ] == list(shown)
    driver.execute_script("document.querySelector('#filters [type=reset]').click()")
    settle(driver)
    assert count(driver) == (1, 4)
    known = driver.execute_script(
        "return JSON.parse(document.getElementById('data').textContent).findings.map((f) => f[10])"
    )[2]
    driver.execute_script("location.hash = arguments[0]", known)
    settle(driver)
    assert (
        count(driver) == (3, 4)
        and driver.execute_script("return document.activeElement.closest('tr').id") == known
    )
    assert not driver.execute_script("return document.getElementById('only-new').checked")
    assert "findings are known to the baseline" in driver.execute_script(
        "return document.getElementById('findings').innerText"
    )
    assert complaints(driver) == []


def test_nothing_is_called_new_where_nothing_is_known(browser: Any) -> None:
    assert browser.execute_script("return document.getElementById('only-new')") is None
    assert "baseline" not in browser.execute_script(
        "return document.getElementById('findings').innerText"
    )


def test_the_tree_narrows_to_a_folder(browser: Any) -> None:
    browser.execute_script(
        "[...document.querySelectorAll('#tree .folder')].find((b) => b.textContent === '中文').click()"
    )
    assert count(browser)[0] == MANY // 5
    assert all(row[2].startswith("中文/") for row in rows(browser))
    heat = browser.execute_script(
        "return [...document.querySelectorAll('#tree .heat')].map((h) => h.className)"
    )
    assert heat and all(name.startswith("heat h") for name in heat)


@pytest.mark.parametrize(
    ("key", "column"), [("place", 2), ("rule", 1), ("message", 3), ("target", 4)]
)
def test_sorts_both_ways(browser: Any, key: str, column: int) -> None:
    press = f"document.querySelector('[data-sort={key}] button').click()"
    seen = []
    for way in ("ascending", "descending"):
        browser.execute_script(press)
        assert (
            browser.execute_script(
                f"return document.querySelector('[data-sort={key}]').getAttribute('aria-sort')"
            )
            == way
        )
        listed = [row[column] for row in rows(browser)]
        if key == "place":
            listed = [cell.rsplit(":", 2)[0] for cell in listed]
        assert listed == sorted(listed, reverse=way == "descending")
        seen.append(listed[0])
    assert seen[0] < seen[1]


def test_a_fragment_leads_to_a_finding(browser: Any, report: Report, page: Path) -> None:
    # the files' findings share the first half of their fingerprints
    last = report.plans[0][0].files[2].findings[-1]
    link = f"f-toy-one-{last.fingerprint[:16]}-2"
    browser.get("about:blank")
    browser.get(f"{page.as_uri()}#{link}")
    settle(browser)
    settle(browser)
    assert browser.execute_script("return document.activeElement.closest('tr').id") == link
    shown = browser.execute_script("return document.querySelector('.more .source').textContent")
    assert (
        EVIL in shown
        and browser.execute_script("return document.querySelector('.more mark').textContent")
        == "cudaB"
    )
    assert complaints(browser) == []
    choose(browser, "q", "nothing")
    browser.execute_script("location.hash = 'rule-PK101'")
    settle(browser)
    assert browser.execute_script("return document.getElementById('rule-PK101').open")
    browser.execute_script("location.hash = arguments[0]", link)
    settle(browser)
    assert browser.execute_script("return document.activeElement.closest('tr').id") == link


def test_messages_are_those_of_the_rules_in_both_languages(browser: Any, report: Report) -> None:
    findings = {f"f-toy-one-{f.fingerprint[:16]}": f for f in report.plans[0][0].files[0].findings}
    script = (
        "return [...document.querySelectorAll('#rows tr[id]')].map((r) => [r.id, "
        "r.querySelector('.opener').textContent])"
    )
    for language in ("zh", "en"):
        browser.execute_script(f"document.querySelector('[data-lang={language}]').click()")
        shown = [
            (findings[key], text) for key, text in browser.execute_script(script) if key in findings
        ]
        assert shown and all(text == message(finding, language) for finding, text in shown)
        html = browser.execute_script("return document.documentElement.lang")
        assert html.startswith(language)
        heading = browser.execute_script("return document.querySelector('h1').textContent")
        assert heading == ("迁移就绪度报告" if language == "zh" else "Migration readiness")


def test_keys_are_enough(browser: Any) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    opener = browser.find_element(By.CSS_SELECTOR, ".opener")
    opener.send_keys(Keys.ENTER)
    assert browser.switch_to.active_element.get_attribute("aria-expanded") == "true"
    browser.switch_to.active_element.send_keys(Keys.SPACE)
    assert browser.switch_to.active_element.get_attribute("aria-expanded") == "false"
    browser.find_element(By.CSS_SELECTOR, "[data-sort=rule] button").send_keys(Keys.ENTER)
    assert (
        browser.execute_script(
            "return document.querySelector('[data-sort=rule]').getAttribute('aria-sort')"
        )
        == "ascending"
    )


def test_the_theme_goes_round(browser: Any) -> None:
    colours = []
    for _ in range(3):
        browser.execute_script("document.getElementById('theme').click()")
        colours.append(
            browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        )
    assert colours[0] != colours[1]


def test_it_prints_without_its_controls(browser: Any) -> None:
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        hidden = browser.execute_script(
            "return ['#filters', '.contents', '#tools', '#pager'].map((s) => "
            "getComputedStyle(document.querySelector(s)).display)"
        )
        assert set(hidden) == {"none"}
        assert len(browser.print_page()) > 1000
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})


def test_it_reads_without_script_and_style(driver: Any, page: Path, tmp_path: Path) -> None:
    """As a CI server shows it that forbids both: the same bytes under a stricter policy."""
    text = page.read_text(encoding="utf-8")
    start_of, end = (
        text.index("default-src 'none'"),
        text.index('">', text.index("default-src 'none'")),
    )
    bare = tmp_path / "bare.html"
    bare.write_text(text[:start_of] + "default-src 'none'" + text[end:], encoding="utf-8")
    driver.get(bare.as_uri())
    body = driver.execute_script("return document.body.innerText")
    for words in (
        "Migration readiness",
        "What blocks",
        "Findings",
        "How to read this",
        "The 100 gravest of",
        "Readiness counts names",
    ):
        assert words in body
    assert "迁移" not in body and driver.execute_script(
        "return document.getElementById('filters').hidden"
    )
    assert driver.execute_script("return document.querySelectorAll('#rows tr').length") == 100
    complaints(driver)


def test_axe_finds_no_serious_fault(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    source = axe_source(tmp_path_factory.mktemp("axe"))
    browser.execute_script(
        "document.querySelector('.opener').click(); "
        "document.querySelectorAll('details').forEach((d) => (d.open = true))"
    )
    grave = []
    for _ in range(2):  # as it comes, then dark
        grave += [f for f in axe_faults(browser, source) if f[0] in ("serious", "critical")]
        browser.execute_script("document.getElementById('theme').click()")
    assert grave == []


if __name__ == "__main__":
    write_page(make_report(int(sys.argv[1])), Path(sys.argv[2]))

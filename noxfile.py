# SPDX-License-Identifier: Apache-2.0
"""One word for each habit: `nox -s test`, `cover`, `lint`, `types`, `bench`, `docs`, `release`.

What stands behind `--` is handed on. All run in the environment that nox was started from: the one
of CONTRIBUTING.md.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parent
VERSION = ROOT / "src" / "portkit" / "__init__.py"
nox.options.sessions = ["lint", "types", "test"]
nox.options.default_venv_backend = "none"


@nox.session
def test(session: nox.Session) -> None:
    """Run the tests on all cores: `nox -s test -- tests/cli -k gate`."""
    session.run("pytest", "-q", "-n", "auto", *session.posargs)


@nox.session
def cover(session: nox.Session) -> None:
    """Run the tests and print which files they miss lines of, the worst first."""
    # the interpreter's own events: half the time of a tracer, from 3.12 on
    env = {"COVERAGE_CORE": "sysmon"} if sys.version_info >= (3, 12) else {}
    session.run("pytest", "-q", "-n", "auto", "--cov", "--cov-report=", *session.posargs, env=env)
    session.run("coverage", "report", "--sort=cover")


@nox.session
def lint(session: nox.Session) -> None:
    """Look for faults and for what ruff would write otherwise; `-- --fix` mends both."""
    fix = "--fix" in session.posargs
    session.run("ruff", "check", ".", *(("--fix",) if fix else ()))
    session.run("ruff", "format", ".", *(() if fix else ("--check",)))


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of code, tests and tools."""
    session.run("mypy", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure portkit on trees of your own: `nox -s bench -- --help` (benchmarks/README.md)."""
    session.run("python", "benchmarks/bench.py", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """Write the pages that are made from rules and tables, and check all pages."""
    session.run("python", "tools/build_rule_docs.py")
    session.run("python", "tools/target_pages.py")
    pages = ("tests/docs", "tests/targets/test_pages.py", "tests/test_readme.py")
    session.run("pytest", "-q", *pages, "tests/test_docs_commands.py")


@nox.session
def release(session: nox.Session) -> None:
    """Check that all is ready for this version's tag, which is set by hand, and build archives."""
    (version,) = re.findall(r'^__version__ = "(.+)"$', VERSION.read_text(encoding="utf-8"), re.M)
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    if f"## {version}" not in changes:
        session.error(f"CHANGELOG.md has no section {version}")
    if session.run("git", "status", "--porcelain", silent=True, external=True):
        session.error("the tree is not as it was committed")
    if session.run("git", "tag", "--list", f"v{version}", silent=True, external=True):
        session.error(f"v{version} is there: raise the version in {VERSION.relative_to(ROOT)}")
    session.run("python", "-m", "build", "--outdir", f"dist/{version}", *session.posargs)
    session.log(f"after .ci/run: git tag -a v{version} -m 'portkit {version}', push, upload")

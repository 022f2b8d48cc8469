# SPDX-License-Identifier: Apache-2.0
"""The routes of a session's Python code, one advice a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portkit.assess.routes import Advice, advise, python_files

if TYPE_CHECKING:
    from portkit.api.session import Session


def advice_of(session: Session) -> tuple[Advice, ...]:
    """Return the routes to each target of a session; none where its tree has no Python code to
    speak of.
    """
    scan = session.scan()
    if not python_files(scan):
        return ()
    found = (advise(scan, target, session.vocabulary, session.policy) for target in session.targets)
    return tuple(one for one in found if one is not None)

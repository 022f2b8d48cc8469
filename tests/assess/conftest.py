# SPDX-License-Identifier: Apache-2.0
"""The plans made by hand are shared with the tests of the reports."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "report"))

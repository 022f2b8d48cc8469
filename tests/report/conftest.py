# SPDX-License-Identifier: Apache-2.0
"""Makes the plans made by hand importable, whatever import mode pytest runs in."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

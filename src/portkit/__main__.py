# SPDX-License-Identifier: Apache-2.0
"""`python -m portkit`."""

from portkit.cli.start import main

if __name__ == "__main__":
    main()

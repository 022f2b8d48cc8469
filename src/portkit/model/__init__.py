# SPDX-License-Identifier: Apache-2.0
"""The values that every stage of portkit passes along.

All are frozen. Offsets: bytes of the file as read, 0-based, half open; lines and columns are for
reports. No I/O, no API name here. Import from the modules: the package itself loads nothing.
"""

# SPDX-License-Identifier: Apache-2.0
"""The configuration: its keys, how a file is read, and which of command line, environment and file
gives each value.
"""

# SPDX-License-Identifier: Apache-2.0
"""Rules for references and files of any language: names, meaning, features, portkit's own limits."""

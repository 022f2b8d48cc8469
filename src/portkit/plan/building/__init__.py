# SPDX-License-Identifier: Apache-2.0
"""Decisions, edits and findings on the references of build files, by route. A module of a build
language's name has `plan_file(site)` where its edits are more than names.
"""

# SPDX-License-Identifier: Apache-2.0
"""Reads what is public of HIP, for the tables of mappings/hip: HIPIFY, headers, twin programs."""

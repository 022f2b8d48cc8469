# SPDX-License-Identifier: Apache-2.0
"""What the HTML report shows: words, views of plans for the templates, and the data for its script."""

# SPDX-License-Identifier: Apache-2.0
"""What is run around a build: shell scripts, images, pipelines, lists of packages."""

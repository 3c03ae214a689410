"""A manager and nodes on test hosts, made by the project's own playbooks, for the demo and the host tests."""

from lab.lab import Lab, PlaybookFailedError

__all__ = ["Lab", "PlaybookFailedError"]

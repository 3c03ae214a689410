"""A manager and nodes on test hosts, made by the project's own playbooks; the demo and the host tests both stand on it."""

from lab.lab import Lab, PlaybookFailed

__all__ = ["Lab", "PlaybookFailed"]

"""The one exception that reaches the user as a message instead of a stack trace."""


class ToolError(Exception):
    """An expected failure. Its text says what is wrong and what to do about it."""

"""What a check raises."""


class Wrong(Exception):
    """A result is there, and one fact about it is not so. The message says which, in plain words."""


def must(held: object, message: str) -> None:
    if not held:
        raise Wrong(message)


def near(found: float, wanted: float, what: str, *, share: float = 0.0, least: float = 0.0) -> None:
    """Within a share of what is wanted, or within ``least`` of it."""
    must(abs(found - wanted) <= max(share * abs(wanted), least), f"{what} is {found:g}, not {wanted:g}")

"""The base of all refusals that are fit for users, whichever room they come from."""

from typing import Any


class ServiceError(Exception):
    """A request that cannot be served; the message is fit for users."""

    def __reduce__(self) -> tuple[Any, ...]:
        # Their constructors take facts, not messages: what Exception pickles could not be made again.
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[ServiceError], args: tuple[object, ...], facts: dict[str, object]) -> ServiceError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(facts)
    return error

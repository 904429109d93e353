"""What the use cases refuse, each with what a reader needs to mend it."""


class ServiceError(Exception):
    """A request that cannot be served; the message is fit for users."""


class NoMemoryLayout(ServiceError):
    """The text has no memory map and no ranges: says what was looked for and what was seen."""

    def __init__(self, looked_for: tuple[str, ...], seen: tuple[str, ...], line_count: int) -> None:
        self.looked_for, self.seen, self.line_count = looked_for, seen, line_count
        met = f" Seen instead: {', '.join(seen)}." if seen else ""
        super().__init__(
            f"No memory layout in these {line_count} lines. Looked for: {'; '.join(looked_for)}.{met} "
            "Use the log from its first line, such as the output of `dmesg` soon after boot or `journalctl -k -b`."
        )


class NoSuchBoot(ServiceError):
    """The text holds fewer boots than the one asked for."""

    def __init__(self, wanted: int, count: int) -> None:
        self.wanted, self.count = wanted, count
        super().__init__(f"There is no boot {wanted}: the text holds {count}.")


class BadOption(ServiceError):
    """A release, architecture or place that cannot be read."""


class CannotSimulate(ServiceError):
    """The log does not hold what a simulation starts from, or such a kernel would not boot: says which."""

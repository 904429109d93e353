"""What boot loaders do to a kernel's command line before the kernel sees it."""

IN_DEFAULTS = r"\\\$"
"""What becomes of a “$” in /etc/default/grub: a shell reads that file, and GRUB 2 the grub.cfg that is made of it.

Source: util/grub-mkconfig.in and util/grub.d/10_linux.in, GRUB 2.06, which copy the value as it is.
"""

DOLLAR_LOST = f"Boot loaders swallow an unescaped “$”: write “\\$”, in GRUB's defaults “{IN_DEFAULTS}”."


def quoting(arguments: str) -> str:
    """How arguments are written down for a boot loader, in words; empty where they need nothing."""
    if "$" not in arguments:
        return ""
    quoted = arguments.replace("$", IN_DEFAULTS)
    return f"in GRUB 2's /etc/default/grub write {quoted}; systemd-boot and UEFI entries take it as it is"

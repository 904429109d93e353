"""What boot loaders do to a kernel's command line before the kernel sees it."""

IN_DEFAULTS = r"\\\$"
"""What becomes of a “$” in /etc/default/grub: a shell reads that file, and GRUB 2 the grub.cfg that is made of it.

Source: util/grub-mkconfig.in and util/grub.d/10_linux.in, GRUB 2.06, which copy the value as it is. systemd-boot,
syslinux and the EFI stub change nothing.
"""


def quoting(arguments: str) -> str:
    """How arguments are written down for a boot loader, in words; empty where all pass them as they are."""
    if "$" not in arguments:
        return ""
    script, configuration = arguments.replace("$", IN_DEFAULTS), arguments.replace("$", r"\$")
    return f"for GRUB 2 write {script} in /etc/default/grub, {configuration} in grub.cfg; systemd-boot takes it as is"

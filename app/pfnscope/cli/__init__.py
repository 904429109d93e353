"""The command pfnscope."""

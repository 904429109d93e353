"""pfnscope: which page frames a Linux boot log gives a struct page, and what that kernel did with it."""

__version__ = "0.1.0"

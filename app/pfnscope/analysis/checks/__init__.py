"""The kernel's own counts held against the computed layout."""

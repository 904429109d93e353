"""Files of /proc and /sys that people paste along with a log, or alone."""

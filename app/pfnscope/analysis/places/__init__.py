"""Where reservations of a command line lie or would lie: one module for each kind that people ask about."""

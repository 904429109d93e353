"""Many logs into one table: where they are, what one process does with them, the engine and the table's file."""

"""What a running machine says of its memory: recorded into a folder, and read back as plain facts."""

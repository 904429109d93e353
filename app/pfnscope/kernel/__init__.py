"""What kernel releases and architectures do, as data with sources."""

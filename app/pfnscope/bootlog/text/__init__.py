"""From the bytes as given to searchable text: encodings, markup, prefixes of lines."""

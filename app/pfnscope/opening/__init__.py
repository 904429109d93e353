"""What strangers wrap logs in, and folders of files, opened to one text."""

"""One module for each command; ``COMMANDS`` has the line that ``pfnscope --help`` shows of each."""

COMMANDS = {
    "analyze": "Report on a boot log, or on many.",
    "capture": "Record this machine into a folder.",
    "compare": "Show what changed between two boot logs.",
    "completion": "Print a script for the shell that completes words.",
    "lookup": "Show what is at an address, page frame or struct page.",
    "place": "Show where a memmap= region can go without a dangerous hole.",
    "rules": "List the struct-page rules by kernel release.",
    "scan": "Analyse many boot logs into one Parquet table.",
    "serve": "Serve the web pages and the API.",
    "share": "Send a log's memory lines to a server; print the permalink.",
    "simulate": "Report on a boot with another command line.",
    "verify": "Hold the analysis against a record, or this machine.",
}

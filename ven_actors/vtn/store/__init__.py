"""Where the VTN keeps its objects and reports: one SQLite database, one connection, one thread."""

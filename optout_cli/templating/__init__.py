"""The templates of letters and pages: search path, sandbox, filters, problems, and the body."""

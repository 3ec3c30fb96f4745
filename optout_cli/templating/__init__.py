"""The templates of letters and pages: search path, sandbox, filters, errors, and the body."""

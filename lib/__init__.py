"""Plain Python without models: months, workdays, workbooks."""

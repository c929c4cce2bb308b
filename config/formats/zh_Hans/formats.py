"""Where Django's own formats for Chinese differ from how an office writes a date."""

MONTH_DAY_FORMAT = "n月j日"

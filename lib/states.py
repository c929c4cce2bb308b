"""How every state looks: one table for every state machine of the product."""

from collections.abc import Mapping

# One look for every state of every state machine: value -> (tone, icon). A tone is a colour with
# a meaning (ok, info, warn, bad, quiet, plain); the icon and the word carry the state without it.
STATES: Mapping[str, tuple[str, str]] = {
    # rounds, follow-ups, jobs: how far along
    "OPEN": ("info", "circle-dot"),
    "DUE": ("warn", "clock"),
    "REVIEWING": ("info", "scale"),
    "CONCLUDED": ("info", "hourglass"),
    "PUBLISHED": ("info", "megaphone"),
    "CLOSED": ("quiet", "lock"),
    "FROZEN": ("quiet", "lock"),
    "PENDING": ("plain", "circle-dashed"),
    "UNDECIDED": ("plain", "circle-dashed"),
    "QUEUED": ("plain", "hourglass"),
    "RUNNING": ("info", "loader"),
    "FINISHED": ("ok", "circle-check"),
    "SUCCEEDED": ("ok", "circle-check"),
    "READY": ("ok", "circle-check"),
    "DONE": ("ok", "circle-check"),
    "SENT": ("ok", "circle-check"),
    "FAILED": ("bad", "circle-x"),
    "OVERDUE": ("bad", "clock-alert"),
    "LATE": ("warn", "clock-alert"),
    # declarations and rule books
    "DRAFT": ("plain", "pencil"),
    "MISSING": ("warn", "circle-dashed"),
    "SUBMITTED": ("info", "send"),
    "IN_REVIEW": ("info", "scale"),
    "REVIEWED": ("ok", "circle-check"),
    "PROVISIONAL": ("warn", "pencil-line"),
    "RETURNED": ("warn", "undo-2"),
    "IN_FORCE": ("ok", "book-check"),
    "RETIRED": ("quiet", "archive"),
    "SUPERSEDED": ("quiet", "archive"),
    # decisions and findings
    "APPROVED": ("ok", "circle-check"),
    "ADJUSTED": ("warn", "pencil-line"),
    "REJECTED": ("bad", "circle-x"),
    "IN_ORDER": ("ok", "circle-check"),
    "POINTS_WRONG": ("warn", "pencil-line"),
    "EVIDENCE_MISSING": ("warn", "file-x"),
    "FALSE": ("bad", "circle-x"),
    "LOCKED": ("quiet", "lock"),
    "REQUESTED": ("info", "hourglass"),
    "REFUSED": ("bad", "circle-x"),
    # verification, objections, opinions
    "CONFIRMED": ("ok", "circle-check"),
    "SILENT": ("ok", "circle-check"),
    "OBJECTED": ("warn", "message-square-warning"),
    "DISPUTED": ("warn", "message-square-warning"),
    "ANSWERED": ("ok", "message-square-reply"),
    "KEPT": ("quiet", "equal"),
    "UPHELD": ("ok", "circle-check"),
    "CORRECTED": ("warn", "pencil-line"),
    "DISMISSED": ("quiet", "equal"),
    # follow-ups
    "RECORDED": ("info", "notebook-pen"),
    "RECTIFYING": ("warn", "refresh-cw"),
    "WITHDRAWN": ("quiet", "circle-slash"),
    # results of a month
    "PASSED": ("ok", "circle-check"),
    "BELOW": ("warn", "trending-down"),
    "ZERO": ("bad", "circle-slash"),
    "EXEMPT": ("quiet", "circle-minus"),
    "ELIGIBLE": ("ok", "circle-check"),
    "INELIGIBLE": ("quiet", "circle-minus"),
    # records, rectification, dispositions, opinions
    "AWAITED": ("plain", "circle-dashed"),
    "PAPER": ("ok", "circle-check"),
    "NOT_ASKED": ("quiet", "circle-minus"),
    "PUT_RIGHT": ("ok", "circle-check"),
    "NOT_YET": ("warn", "refresh-cw"),
    "NOT_PUT_RIGHT": ("bad", "circle-x"),
    "PREPARED": ("info", "notebook-pen"),
    "FILED": ("info", "send"),
    "ACCEPTED": ("ok", "circle-check"),
    "SERIOUS": ("bad", "circle-alert"),
    "APPEALED": ("warn", "message-square-warning"),
    # years and exports
    "COMPUTED": ("info", "calculator"),
    "EXPIRED": ("quiet", "archive"),
    "ACTIVE": ("ok", "circle-check"),
    "INACTIVE": ("quiet", "circle-minus"),
}
UNKNOWN_STATE = ("plain", "circle")

TONE_ICONS = {
    "info": "info",
    "ok": "circle-check",
    "warn": "triangle-alert",
    "bad": "circle-alert",
    "quiet": "lock",
}
MESSAGE_TONES = {"success": "ok", "warning": "warn", "error": "bad"}

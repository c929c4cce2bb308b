"""What the organisation does with what members filed: rounds, publications, objections,
follow-ups and their records, year-end and awards, exports, and the record of jobs."""

from reviews.models.award import (
    Appraisal,
    Nomination,
    Opinion,
    OpinionFile,
    OpinionFileQuerySet,
    OpinionQuerySet,
)
from reviews.models.disposition import Disposition, Judgement
from reviews.models.export import Export, ExportQuerySet
from reviews.models.follow_up import FollowUp, FollowUpMonth, FollowUpQuerySet
from reviews.models.job_run import JobRun
from reviews.models.objection import (
    Appeal,
    AppealQuerySet,
    Attachment,
    AttachmentQuerySet,
    Objection,
    ObjectionQuerySet,
    Post,
)
from reviews.models.record import (
    FollowUpFile,
    FollowUpFileQuerySet,
    FollowUpRecord,
    Rectification,
    RectificationCheck,
    RectificationStep,
)
from reviews.models.round import (
    Meeting,
    Publication,
    PublicationQuerySet,
    Round,
    RoundQuerySet,
    Verification,
)
from reviews.models.spot_check import (
    SpotCheck,
    SpotCheckItem,
    SpotCheckItemQuerySet,
    SpotCheckQuerySet,
)
from reviews.models.year_end import (
    AnnualResult,
    BranchAnnualResult,
    KeptConfirmation,
    YearEnd,
)

__all__ = [
    "AnnualResult",
    "Appeal",
    "AppealQuerySet",
    "Appraisal",
    "Attachment",
    "AttachmentQuerySet",
    "BranchAnnualResult",
    "Disposition",
    "Export",
    "ExportQuerySet",
    "FollowUp",
    "FollowUpFile",
    "FollowUpFileQuerySet",
    "FollowUpMonth",
    "FollowUpQuerySet",
    "FollowUpRecord",
    "JobRun",
    "Judgement",
    "KeptConfirmation",
    "Meeting",
    "Nomination",
    "Objection",
    "ObjectionQuerySet",
    "Opinion",
    "OpinionFile",
    "OpinionFileQuerySet",
    "OpinionQuerySet",
    "Post",
    "Publication",
    "PublicationQuerySet",
    "Rectification",
    "RectificationCheck",
    "RectificationStep",
    "Round",
    "RoundQuerySet",
    "SpotCheck",
    "SpotCheckItem",
    "SpotCheckItemQuerySet",
    "SpotCheckQuerySet",
    "Verification",
    "YearEnd",
]

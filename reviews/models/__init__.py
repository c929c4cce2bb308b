"""What the organisation does with what members filed: rounds, publications, objections,
follow-ups, year-end, and the record of jobs."""

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
from reviews.models.year_end import AnnualResult, BranchAnnualResult, YearEnd

__all__ = [
    "AnnualResult",
    "Appeal",
    "AppealQuerySet",
    "Attachment",
    "AttachmentQuerySet",
    "BranchAnnualResult",
    "FollowUp",
    "FollowUpMonth",
    "FollowUpQuerySet",
    "JobRun",
    "Meeting",
    "Objection",
    "ObjectionQuerySet",
    "Post",
    "Publication",
    "PublicationQuerySet",
    "Round",
    "RoundQuerySet",
    "SpotCheck",
    "SpotCheckItem",
    "SpotCheckItemQuerySet",
    "SpotCheckQuerySet",
    "Verification",
    "YearEnd",
]

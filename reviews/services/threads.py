"""Threads: what the member who raised an objection or an appeal, and those who are to answer
it, say to each other while it is open, with files. Afterwards it is read only.

The first word is the text of the objection or the appeal itself; files that came with it hang
on a post without a text.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from lib.steps import Refused
from members.models import Member
from members.notices import tell_users
from members.rights import Actor
from points.files import Accepted
from points.services.evidence import MAX_FILES, store
from reviews.models import Appeal, Attachment, Objection, Post

Thread = Objection | Appeal


@transaction.atomic
def open_with(*, thread: Thread, files: Sequence[Accepted], by: Actor, at: datetime) -> None:
    """Attach the files that an objection or an appeal was raised with."""
    if files:
        _keep(_post(thread, text="", by=by, at=at), files, by=by, at=at)


def say(
    *,
    thread: Thread,
    text: str,
    files: Sequence[Accepted],
    told: Collection[int],
    by: Actor,
    at: datetime,
) -> Post:
    """Post to a thread whose row the caller has locked and whose state it has checked; the
    other side, as accounts, is told. The same words again (a double click) are one post.

    Raises Refused for an empty post or too many files."""
    if not text.strip() and not files:
        raise Refused(_("Write something, or choose a file."))
    last = thread.posts.order_by("-posted_at", "-pk").first()
    if (
        last is not None
        and (last.text, last.posted_by_id) == (text, by.user.pk)
        and _holds(last, files)
    ):
        return last
    post = _post(thread, text=text, by=by, at=at)
    _keep(post, files, by=by, at=at)
    subject = _("%(name)s wrote about the %(matter)s of %(member)s.") % {
        "name": by.user.display_name,
        "matter": thread._meta.verbose_name,
        "member": thread.member.name,
    }
    users = set(told) - {by.user.pk}
    tell_users(users, key=f"post:{post.pk}", subject=subject, url=thread.get_absolute_url(), at=at)
    return post


def _post(thread: Thread, *, text: str, by: Actor, at: datetime) -> Post:
    where = {"objection" if isinstance(thread, Objection) else "appeal": thread}
    return Post.objects.create(text=text, posted_by=by.user, posted_at=at, **where)


def _holds(post: Post, files: Sequence[Accepted]) -> bool:
    kept = set(post.attachments.values_list("sha256", flat=True))
    return kept == {file.sha256 for file in files}


def _keep(post: Post, files: Sequence[Accepted], *, by: Actor, at: datetime) -> None:
    new = {file.sha256: file for file in files}
    if len(new) > MAX_FILES:
        raise Refused(
            _("At most %(count)s files can be attached to one post.") % {"count": MAX_FILES}
        )
    store([(Attachment(post=post), file) for file in new.values()], by=by, at=at)


def accounts_of(members: Collection[int]) -> set[int]:
    """The accounts of these members; those without one are told on paper. One query."""
    with_account = Member.objects.filter(pk__in=members, user__isnull=False)
    return set(with_account.values_list("user", flat=True))

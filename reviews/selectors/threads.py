"""A thread as its page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from points.selectors.sheet import file_of
from reviews.models import Appeal, Objection, Post


@dataclass(frozen=True, slots=True)
class Said:
    """One post, and its files as the file list takes them."""

    post: Post
    files: Sequence[dict[str, Any]]
    is_members: bool


@dataclass(frozen=True, slots=True)
class ThreadView:
    """The files that it was raised with, and what was said since."""

    files: Sequence[dict[str, Any]]
    posts: Sequence[Said]


def thread_of(thread: Objection | Appeal) -> ThreadView:
    """Two queries, however many posts."""
    posts = thread.posts.select_related("posted_by__member").prefetch_related("attachments")
    said = [
        Said(
            post=post,
            files=[file_of(attachment) for attachment in post.attachments.all()],
            is_members=post.posted_by_id == thread.member.user_id,
        )
        for post in posts
    ]
    opening = [one for one in said if not one.post.text and one.post.posted_at == thread.raised_at]
    return ThreadView(
        files=[file for one in opening for file in one.files],
        posts=[one for one in said if one not in opening],
    )

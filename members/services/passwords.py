"""One-time passwords for a first sign-in, handed out on paper (formats.md §1)."""

import secrets
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Final

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from branches.models import Committee
from lib.excel import Column, SheetOut, write_workbook
from lib.steps import Refused
from members.models import Member, Membership, StaffAppointment, User
from members.notices import record
from members.rights import Actor

# Without the letters and digits that look alike on paper.
ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
LENGTH: Final = 10
CHUNK: Final = 500
COLUMNS: Final = tuple(map(Column, ("支部", "工号", "姓名", "登录名", "初始密码")))


@dataclass(frozen=True, slots=True)
class IssuedPassword:
    """A password in clear text: it is written to one file, and stored nowhere."""

    branch: str
    staff_no: str
    name: str
    username: str
    password: str


@transaction.atomic
def issue_passwords(
    *,
    branches: Collection[int],
    by: Actor,
    at: datetime,
    again: Collection[str] = (),
    unused: bool = False,
    only: int | None = None,
    most: int | None = None,
) -> list[IssuedPassword]:
    """Give a one-time password to every member of these branches whose account has none yet;
    by staff number, to those who lost theirs (``again``); and with ``unused`` to those who have
    one but never signed in, whose earlier one is void then. It must be changed at first
    sign-in. ``only`` leaves out everybody but this member.

    In the roll's order. The event says to whom, never which. Raises Refused for more than
    ``most``: each takes a moment on purpose. Source: formats.md §1.
    """
    found = members_to_issue(branches=branches, by=by, today=timezone.localdate(at), only=only)
    due = [one for one in found if _is_due(*one[1:], again, unused)]
    if most is not None and len(due) > most:
        raise Refused(
            _("%(count)s passwords are too many at once (at most %(most)s). Choose a branch.")
            % {"count": len(due), "most": most}
        )
    passwords = [new_password() for _one in due]
    with ThreadPoolExecutor() as pool:  # a slow hash on purpose, and it leaves other cores free
        hashes = list(pool.map(make_password, passwords))
    for (_branch, _member, user), password_hash in zip(due, hashes, strict=True):
        user.password = password_hash
        user.must_change_password = True
    User.objects.bulk_update(
        [user for _branch, _member, user in due],
        ["password", "must_change_password"],
        batch_size=CHUNK,
    )
    if due:
        record(
            by=by.user,
            at=at,
            verb="issue_passwords",
            staff_nos=[member.staff_no for _branch, member, _user in due],
            count=len(due),
            scope=list(dict.fromkeys(branch for branch, _member, _user in due)),
        )
    return [
        IssuedPassword(branch, member.staff_no, member.name, user.username, password)
        for (branch, member, user), password in zip(due, passwords, strict=True)
    ]


def members_to_issue(
    *, branches: Collection[int], by: Actor, today: date, only: int | None = None
) -> list[tuple[str, Member, User]]:
    """The members of these branches who have an open account, in the roll's order, with the
    branch's name. Staff issue
    none for an administrator, nor for staff of a committee that is not below their own: whoever
    hands out a password could sign in with it."""
    memberships = Membership.objects.on(today).filter(
        branch__in=branches, member__user__is_active=True
    )
    if not (by.is_system or by.is_administrator):
        above = StaffAppointment.objects.on(today).exclude(
            committee__in=Committee.objects.subtree_ids(by.committees)
        )
        memberships = memberships.filter(member__user__is_superuser=False).exclude(
            member__user__in=above.values("user")
        )
    if only is not None:
        memberships = memberships.filter(member=only)
    rows = memberships.select_related("branch", "member__user").order_by(
        "branch__roll_order", "branch", "member__roll_order", "member"
    )
    return [(row.branch.name, row.member, row.member.user) for row in rows]


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many members have no password yet, and how many have one that was never used."""

    without: int
    unused: int


def waiting_for_passwords(*, branches: Collection[int], by: Actor, today: date) -> Waiting:
    """Two queries."""
    found = members_to_issue(branches=branches, by=by, today=today)
    users = [user for _branch, _member, user in found]
    without = sum(not has_password(user) for user in users)
    return Waiting(without, sum(is_unused(user) for user in users))


def new_password() -> str:
    """A random password with letters and digits, that no rule for passwords refuses."""
    while True:
        password = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        if not password.isalpha() and not password.isdigit():
            return password


def write_passwords(target: str | Path | IO[bytes], issued: Sequence[IssuedPassword]) -> None:
    """Write the list that is cut into strips and handed out."""
    rows = ([i.branch, i.staff_no, i.name, i.username, i.password] for i in issued)
    write_workbook(target, [SheetOut("初始密码", COLUMNS, rows)])


def has_password(user: User) -> bool:
    return not user.password.startswith(UNUSABLE_PASSWORD_PREFIX)


def is_unused(user: User) -> bool:
    """A password that was given out, and with which nobody has signed in yet."""
    return has_password(user) and user.must_change_password and user.last_login is None


def _is_due(member: Member, user: User, again: Collection[str], unused: bool) -> bool:
    return not has_password(user) or member.staff_no in again or (unused and is_unused(user))

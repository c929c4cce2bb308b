"""One-time passwords for a first sign-in, handed out on paper (formats.md §1)."""

import secrets
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password
from django.db import transaction
from django.utils import timezone

from lib.excel import Column, SheetOut, write_workbook
from members.models import Member, Membership, User
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
    *, branches: Collection[int], by: Actor, at: datetime, again: Collection[str] = ()
) -> list[IssuedPassword]:
    """Give a one-time password to every member of these branches whose account has none yet, and,
    by staff number, to those who lost theirs (``again``). It must be changed at first sign-in.

    In the roll's order. The event says to whom, never which. Source: formats.md §1.
    """
    today = timezone.localdate(at)
    memberships = (
        Membership.objects.on(today)
        .filter(branch__in=branches, member__user__is_active=True)
        .select_related("branch", "member__user")
        .order_by("branch__roll_order", "branch", "member__roll_order", "member")
    )
    pairs = [(m.branch.name, m.member, m.member.user) for m in memberships]
    due = [pair for pair in pairs if _is_due(*pair[1:], again)]
    passwords = [new_password() for _pair in due]
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
        )
    return [
        IssuedPassword(branch, member.staff_no, member.name, user.username, password)
        for (branch, member, user), password in zip(due, passwords, strict=True)
    ]


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


def _is_due(member: Member, user: User, again: Collection[str]) -> bool:
    return user.password.startswith(UNUSABLE_PASSWORD_PREFIX) or member.staff_no in again

"""Workbooks between upload and confirmation: kept on the server, for the person who
uploaded them only, and not for long."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from lib.steps import Refused
from members.models import User

FOLDER = "imports"
KEPT_FOR = timedelta(hours=1)


def keep(*, user: User, content: bytes, at: datetime) -> UUID:
    """Keep a workbook and return the token that fetches it. What this person uploaded
    before, and everybody's forgotten uploads, are removed."""
    clear(user=user, at=at)
    token = uuid4()
    default_storage.save(_name(user, token), ContentFile(content))
    return token


def fetch(*, user: User, token: UUID, at: datetime) -> bytes:
    """The workbook that this person uploaded.

    Raises Refused if there is none: confirmed before, too old, or somebody else's.
    """
    name = _name(user, token)
    if not default_storage.exists(name) or _is_old(name, at):
        raise Refused(
            _("This file was imported already, or kept for more than an hour. Upload it again.")
        )
    with default_storage.open(name) as file:
        return bytes(file.read())


def forget(*, user: User, token: UUID) -> None:
    default_storage.delete(_name(user, token))


def clear(*, user: User, at: datetime) -> None:
    if not default_storage.exists(FOLDER):
        return
    for file in default_storage.listdir(FOLDER)[1]:
        name = f"{FOLDER}/{file}"
        if file.startswith(f"{user.pk}-") or _is_old(name, at):
            default_storage.delete(name)


def _is_old(name: str, at: datetime) -> bool:
    return default_storage.get_modified_time(name) < at - KEPT_FOR


def _name(user: User, token: UUID) -> str:
    return f"{FOLDER}/{user.pk}-{token.hex}.xlsx"

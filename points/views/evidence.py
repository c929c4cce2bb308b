"""Stored files leave the product only here, through a check of rights."""

from typing import Final

from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from lib.steps import Refused
from members.requests import Request
from points.files import INLINE
from points.models import Evidence, StoredFile
from points.services.evidence import thumbnail_of

SANDBOX: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
# A browser's own PDF viewer does not start in a sandbox; a PDF has no way to our pages anyhow.
FOR_PDF: Final = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'"


@require_safe
def evidence(request: Request, pk: int) -> FileResponse:
    return served(get_object_or_404(Evidence.objects.visible_to(request.actor), pk=pk))


@require_safe
def evidence_thumbnail(request: Request, pk: int) -> FileResponse:
    """The small picture of a stored picture, under the same rights."""
    file = get_object_or_404(Evidence.objects.visible_to(request.actor), pk=pk)
    if not file.thumbnail_url:
        raise Http404
    try:
        content = thumbnail_of(file)
    except (FileNotFoundError, Refused) as error:
        raise Http404 from error
    return harmless(FileResponse(content, content_type="image/jpeg"), SANDBOX)


def served(file: StoredFile) -> FileResponse:
    """The file to somebody whose right to it was checked, so that it can do no harm: pictures
    and PDF are shown in a sandbox, everything else is downloaded."""
    try:
        content = file.file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    response = FileResponse(
        content,
        as_attachment=file.content_type not in INLINE,
        filename=file.name,
        content_type=file.content_type,
    )
    is_pdf = file.content_type == "application/pdf"
    return harmless(response, FOR_PDF if is_pdf else SANDBOX)


def harmless(response: FileResponse, policy: str) -> FileResponse:
    """What is stored runs nothing, is taken for nothing else, and stays in no shared cache."""
    response["Content-Security-Policy"] = policy
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=3600"
    return response

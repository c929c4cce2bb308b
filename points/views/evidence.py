"""Evidence leaves the product only here, through a check of rights."""

from typing import Final

from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from members.requests import Request
from points.files import INLINE
from points.models import Evidence

SANDBOX: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
# A browser's own PDF viewer does not start in a sandbox; a PDF has no way to our pages anyhow.
FOR_PDF: Final = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'"


@require_safe
def evidence(request: Request, pk: int) -> FileResponse:
    """A stored file: pictures and PDF are shown, everything else is downloaded."""
    file = get_object_or_404(Evidence.objects.visible_to(request.actor), pk=pk)
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
    response["Content-Security-Policy"] = FOR_PDF if is_pdf else SANDBOX
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, max-age=3600"
    return response

"""Files attached to threads."""

from django.http import FileResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from members.requests import Request
from points.views.evidence import served
from reviews.models import Attachment


@require_safe
def attachment(request: Request, pk: int) -> FileResponse:
    return served(get_object_or_404(Attachment.objects.visible_to(request.actor), pk=pk))

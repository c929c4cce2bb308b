"""What the system told a person."""

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from members.models import Notice
from members.requests import Request
from members.services import accounts

PER_PAGE = 30


def notices(request: Request) -> HttpResponse:
    own = Notice.objects.filter(user=request.user.pk)
    counts = own.order_by().aggregate(
        total=Count("pk"), unread=Count("pk", filter=Q(read_at__isnull=True))
    )
    only_unread = request.GET.get("show") == "unread"
    listed = own.filter(read_at__isnull=True) if only_unread else own
    context: dict[str, Any] = {
        "page": Paginator(listed, PER_PAGE).get_page(request.GET.get("page")),
        "only_unread": only_unread,
        **counts,
    }
    return render(request, "members/notice_list.html", context)


@require_POST
def open_notice(request: Request, pk: int) -> HttpResponse:
    """Mark it read and go to what it tells of, in one click."""
    notice = get_object_or_404(Notice, pk=pk, user=request.user)
    accounts.mark_notices_read(user=request.user, pk=pk, at=timezone.now())
    return redirect(notice.get_absolute_url())


@require_POST
def read_notices(request: Request) -> HttpResponse:
    accounts.mark_notices_read(user=request.user, at=timezone.now())
    return redirect("notices")

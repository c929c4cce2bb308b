"""What the system told a person."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from members import delivery
from members.access import is_staff_or_administrator, page_for
from members.models import Notice
from members.requests import Request
from members.selectors import deliveries as selectors
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
        "sees_deliveries": is_staff_or_administrator(request.actor),
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


@page_for(is_staff_or_administrator)
@require_safe
def deliveries(request: Request) -> HttpResponse:
    """The e-mails that failed or wait, to people below one's committee and to its staff."""
    state = request.GET.get("show", "")
    mails = selectors.unsent(request.actor, day=timezone.localdate())
    counts = mails.order_by().aggregate(
        failed=Count("pk", filter=Q(delivery=Notice.Delivery.FAILED)),
        waiting=Count("pk", filter=Q(delivery=Notice.Delivery.PENDING)),
    )
    listed = mails.filter(delivery=state) if state in Notice.Delivery.values else mails
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "page": page,
        "rows": selectors.delivery_rows(list(page), now=timezone.now()),
        "show": state,
        **counts,
    }
    return render(request, "members/notice_deliveries.html", context)


@page_for(is_staff_or_administrator)
@require_POST
def try_delivery_again(request: Request, pk: int) -> HttpResponse:
    """Send a mail that was given up once more."""
    mails = selectors.addressed_to(request.actor, day=timezone.localdate())
    notice = get_object_or_404(mails, pk=pk)
    delivery.try_again(pk=notice.pk, by=request.user, at=timezone.now())
    messages.success(request, _("The e-mail waits to be sent again."))
    return redirect("deliveries")

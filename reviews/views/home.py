"""The home page: what is to be done, where the month stands, what was said."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from members.models import Notice
from members.requests import Request
from reviews.selectors.home import months_under_way, progress_below, twelve_months
from reviews.selectors.to_dos import to_dos_of

NOTICES = 5


def home(request: Request) -> HttpResponse:
    actor = request.actor
    today = timezone.localdate()
    notices = Notice.objects.filter(user=actor.user.pk)
    context: dict[str, Any] = {
        "today": today,
        "to_dos": to_dos_of(actor, today=today),
        "months": months_under_way(actor, today=today),
        "chart": twelve_months(actor, today=today),
        "progress": progress_below(actor, today=today),
        "notices": notices[:NOTICES],
        "unread": notices.filter(read_at__isnull=True).count(),
    }
    return render(request, "reviews/home.html", context)

"""What the worker is asked to do: one service call."""

from celery import shared_task
from django.utils import timezone

from members import delivery


@shared_task
def deliver_notices() -> None:
    """Send the notices that wait for their e-mail."""
    delivery.deliver_due(clock=timezone.now)

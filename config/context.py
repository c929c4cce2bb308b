"""What every template may know about the installation it runs in."""

from django.conf import settings
from django.http import HttpRequest


def installation(request: HttpRequest) -> dict[str, object]:
    """Say whether this is a demo (the sign-in page then offers its accounts)."""
    return {"demo": settings.DEMO}

"""`/healthz` for load balancers and container health checks."""

from collections.abc import Callable

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse

HEALTH_PATH = "/healthz"


def health() -> HttpResponse:
    """Answer 200 when the database answers, else 503; tell nothing else."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("database\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")


def health_middleware(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Answer before the host, the scheme and the sign-in are asked for: a probe has none."""

    def middleware(request: HttpRequest) -> HttpResponse:
        return health() if request.path == HEALTH_PATH else get_response(request)

    return middleware

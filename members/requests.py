"""The request as the product's middlewares leave it, for annotations."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from members.models import User
from members.rights import Actor


class Request(HttpRequest):
    """A signed-in person's request: who acts, and whether htmx asks for a part of a page."""

    user: User
    actor: Actor
    htmx: HtmxDetails

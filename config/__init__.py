"""Wiring: settings, addresses, worker and server. Nothing below this floor imports it."""

from config.celery import app as celery_app

__all__ = ["celery_app"]

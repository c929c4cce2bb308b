"""The worker: with Redis, or embedded on one machine with no server to install.

A message is only a nudge. What is due stands in the database, and every tick asks
it again; a lost message costs at most one tick. Options: `config.settings`.
"""

import os

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("config")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_ready.connect
def tick_at_start(**_: object) -> None:
    """Look for what fell due while no worker ran, without waiting for the first beat."""
    app.send_task("reviews.tasks.tick")

"""The web server's options: `gunicorn --config python:config.gunicorn config.wsgi`."""

import os

_host = os.environ.get("HOST", "127.0.0.1")

bind = f"{f'[{_host}]' if ':' in _host else _host}:{os.environ.get('PORT', '8000')}"
# Threads, because a request mostly waits for the database; two processes for two cores.
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 60
graceful_timeout = 10
# What leaked in a library is gone after some thousands of requests.
max_requests = 5000
max_requests_jitter = 500
accesslog = "-"
# Nothing here talks to a running server through a socket file.
control_socket_disable = True

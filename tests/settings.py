"""The product's settings as the tests use them: nothing of this machine's own set-up leaks in.

`DATABASE_URL` is obeyed, so that the same suite runs on SQLite and on PostgreSQL.
"""

import atexit
import os
import shutil
import tempfile

_data_dir = tempfile.mkdtemp(prefix="points-tests-")
atexit.register(shutil.rmtree, _data_dir, ignore_errors=True)

TEST_REDIS_URL = os.environ.get("TEST_REDIS_URL", "")

for name in ("SECRET_KEY", "ALLOWED_HOSTS", "CELERY_BROKER_URL", "EMAIL_URL", "DEMO"):
    os.environ.pop(name, None)
os.environ |= {"ENV_FILE": "", "DEBUG": "on", "DATA_DIR": _data_dir, "LOG_LEVEL": "WARNING"}

from config.settings import *  # noqa: E402, F403

# As on a server, whichever test is the first to load the addresses.
DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Messages go nowhere: a test calls the service, or starts a real worker of its own.
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
if "sqlite" in DATABASES["default"]["ENGINE"]:  # noqa: F405
    # Saves each process some seconds. The migrations are run by the tests that start real
    # processes, and by all on PostgreSQL.
    DATABASES["default"].setdefault("TEST", {})["MIGRATE"] = False  # noqa: F405

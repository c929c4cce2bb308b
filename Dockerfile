# Web, worker and beat are the same image with different commands (docker-compose.yml).
FROM python:3.13-slim-bookworm AS packages
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements/run.txt /requirements/run.txt
RUN python -m venv /venv && /venv/bin/pip install --require-hashes -r /requirements/run.txt

FROM python:3.13-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data HOST=0.0.0.0
RUN useradd --system --uid 10001 --home-dir /app points && install -d -o points /data /app
COPY --from=packages /venv /venv
COPY . /app
WORKDIR /app
# The key and the host are for this one command; nothing of them stays in the image.
RUN python -m lib.catalogue --compile \
    && SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
       ALLOWED_HOSTS=build DATA_DIR=/tmp/build python manage.py collectstatic --noinput \
    && rm -rf /tmp/build
USER points
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "--config", "python:config.gunicorn", "--worker-tmp-dir", "/dev/shm", "config.wsgi"]

"""The probe of a load balancer."""

import pytest


@pytest.mark.django_db
def test_health_answers_without_a_known_host_or_a_sign_in(client, settings):
    settings.SECURE_SSL_REDIRECT = True

    response = client.get("/healthz", headers={"host": "10.0.0.7"})

    assert (response.status_code, response.content) == (200, b"ok\n")

"""What an installation must have set before it may serve anybody.

Pure: values in, problems out. `config.settings` refuses to start on any problem.
"""

from collections.abc import Sequence

SHORTEST_SECRET_KEY = 50
FEWEST_DIFFERENT_CHARACTERS = 5


def is_weak_key(secret_key: str) -> bool:
    """Tell whether a secret key is too short, too uniform or a known placeholder."""
    return (
        len(secret_key) < SHORTEST_SECRET_KEY
        or len(set(secret_key)) < FEWEST_DIFFERENT_CHARACTERS
        or "insecure" in secret_key.lower()
        or "change-me" in secret_key.lower()
    )


def unsafe_settings(
    *,
    debug: bool,
    demo: bool,
    secret_key: str,
    allowed_hosts: Sequence[str],
    secure_cookies: bool,
    hsts_seconds: int,
    allow_plain_http: bool,
) -> list[str]:
    """List what makes these settings unfit for real use, each with its cure.

    With DEBUG on nothing is refused: such a server is for one person's own machine.
    Plain http is accepted only where ALLOW_PLAIN_HTTP says that it is meant.
    """
    if debug:
        return []
    problems = []
    if demo:
        problems.append(
            "DEMO: 演示模式不能用于正式环境，请设 DEMO=off。"
            " Demo mode has public passwords; set DEMO=off."
        )
    if is_weak_key(secret_key):
        problems.append(
            "SECRET_KEY: 须为至少 50 个字符的随机密钥。 Set a random key of 50 characters or more:"
            ' python -c "import secrets; print(secrets.token_urlsafe(64))"'
        )
    if not allowed_hosts or "*" in allowed_hosts:
        problems.append(
            "ALLOWED_HOSTS: 须列出本站的主机名，不得用 *。"
            " Name the hosts that people type, e.g. ALLOWED_HOSTS=points.example.cn"
        )
    if not allow_plain_http and not secure_cookies:
        problems.append(
            "SECURE_COOKIES: 须保持开启；内网仅用 http 时请设 ALLOW_PLAIN_HTTP=on。"
            " Leave it on, or set ALLOW_PLAIN_HTTP=on if this intranet has no https."
        )
    if not allow_plain_http and hsts_seconds <= 0:
        problems.append(
            "HSTS_SECONDS: 须大于 0；内网仅用 http 时请设 ALLOW_PLAIN_HTTP=on。"
            " Set it above 0, or set ALLOW_PLAIN_HTTP=on if this intranet has no https."
        )
    return problems


def refusal(problems: Sequence[str]) -> str:
    """Word the refusal: every problem on a line of its own, and where to read on."""
    lines = "\n".join(f"  - {problem}" for problem in problems)
    return (
        "设置不安全，拒绝启动（各变量说明见 .env.example）。"
        " Unsafe settings with DEBUG off, refusing to start (.env.example explains each variable):"
        f"\n{lines}"
    )

"""A fresh database is made by squashed migrations, an older one goes through each of those they
replace: both come to the same models (decision 0016)."""

from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader


def test_both_ways_come_to_the_same_models():
    fresh, old = MigrationLoader(None), MigrationLoader(None, replace_migrations=False)
    squashed = {key for key, one in old.disk_migrations.items() if one.replaces}
    apps = {app for app, _name in squashed}
    # On the older way the squashed ones lead nowhere: what is newest there is none of them.
    newest = [key for key in old.graph.leaf_nodes() if key not in squashed]

    ways = fresh.project_state(), old.project_state(newest)

    assert squashed
    for one, other in ways, reversed(ways):
        changes = MigrationAutodetector(one, other)._detect_changes()
        assert {app: changes[app] for app in apps & set(changes)} == {}

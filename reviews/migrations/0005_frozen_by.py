from django.db import migrations
from django.db.models import F


def say_who_froze(apps, schema_editor):
    """Years that were frozen before say so by who computed them, and when."""
    apps.get_model("reviews", "YearEnd").objects.filter(state="FROZEN").update(
        frozen_by=F("computed_by"), frozen_at=F("computed_at")
    )


class Migration(migrations.Migration):
    """A step of its own: rows and the table are not changed in one transaction."""

    dependencies = [("reviews", "0004_use_of_results")]

    operations = [migrations.RunPython(say_who_froze, migrations.RunPython.noop)]

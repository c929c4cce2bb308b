from django.db import migrations
from django.db.models import F


def name_paper(apps, schema_editor):
    """What somebody else confirmed for a member was signed on paper: it has a state of its own
    from now on, in which the member can still appeal until the day."""
    confirmed = apps.get_model("reviews", "Opinion").objects.filter(state="CONFIRMED")
    confirmed.exclude(answered_by=F("member__user")).update(state="PAPER")


def name_confirmed(apps, schema_editor):
    apps.get_model("reviews", "Opinion").objects.filter(state="PAPER").update(state="CONFIRMED")


class Migration(migrations.Migration):
    dependencies = [("reviews", "0008_opinion_scans")]

    operations = [migrations.RunPython(name_paper, name_confirmed, elidable=True)]

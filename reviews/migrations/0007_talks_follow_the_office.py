from django.db import migrations


def unseat(apps, schema_editor):
    """A talk was given to the secretary of the day on which it was opened. It falls to whoever is
    secretary now, unless the committee named somebody or it was recorded: what nobody has held
    yet loses the holder whom no event names."""
    follow_ups = apps.get_model("reviews", "FollowUp").objects
    events = apps.get_model("members", "Event").objects
    named = {
        (pk, details.get("holder"))
        for pk, details in events.filter(verb="name_holder", target_type="followup").values_list(
            "target_id", "details"
        )
    }
    # What was withdrawn may be opened again.
    unheld = follow_ups.filter(
        kind="TALK", state__in=["OPEN", "WITHDRAWN"], holder__isnull=False, records__isnull=True
    )
    stale = [pk for pk, holder in unheld.values_list("pk", "holder") if (pk, holder) not in named]
    for start in range(0, len(stale), 500):
        follow_ups.filter(pk__in=stale[start : start + 500]).update(holder=None)


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0002_strict_process"),
        ("reviews", "0006_frozen_years"),
    ]

    operations = [migrations.RunPython(unseat, migrations.RunPython.noop, elidable=True)]

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reviews", "0002_strict_process"),
    ]

    operations = [
        migrations.AddField(
            model_name="spotcheck",
            name="rounds",
            field=models.ManyToManyField(related_name="spot_checks", to="reviews.round"),
        ),
        # Nothing has been drawn yet, so one default is as good as many.
        migrations.AddField(
            model_name="spotcheck",
            name="token",
            field=models.UUIDField(default=uuid.uuid4, unique=True),
            preserve_default=False,
        ),
    ]

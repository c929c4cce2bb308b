from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reviews', '0005_frozen_by'),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='yearend',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('frozen_at__isnull', True), ('frozen_by__isnull', True), ('state__in', ['PROVISIONAL', 'COMPUTED'])), models.Q(('frozen_at__isnull', False), ('frozen_by__isnull', False), ('state', 'FROZEN')), _connector='OR'), name='year_end_state'),
        ),
    ]

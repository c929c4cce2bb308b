import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('branches', '0001_initial'),
        ('members', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='RollChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('TRANSFER', 'transfer'), ('POSITION', 'change of position'), ('DUTY', 'change of leadership duty'), ('FULL_MEMBER', 'became a full member'), ('RETIREMENT', 'retirement'), ('END', 'end of membership'), ('RETURN', 'return to the roll')], max_length=12, verbose_name='kind of change')),
                ('takes_effect_on', models.DateField(verbose_name='takes effect on')),
                ('text', models.CharField(max_length=300, verbose_name='what changed')),
                ('document_no', models.CharField(blank=True, max_length=100, verbose_name='document number')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='note')),
                ('made_at', models.DateTimeField(verbose_name='made at')),
            ],
            options={
                'verbose_name': 'change of the roll',
                'verbose_name_plural': 'changes of the roll',
                'ordering': ['-takes_effect_on', '-pk'],
            },
        ),
        migrations.RemoveConstraint(
            model_name='exemption',
            name='exemption_one_start',
        ),
        migrations.AddField(
            model_name='exemption',
            name='decision_note',
            field=models.CharField(blank=True, max_length=200, verbose_name='note on the decision'),
        ),
        migrations.AddField(
            model_name='exemption',
            name='requested_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='requested at'),
        ),
        migrations.AddField(
            model_name='exemption',
            name='requested_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='exemption',
            name='state',
            field=models.CharField(choices=[('REQUESTED', 'waiting for approval'), ('APPROVED', 'approved'), ('REFUSED', 'refused')], default='APPROVED', max_length=10, verbose_name='state'),
        ),
        migrations.AddField(
            model_name='member',
            name='retired_on',
            field=models.DateField(blank=True, null=True, verbose_name='retired on'),
        ),
        migrations.AddField(
            model_name='membership',
            name='end_reason',
            field=models.CharField(blank=True, choices=[('TRANSFERRED', 'transferred to another branch'), ('TRANSFERRED_OUT', 'transferred out of the organisation'), ('DIED', 'deceased'), ('LOST_CONTACT', 'contact lost'), ('LEFT', 'left the Party'), ('REMOVED', 'removed from the Party'), ('EXPELLED', 'expelled from the Party'), ('CANCELLED', 'probationary membership cancelled')], max_length=16, verbose_name='why it ended'),
        ),
        migrations.AlterField(
            model_name='exemption',
            name='approved_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='decided at'),
        ),
        migrations.AlterField(
            model_name='exemption',
            name='approved_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='exemption',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['REQUESTED', 'APPROVED'])), fields=('member', 'first_month'), name='exemption_one_start'),
        ),
        migrations.AddConstraint(
            model_name='exemption',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved_at__isnull', True), ('approved_by__isnull', True), ('state', 'REQUESTED')), models.Q(('approved_at__isnull', False), ('approved_by__isnull', False), ('state__in', ['APPROVED', 'REFUSED'])), _connector='OR'), name='exemption_state'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.CheckConstraint(condition=models.Q(('end_reason', ''), ('ends_on__isnull', False), _connector='OR'), name='membership_end_reason'),
        ),
        migrations.AddField(
            model_name='rollchange',
            name='made_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='rollchange',
            name='member',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='roll_changes', to='members.member'),
        ),
        migrations.AddConstraint(
            model_name='rollchange',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['TRANSFER', 'POSITION', 'DUTY', 'FULL_MEMBER', 'RETIREMENT', 'END', 'RETURN'])), name='roll_change_kind'),
        ),
    ]

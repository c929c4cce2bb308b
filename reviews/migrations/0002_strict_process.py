import django.db.models.deletion
import points.models.evidence
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('branches', '0001_initial'),
        ('members', '0002_strict_process'),
        ('points', '0002_strict_process'),
        ('reviews', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Appeal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField(verbose_name='appeal')),
                ('raised_at', models.DateTimeField(verbose_name='raised at')),
                ('decide_by', models.DateField(verbose_name='to be decided by')),
                ('state', models.CharField(choices=[('OPEN', 'waiting for the decision'), ('UPHELD', 'upheld'), ('DISMISSED', 'dismissed'), ('WITHDRAWN', 'withdrawn by the member')], default='OPEN', max_length=10, verbose_name='state')),
                ('decision', models.TextField(blank=True, verbose_name='decision')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='decided at')),
            ],
            options={
                'verbose_name': 'appeal',
                'verbose_name_plural': 'appeals',
                'ordering': ['-raised_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.FileField(max_length=200, upload_to=points.models.evidence.stored_path)),
                ('name', models.CharField(max_length=200, verbose_name='file name')),
                ('suffix', models.CharField(max_length=10)),
                ('content_type', models.CharField(max_length=100)),
                ('size', models.PositiveIntegerField(verbose_name='size in bytes')),
                ('sha256', models.CharField(max_length=64)),
                ('uploaded_at', models.DateTimeField(verbose_name='uploaded at')),
            ],
            options={
                'verbose_name': 'attachment',
                'verbose_name_plural': 'attachments',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Post',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField(blank=True, verbose_name='text')),
                ('posted_at', models.DateTimeField(verbose_name='posted at')),
            ],
            options={
                'verbose_name': 'post',
                'verbose_name_plural': 'posts',
                'ordering': ['posted_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='SpotCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_month', models.DateField(verbose_name='first month')),
                ('last_month', models.DateField(verbose_name='last month')),
                ('size', models.PositiveIntegerField(blank=True, null=True, verbose_name='number of entries')),
                ('share', models.DecimalField(blank=True, decimal_places=2, max_digits=5, null=True, verbose_name='share in percent')),
                ('is_each_branch', models.BooleanField(default=False, verbose_name='at least one of each branch')),
                ('seed', models.CharField(max_length=64, verbose_name='seed')),
                ('algorithm', models.CharField(max_length=40, verbose_name='algorithm')),
                ('pool_size', models.PositiveIntegerField(verbose_name='entries in the pool')),
                ('pool_digest', models.CharField(max_length=64, verbose_name='digest of the pool')),
                ('inspect_by', models.DateField(verbose_name='to be inspected by')),
                ('drawn_at', models.DateTimeField(verbose_name='drawn at')),
            ],
            options={
                'verbose_name': 'spot check',
                'verbose_name_plural': 'spot checks',
                'ordering': ['-drawn_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='SpotCheckItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='number')),
                ('finding', models.CharField(blank=True, choices=[('IN_ORDER', 'in order'), ('POINTS_WRONG', 'points wrong'), ('EVIDENCE_MISSING', 'evidence missing'), ('FALSE', 'false declaration')], max_length=16, verbose_name='finding')),
                ('right_points', models.DecimalField(blank=True, decimal_places=2, max_digits=9, null=True, verbose_name='right points')),
                ('note', models.CharField(blank=True, max_length=500, verbose_name='note')),
                ('found_at', models.DateTimeField(blank=True, null=True, verbose_name='found at')),
            ],
            options={
                'verbose_name': 'drawn entry',
                'verbose_name_plural': 'drawn entries',
                'ordering': ['spot_check', 'number'],
            },
        ),
        migrations.AlterModelOptions(
            name='meeting',
            options={'ordering': ['-recorded_at', '-pk'], 'verbose_name': 'meeting', 'verbose_name_plural': 'meetings'},
        ),
        migrations.RemoveConstraint(
            model_name='objection',
            name='objection_answered',
        ),
        migrations.RemoveConstraint(
            model_name='round',
            name='round_state',
        ),
        migrations.AddField(
            model_name='followup',
            name='withdrawal_reason',
            field=models.CharField(blank=True, max_length=500, verbose_name='why it was withdrawn'),
        ),
        migrations.AddField(
            model_name='meeting',
            name='entitled',
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='entitled to take part'),
        ),
        migrations.AddField(
            model_name='meeting',
            name='is_current',
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name='publication',
            name='notice_text',
            field=models.TextField(blank=True, verbose_name='text of the notice'),
        ),
        migrations.AddField(
            model_name='publication',
            name='together_with',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='others', to='reviews.publication'),
        ),
        migrations.AddField(
            model_name='publication',
            name='withdrawal_reason',
            field=models.CharField(blank=True, max_length=500, verbose_name='why it was withdrawn'),
        ),
        migrations.AddField(
            model_name='publication',
            name='withdrawn_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='withdrawn at'),
        ),
        migrations.AddField(
            model_name='publication',
            name='withdrawn_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='round',
            name='publication_period',
            field=models.CharField(choices=[('MONTHLY', 'every month'), ('QUARTERLY', 'every quarter')], default='MONTHLY', max_length=10, verbose_name='results are published'),
        ),
        migrations.AlterField(
            model_name='meeting',
            name='round',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='meetings', to='reviews.round'),
        ),
        migrations.AlterField(
            model_name='objection',
            name='state',
            field=models.CharField(choices=[('OPEN', 'waiting for an answer'), ('KEPT', 'result kept'), ('CORRECTED', 'result corrected'), ('WITHDRAWN', 'withdrawn by the member')], default='OPEN', max_length=10, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='publication',
            name='round',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='publications', to='reviews.round'),
        ),
        migrations.AlterField(
            model_name='round',
            name='state',
            field=models.CharField(choices=[('OPEN', 'open'), ('REVIEWING', 'under review'), ('CONCLUDED', "reviewed, waiting for the quarter's publication"), ('PUBLISHED', 'published'), ('CLOSED', 'closed')], default='OPEN', max_length=10, verbose_name='state'),
        ),
        migrations.AddConstraint(
            model_name='meeting',
            constraint=models.UniqueConstraint(condition=models.Q(('is_current', True)), fields=('round',), name='meeting_one_current'),
        ),
        migrations.AddConstraint(
            model_name='objection',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answer', ''), ('answered_at__isnull', True), ('answered_by__isnull', True), ('state', 'OPEN')), models.Q(('answered_at__isnull', False), ('answered_by__isnull', False), ('state__in', ['KEPT', 'CORRECTED']), models.Q(('answer', ''), _negated=True)), ('state', 'WITHDRAWN'), _connector='OR'), name='objection_answered'),
        ),
        migrations.AddConstraint(
            model_name='publication',
            constraint=models.UniqueConstraint(condition=models.Q(('withdrawn_at__isnull', True)), fields=('round',), name='publication_one_standing'),
        ),
        migrations.AddConstraint(
            model_name='publication',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('withdrawn_at__isnull', True), ('withdrawn_by__isnull', True)), models.Q(('withdrawn_at__isnull', False), ('withdrawn_by__isnull', False), models.Q(('withdrawal_reason', ''), _negated=True)), _connector='OR'), name='publication_withdrawn'),
        ),
        migrations.AddConstraint(
            model_name='round',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['OPEN', 'REVIEWING', 'CONCLUDED', 'PUBLISHED', 'CLOSED'])), name='round_state'),
        ),
        migrations.AddConstraint(
            model_name='round',
            constraint=models.CheckConstraint(condition=models.Q(('publication_period__in', ['MONTHLY', 'QUARTERLY'])), name='round_publication_period'),
        ),
        migrations.AddField(
            model_name='appeal',
            name='branch',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appeals', to='branches.branch'),
        ),
        migrations.AddField(
            model_name='appeal',
            name='decided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='appeal',
            name='follow_up',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='appeals', to='reviews.followup'),
        ),
        migrations.AddField(
            model_name='appeal',
            name='member',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appeals', to='members.member'),
        ),
        migrations.AddField(
            model_name='appeal',
            name='objection',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='appeals', to='reviews.objection'),
        ),
        migrations.AddField(
            model_name='attachment',
            name='uploaded_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='post',
            name='appeal',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='posts', to='reviews.appeal'),
        ),
        migrations.AddField(
            model_name='post',
            name='objection',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='posts', to='reviews.objection'),
        ),
        migrations.AddField(
            model_name='post',
            name='posted_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='attachment',
            name='post',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='reviews.post'),
        ),
        migrations.AddField(
            model_name='spotcheck',
            name='committee',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='spot_checks', to='branches.committee'),
        ),
        migrations.AddField(
            model_name='spotcheck',
            name='drawn_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='spotcheckitem',
            name='entry',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='spot_checks', to='points.entry'),
        ),
        migrations.AddField(
            model_name='spotcheckitem',
            name='found_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='spotcheckitem',
            name='inspector',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='inspections', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='spotcheckitem',
            name='spot_check',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='reviews.spotcheck'),
        ),
        migrations.AddField(
            model_name='appeal',
            name='finding',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='appeals', to='reviews.spotcheckitem'),
        ),
        migrations.AddConstraint(
            model_name='post',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('appeal__isnull', True), ('objection__isnull', False)), models.Q(('appeal__isnull', False), ('objection__isnull', True)), _connector='OR'), name='post_in_one_thread'),
        ),
        migrations.AddIndex(
            model_name='attachment',
            index=models.Index(fields=['sha256'], name='attachment_content'),
        ),
        migrations.AddConstraint(
            model_name='attachment',
            constraint=models.UniqueConstraint(fields=('post', 'sha256'), name='attachment_once'),
        ),
        migrations.AddConstraint(
            model_name='spotcheck',
            constraint=models.CheckConstraint(condition=models.Q(('last_month__gte', models.F('first_month'))), name='spot_check_span'),
        ),
        migrations.AddConstraint(
            model_name='spotcheck',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('share__isnull', True), ('size__isnull', False)), models.Q(('share__isnull', False), ('size__isnull', True)), _connector='OR'), name='spot_check_size_or_share'),
        ),
        migrations.AddConstraint(
            model_name='spotcheckitem',
            constraint=models.UniqueConstraint(fields=('spot_check', 'entry'), name='spot_item_entry'),
        ),
        migrations.AddConstraint(
            model_name='spotcheckitem',
            constraint=models.UniqueConstraint(fields=('spot_check', 'number'), name='spot_item_number'),
        ),
        migrations.AddConstraint(
            model_name='spotcheckitem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('finding', ''), ('found_at__isnull', True), ('found_by__isnull', True)), models.Q(('finding__in', ['IN_ORDER', 'POINTS_WRONG', 'EVIDENCE_MISSING', 'FALSE']), ('found_at__isnull', False), ('found_by__isnull', False)), _connector='OR'), name='spot_item_found'),
        ),
        migrations.AddConstraint(
            model_name='spotcheckitem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('finding', 'POINTS_WRONG'), ('right_points__isnull', False)), models.Q(models.Q(('finding', 'POINTS_WRONG'), _negated=True), ('right_points__isnull', True)), _connector='OR'), name='spot_item_right_points'),
        ),
        migrations.AddIndex(
            model_name='appeal',
            index=models.Index(fields=['state', 'decide_by'], name='appeal_state'),
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('finding__isnull', True), ('follow_up__isnull', True), ('objection__isnull', False)), models.Q(('finding__isnull', True), ('follow_up__isnull', False), ('objection__isnull', True)), models.Q(('finding__isnull', False), ('follow_up__isnull', True), ('objection__isnull', True)), _connector='OR'), name='appeal_against_one'),
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('decided_by__isnull', True), ('decision', ''), ('state__in', ['OPEN', 'WITHDRAWN'])), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('state__in', ['UPHELD', 'DISMISSED']), models.Q(('decision', ''), _negated=True)), _connector='OR'), name='appeal_decided'),
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.UniqueConstraint(condition=models.Q(('objection__isnull', False), models.Q(('state', 'WITHDRAWN'), _negated=True)), fields=('objection',), name='appeal_one_an_objection'),
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.UniqueConstraint(condition=models.Q(('follow_up__isnull', False), models.Q(('state', 'WITHDRAWN'), _negated=True)), fields=('member', 'follow_up'), name='appeal_one_a_follow_up'),
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.UniqueConstraint(condition=models.Q(('finding__isnull', False), models.Q(('state', 'WITHDRAWN'), _negated=True)), fields=('finding',), name='appeal_one_a_finding'),
        ),
    ]

import datetime
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models



def date_policies(apps, schema_editor):
    """A policy of a year was in force from its January on."""
    for policy in apps.get_model("points", "Policy").objects.all():
        policy.effective_from = datetime.date(policy.year, 1, 1)
        policy.save(update_fields=["effective_from"])


def name_triggers(apps, schema_editor):
    """What the system registers says in words when: read it from them, as the import does."""
    criteria = apps.get_model("points", "Criterion").objects
    for criterion in criteria.filter(registered_by="AUTOMATIC"):
        late = any(word in criterion.text for word in ("迟", "逾期", "超期", "未按时", "未按期"))
        if criterion.applies_to == "SECRETARY":
            criterion.trigger = "REVIEW_LATE"
        elif late:
            criterion.trigger = "LATE"
        elif any(word in criterion.text for word in ("未", "没有", "不")):
            criterion.trigger = "MISSING"
        criterion.save(update_fields=["trigger"])


class Migration(migrations.Migration):

    dependencies = [
        ('branches', '0001_initial'),
        ('members', '0002_strict_process'),
        ('points', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Activity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.UUIDField(unique=True)),
                ('month', models.DateField(verbose_name='month')),
                ('kind', models.CharField(choices=[('ASSEMBLY', 'assembly of all members'), ('COMMITTEE', 'branch committee meeting'), ('GROUP', 'Party group meeting'), ('LECTURE', 'Party lecture'), ('THEME_DAY', 'theme Party day'), ('VOLUNTEERING', 'volunteer service'), ('DUES', 'Party dues'), ('OTHER', 'other')], max_length=12, verbose_name='kind of activity')),
                ('held_on', models.DateField(verbose_name='date')),
                ('place', models.CharField(blank=True, max_length=100, verbose_name='place')),
                ('text', models.CharField(max_length=500, verbose_name='subject')),
                ('recorded_at', models.DateTimeField(verbose_name='recorded at')),
                ('undone_at', models.DateTimeField(blank=True, null=True, verbose_name='undone at')),
                ('undo_reason', models.CharField(blank=True, max_length=500, verbose_name='reason')),
            ],
            options={
                'verbose_name': 'activity',
                'verbose_name_plural': 'activities',
                'ordering': ['-held_on', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='Attendance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('PRESENT', 'present'), ('ON_LEAVE', 'absent with leave'), ('ABSENT', 'absent')], max_length=10, verbose_name='attendance')),
            ],
            options={
                'verbose_name': 'attendance',
                'verbose_name_plural': 'attendances',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='HolidayNotice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField(unique=True, verbose_name='year')),
                ('number', models.CharField(max_length=100, verbose_name='number of the notice')),
                ('entered_at', models.DateTimeField(verbose_name='entered at')),
            ],
            options={
                'verbose_name': 'holiday notice',
                'verbose_name_plural': 'holiday notices',
                'ordering': ['-year'],
            },
        ),
        migrations.CreateModel(
            name='Remark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(max_length=500, verbose_name='remark')),
                ('made_at', models.DateTimeField(verbose_name='made at')),
            ],
            options={
                'verbose_name': 'remark',
                'verbose_name_plural': 'remarks',
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='RuleBookReading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('read_at', models.DateTimeField(verbose_name='read at')),
            ],
            options={
                'verbose_name': 'reading of a rule book',
                'verbose_name_plural': 'readings of rule books',
            },
        ),
        migrations.CreateModel(
            name='SpecialDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(unique=True, verbose_name='day')),
                ('is_workday', models.BooleanField(verbose_name='workday')),
                ('name', models.CharField(blank=True, max_length=50, verbose_name='holiday')),
            ],
            options={
                'verbose_name': 'special day',
                'verbose_name_plural': 'special days',
                'ordering': ['day'],
            },
        ),
        migrations.AlterModelOptions(
            name='policy',
            options={'ordering': ['-effective_from', 'committee'], 'verbose_name': 'policy', 'verbose_name_plural': 'policies'},
        ),
        migrations.RemoveConstraint(
            model_name='entry',
            name='entry_source',
        ),
        migrations.RemoveConstraint(
            model_name='policy',
            name='policy_one_a_year',
        ),
        migrations.RemoveConstraint(
            model_name='rulebook',
            name='rule_book_state',
        ),
        migrations.AddField(
            model_name='criterion',
            name='trigger',
            field=models.CharField(blank=True, choices=[('LATE', 'declaration filed late'), ('MISSING', 'declaration not filed'), ('REVIEW_LATE', 'review not held in time')], max_length=12, verbose_name='proposed when'),
        ),
        migrations.AddField(
            model_name='policy',
            name='appeal_days',
            field=models.PositiveSmallIntegerField(default=5, validators=[django.core.validators.MinValueValidator(1)], verbose_name='working days within which a member may appeal'),
        ),
        migrations.AddField(
            model_name='policy',
            name='decide_appeal_days',
            field=models.PositiveSmallIntegerField(default=10, validators=[django.core.validators.MinValueValidator(1)], verbose_name='working days for the decision on an appeal'),
        ),
        migrations.AddField(
            model_name='policy',
            name='effective_from',
            field=models.DateField(default=datetime.date(2000, 1, 1), verbose_name='in force from'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='policy',
            name='inspection_days',
            field=models.PositiveSmallIntegerField(default=10, validators=[django.core.validators.MinValueValidator(1)], verbose_name='working days for the inspection of a spot check'),
        ),
        migrations.AddField(
            model_name='policy',
            name='notice_template',
            field=models.TextField(blank=True, verbose_name='text of the publication notice'),
        ),
        migrations.AddField(
            model_name='policy',
            name='publication_period',
            field=models.CharField(choices=[('MONTHLY', 'every month'), ('QUARTERLY', 'every quarter')], default='MONTHLY', max_length=10, verbose_name='results are published'),
        ),
        migrations.AddField(
            model_name='registration',
            name='document_no',
            field=models.CharField(blank=True, max_length=100, verbose_name='document number'),
        ),
        migrations.AddField(
            model_name='registration',
            name='document_on',
            field=models.DateField(blank=True, null=True, verbose_name='date of the document'),
        ),
        migrations.AddField(
            model_name='rulebook',
            name='based_on',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='points.rulebook'),
        ),
        migrations.AddField(
            model_name='rulebook',
            name='drafted_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='drafted at'),
        ),
        migrations.AddField(
            model_name='rulebook',
            name='drafted_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='rulebook',
            name='offered_as',
            field=models.CharField(blank=True, max_length=100, verbose_name='name as a template'),
        ),
        migrations.AddField(
            model_name='rulebook',
            name='offered_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='templates', to='branches.committee', verbose_name='offered as a template by'),
        ),
        migrations.AddField(
            model_name='rulebook',
            name='remarks',
            field=models.TextField(blank=True, verbose_name="the committee's remarks"),
        ),
        migrations.AddField(
            model_name='rulebook',
            name='revision',
            field=models.PositiveIntegerField(default=0, verbose_name='revision'),
        ),
        migrations.AddField(
            model_name='rulebook',
            name='submitted_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='submitted at'),
        ),
        migrations.AddField(
            model_name='rulebook',
            name='submitted_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='entry',
            name='source',
            field=models.CharField(choices=[('DECLARED', 'declared'), ('REGISTERED', 'registered'), ('IMPORTED', 'imported'), ('PROPOSED', 'proposed by the system')], max_length=12, verbose_name='source'),
        ),
        migrations.AlterField(
            model_name='rulebook',
            name='approved_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='approved at'),
        ),
        migrations.AlterField(
            model_name='rulebook',
            name='approved_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='rulebook',
            name='effective_from',
            field=models.DateField(blank=True, null=True, verbose_name='in force from'),
        ),
        migrations.AlterField(
            model_name='rulebook',
            name='state',
            field=models.CharField(choices=[('DRAFT', 'draft'), ('SUBMITTED', 'submitted for approval'), ('RETURNED', 'returned with remarks'), ('APPROVED', 'approved'), ('SUPERSEDED', 'superseded')], default='APPROVED', max_length=12, verbose_name='state'),
        ),
        migrations.RunPython(date_policies, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name='policy',
            name='year',
        ),
        migrations.RunPython(name_triggers, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='criterion',
            constraint=models.CheckConstraint(condition=models.Q(('trigger', ''), models.Q(('registered_by', 'AUTOMATIC'), ('trigger__in', ['LATE', 'MISSING', 'REVIEW_LATE'])), _connector='OR'), name='criterion_trigger'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.CheckConstraint(condition=models.Q(('source__in', ['DECLARED', 'REGISTERED', 'IMPORTED', 'PROPOSED'])), name='entry_source'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(condition=models.Q(('source', 'PROPOSED')), fields=('member', 'month', 'criterion'), name='entry_proposed_once'),
        ),
        migrations.AddConstraint(
            model_name='policy',
            constraint=models.UniqueConstraint(fields=('committee', 'effective_from'), name='policy_one_a_month'),
        ),
        migrations.AddConstraint(
            model_name='policy',
            constraint=models.CheckConstraint(condition=models.Q(('publication_period__in', ['MONTHLY', 'QUARTERLY'])), name='policy_period'),
        ),
        migrations.AddConstraint(
            model_name='rulebook',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['DRAFT', 'SUBMITTED', 'RETURNED'])), fields=('branch',), name='rule_book_one_draft'),
        ),
        migrations.AddConstraint(
            model_name='rulebook',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved_at__isnull', False), ('approved_by__isnull', False), ('effective_from__isnull', False), ('state__in', ['APPROVED', 'SUPERSEDED'])), models.Q(('approved_at__isnull', True), ('approved_by__isnull', True), ('drafted_at__isnull', False), ('drafted_by__isnull', False), ('state__in', ['DRAFT', 'SUBMITTED', 'RETURNED'])), _connector='OR'), name='rule_book_state'),
        ),
        migrations.AddConstraint(
            model_name='rulebook',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'SUBMITTED'), _negated=True), models.Q(('submitted_at__isnull', False), ('submitted_by__isnull', False)), _connector='OR'), name='rule_book_submitted'),
        ),
        migrations.AddConstraint(
            model_name='rulebook',
            constraint=models.CheckConstraint(condition=models.Q(('offered_by__isnull', True), models.Q(('offered_by__isnull', False), ('state__in', ['APPROVED', 'SUPERSEDED'])), _connector='OR'), name='rule_book_offered'),
        ),
        migrations.AddField(
            model_name='activity',
            name='branch',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='activities', to='branches.branch'),
        ),
        migrations.AddField(
            model_name='activity',
            name='recorded_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='activity',
            name='undone_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='registration',
            name='activity',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='registrations', to='points.activity'),
        ),
        migrations.AddField(
            model_name='attendance',
            name='activity',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attendances', to='points.activity'),
        ),
        migrations.AddField(
            model_name='attendance',
            name='member',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attendances', to='members.member'),
        ),
        migrations.AddField(
            model_name='holidaynotice',
            name='entered_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='remark',
            name='entry',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='remarks', to='points.entry'),
        ),
        migrations.AddField(
            model_name='remark',
            name='made_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='rulebookreading',
            name='member',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='readings', to='members.member'),
        ),
        migrations.AddField(
            model_name='rulebookreading',
            name='rule_book',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='readings', to='points.rulebook'),
        ),
        migrations.AddField(
            model_name='specialday',
            name='notice',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='days', to='points.holidaynotice'),
        ),
        migrations.AddIndex(
            model_name='activity',
            index=models.Index(fields=['branch', 'month'], name='activity_sheet'),
        ),
        migrations.AddConstraint(
            model_name='activity',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['ASSEMBLY', 'COMMITTEE', 'GROUP', 'LECTURE', 'THEME_DAY', 'VOLUNTEERING', 'DUES', 'OTHER'])), name='activity_kind'),
        ),
        migrations.AddConstraint(
            model_name='activity',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('undone_at__isnull', True), ('undone_by__isnull', True)), models.Q(('undone_at__isnull', False), ('undone_by__isnull', False), models.Q(('undo_reason', ''), _negated=True)), _connector='OR'), name='activity_undone'),
        ),
        migrations.AddConstraint(
            model_name='attendance',
            constraint=models.UniqueConstraint(fields=('activity', 'member'), name='attendance_once'),
        ),
        migrations.AddConstraint(
            model_name='attendance',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['PRESENT', 'ON_LEAVE', 'ABSENT'])), name='attendance_state'),
        ),
        migrations.AddConstraint(
            model_name='rulebookreading',
            constraint=models.UniqueConstraint(fields=('rule_book', 'member'), name='reading_once'),
        ),
    ]

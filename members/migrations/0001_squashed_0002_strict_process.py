import django.contrib.auth.validators
import django.db.models.deletion
import django.utils.timezone
import members.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [('members', '0001_initial'), ('members', '0002_strict_process')]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('branches', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('username', models.CharField(error_messages={'unique': 'A user with that username already exists.'}, help_text='Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.', max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='username')),
                ('first_name', models.CharField(blank=True, max_length=150, verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, verbose_name='last name')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('must_change_password', models.BooleanField(default=False, verbose_name='must change the password')),
                ('prefers_big_text', models.BooleanField(default=False, verbose_name='big text')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'account',
                'verbose_name_plural': 'accounts',
                'abstract': False,
            },
            managers=[
                ('objects', members.models.AccountManager()),
            ],
        ),
        migrations.CreateModel(
            name='Member',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('staff_no', models.CharField(max_length=32, unique=True, verbose_name='staff number')),
                ('name', models.CharField(max_length=50, verbose_name='full name')),
                ('pinyin', models.CharField(blank=True, max_length=100, verbose_name='pinyin')),
                ('initials', models.CharField(blank=True, max_length=20, verbose_name='pinyin initials')),
                ('category', models.CharField(choices=[('FULL', 'full member'), ('PROBATIONARY', 'probationary member')], default='FULL', max_length=20, verbose_name='category of member')),
                ('gender', models.CharField(blank=True, choices=[('MALE', 'male'), ('FEMALE', 'female')], max_length=10, verbose_name='gender')),
                ('born_on', models.DateField(blank=True, null=True, verbose_name='date of birth')),
                ('joined_on', models.DateField(blank=True, null=True, verbose_name='joined the Party on')),
                ('full_since', models.DateField(blank=True, null=True, verbose_name='full member since')),
                ('is_leading_cadre', models.BooleanField(default=False, verbose_name='leading cadre')),
                ('phone', models.CharField(blank=True, max_length=30, verbose_name='mobile phone')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('roll_order', models.PositiveIntegerField(default=0, verbose_name='order in the roll')),
                ('user', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='member', to=settings.AUTH_USER_MODEL, verbose_name='account')),
                ('retired_on', models.DateField(blank=True, null=True, verbose_name='retired on')),
            ],
            options={
                'verbose_name': 'member',
                'verbose_name_plural': 'members',
                'ordering': ['roll_order', 'pk'],
                'indexes': [models.Index(fields=['roll_order'], name='member_roll_order')],
                'constraints': [models.CheckConstraint(condition=models.Q(('category__in', ['FULL', 'PROBATIONARY'])), name='member_category'), models.CheckConstraint(condition=models.Q(('gender__in', ['', 'MALE', 'FEMALE'])), name='member_gender')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_on', models.DateField(blank=True, null=True, verbose_name='from')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='to')),
                ('branch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='branches.branch')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='members.member')),
                ('end_reason', models.CharField(blank=True, choices=[('TRANSFERRED', 'transferred to another branch'), ('TRANSFERRED_OUT', 'transferred out of the organisation'), ('DIED', 'deceased'), ('LOST_CONTACT', 'contact lost'), ('LEFT', 'left the Party'), ('REMOVED', 'removed from the Party'), ('EXPELLED', 'expelled from the Party'), ('CANCELLED', 'probationary membership cancelled')], max_length=16, verbose_name='why it ended')),
            ],
            options={
                'verbose_name': 'membership',
                'verbose_name_plural': 'memberships',
                'ordering': [models.OrderBy(models.F('starts_on'), nulls_first=True), 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('starts_on__isnull', True), ('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='membership_span'), models.UniqueConstraint(condition=models.Q(('ends_on__isnull', True)), fields=('member',), name='membership_one_open'), models.UniqueConstraint(fields=('member', 'starts_on'), name='membership_one_start'), models.CheckConstraint(condition=models.Q(('end_reason', ''), ('ends_on__isnull', False), _connector='OR'), name='membership_end_reason')],
            },
        ),
        migrations.CreateModel(
            name='Position',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('SECRETARY', 'branch secretary'), ('DEPUTY_SECRETARY', 'deputy branch secretary'), ('ORGANISATION', 'organisation committee member'), ('PUBLICITY', 'publicity committee member'), ('DISCIPLINE', 'discipline committee member')], max_length=20, verbose_name='Party position')),
                ('starts_on', models.DateField(blank=True, null=True, verbose_name='from')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='to')),
                ('branch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='positions', to='branches.branch')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='positions', to='members.member')),
            ],
            options={
                'verbose_name': 'position',
                'verbose_name_plural': 'positions',
                'ordering': ['pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('starts_on__isnull', True), ('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='position_span'), models.CheckConstraint(condition=models.Q(('kind__in', ['SECRETARY', 'DEPUTY_SECRETARY', 'ORGANISATION', 'PUBLICITY', 'DISCIPLINE'])), name='position_kind'), models.UniqueConstraint(condition=models.Q(('ends_on__isnull', True), ('kind', 'SECRETARY')), fields=('branch',), name='position_one_secretary')],
            },
        ),
        migrations.CreateModel(
            name='LeadershipDuty',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('IN_CHARGE', 'in charge'), ('ASSISTING', 'assisting')], max_length=10, verbose_name='kind of duty')),
                ('starts_on', models.DateField(blank=True, null=True, verbose_name='from')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='to')),
                ('branch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='duties', to='branches.branch')),
                ('leader', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='duties', to='members.member')),
            ],
            options={
                'verbose_name': 'leadership duty',
                'verbose_name_plural': 'leadership duties',
                'ordering': ['pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('starts_on__isnull', True), ('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='duty_span'), models.CheckConstraint(condition=models.Q(('kind__in', ['IN_CHARGE', 'ASSISTING'])), name='duty_kind'), models.UniqueConstraint(condition=models.Q(('ends_on__isnull', True)), fields=('leader', 'branch', 'kind'), name='duty_one_open')],
            },
        ),
        migrations.CreateModel(
            name='StaffAppointment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_on', models.DateField(blank=True, null=True, verbose_name='from')),
                ('ends_on', models.DateField(blank=True, null=True, verbose_name='to')),
                ('committee', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appointments', to='branches.committee')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appointments', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'committee staff appointment',
                'verbose_name_plural': 'committee staff appointments',
                'ordering': ['pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('starts_on__isnull', True), ('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='appointment_span'), models.UniqueConstraint(condition=models.Q(('ends_on__isnull', True)), fields=('user', 'committee'), name='appointment_one_open')],
            },
        ),
        migrations.CreateModel(
            name='Exemption',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first_month', models.DateField(verbose_name='first month')),
                ('last_month', models.DateField(verbose_name='last month')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
                ('approved_at', models.DateTimeField(blank=True, null=True, verbose_name='decided at')),
                ('approved_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exemptions', to='members.member')),
                ('decision_note', models.CharField(blank=True, max_length=200, verbose_name='note on the decision')),
                ('requested_at', models.DateTimeField(blank=True, null=True, verbose_name='requested at')),
                ('requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('state', models.CharField(choices=[('REQUESTED', 'waiting for approval'), ('APPROVED', 'approved'), ('REFUSED', 'refused')], default='APPROVED', max_length=10, verbose_name='state')),
            ],
            options={
                'verbose_name': 'exemption',
                'verbose_name_plural': 'exemptions',
                'ordering': ['first_month', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('last_month__gte', models.F('first_month'))), name='exemption_span'), models.UniqueConstraint(condition=models.Q(('state__in', ['REQUESTED', 'APPROVED'])), fields=('member', 'first_month'), name='exemption_one_start'), models.CheckConstraint(condition=models.Q(models.Q(('approved_at__isnull', True), ('approved_by__isnull', True), ('state', 'REQUESTED')), models.Q(('approved_at__isnull', False), ('approved_by__isnull', False), ('state__in', ['APPROVED', 'REFUSED'])), _connector='OR'), name='exemption_state')],
            },
        ),
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
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='roll_changes', to='members.member')),
            ],
            options={
                'verbose_name': 'change of the roll',
                'verbose_name_plural': 'changes of the roll',
                'ordering': ['-takes_effect_on', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['TRANSFER', 'POSITION', 'DUTY', 'FULL_MEMBER', 'RETIREMENT', 'END', 'RETURN'])), name='roll_change_kind')],
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=120)),
                ('subject', models.CharField(max_length=200, verbose_name='subject')),
                ('url', models.CharField(blank=True, max_length=200)),
                ('created_at', models.DateTimeField(verbose_name='created at')),
                ('read_at', models.DateTimeField(blank=True, null=True, verbose_name='read at')),
                ('delivery', models.CharField(choices=[('NONE', 'in the system only'), ('PENDING', 'waiting to be sent'), ('SENT', 'sent'), ('FAILED', 'failed')], default='NONE', max_length=10, verbose_name='delivery')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                ('attempted_at', models.DateTimeField(blank=True, null=True, verbose_name='last attempt at')),
                ('error', models.TextField(blank=True, verbose_name='error')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'notice',
                'verbose_name_plural': 'notices',
                'ordering': ['-created_at', '-pk'],
                'indexes': [models.Index(fields=['delivery'], name='notice_delivery_idx')],
                'constraints': [models.UniqueConstraint(fields=('user', 'key'), name='notice_once'), models.CheckConstraint(condition=models.Q(('delivery__in', ['NONE', 'PENDING', 'SENT', 'FAILED'])), name='notice_delivery')],
            },
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('verb', models.CharField(max_length=40, verbose_name='step')),
                ('target_type', models.CharField(max_length=40)),
                ('target_id', models.PositiveBigIntegerField(blank=True, null=True)),
                ('details', models.JSONField(blank=True, default=dict)),
                ('branch', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='branches.branch')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to=settings.AUTH_USER_MODEL)),
                ('member', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.member')),
            ],
            options={
                'verbose_name': 'event',
                'verbose_name_plural': 'events',
                'ordering': ['-at', '-pk'],
                'indexes': [models.Index(fields=['target_type', 'target_id'], name='event_target'), models.Index(fields=['at'], name='event_at')],
            },
        ),
    ]

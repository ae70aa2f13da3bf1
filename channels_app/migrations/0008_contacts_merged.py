
import django.db.models.deletion
import django.utils.timezone
import tenants.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels_app', '0007_media'),
    ]

    operations = [
        migrations.CreateModel(
            name='ContactMerge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('moved', tenants.fields.EncryptedJSONField(default=dict)),
                ('actor', models.CharField(max_length=120)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('undone_by', models.CharField(blank=True, default='', max_length=120)),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='MergeSuggestion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('evidence', tenants.fields.EncryptedJSONField(default=list)),
                ('state', models.CharField(choices=[('open', 'Open'), ('merged', 'Merged'), ('dismissed', 'Not the same person')], default='open', max_length=16)),
                ('decided_by', models.CharField(blank=True, default='', max_length=120)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
            ],
            options={
                'ordering': ['-pk'],
            },
        ),
        migrations.AddField(
            model_name='contact',
            name='absorbed_into',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='absorbed', to='channels_app.contact'),
        ),
        migrations.AddField(
            model_name='contactidentity',
            name='compared_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='contactidentity',
            name='proven_email',
            field=models.CharField(blank=True, default='', max_length=32),
        ),
        migrations.AddField(
            model_name='contactidentity',
            name='proven_phone',
            field=models.CharField(blank=True, default='', max_length=32),
        ),
        migrations.AddIndex(
            model_name='contactidentity',
            index=models.Index(condition=models.Q(('proven_phone', ''), _negated=True), fields=['proven_phone'], name='identities_by_phone'),
        ),
        migrations.AddIndex(
            model_name='contactidentity',
            index=models.Index(condition=models.Q(('proven_email', ''), _negated=True), fields=['proven_email'], name='identities_by_email'),
        ),
        migrations.AddIndex(
            model_name='contactidentity',
            index=models.Index(condition=models.Q(('compared_at', None), models.Q(('proven_email', ''), ('proven_phone', ''), _negated=True)), fields=['id'], name='identities_to_compare'),
        ),
        migrations.AddField(
            model_name='contactmerge',
            name='absorbed',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='absorptions', to='channels_app.contact'),
        ),
        migrations.AddField(
            model_name='contactmerge',
            name='survivor',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='merges', to='channels_app.contact'),
        ),
        migrations.AddField(
            model_name='mergesuggestion',
            name='one',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='suggested_merges', to='channels_app.contact'),
        ),
        migrations.AddField(
            model_name='mergesuggestion',
            name='other',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='suggested_for', to='channels_app.contact'),
        ),
        migrations.AddConstraint(
            model_name='contactmerge',
            constraint=models.UniqueConstraint(condition=models.Q(('undone_at', None)), fields=('absorbed',), name='absorbed_by_one_at_a_time'),
        ),
        migrations.AddIndex(
            model_name='mergesuggestion',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['-id'], name='suggestions_open'),
        ),
        migrations.AddConstraint(
            model_name='mergesuggestion',
            constraint=models.UniqueConstraint(fields=('one', 'other'), name='one_suggestion_per_pair'),
        ),
    ]

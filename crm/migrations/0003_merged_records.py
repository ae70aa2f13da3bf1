
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('crm', '0002_dead_sync_records'),
    ]

    operations = [
        migrations.AddField(
            model_name='syncrecord',
            name='merged_into',
            field=models.CharField(blank=True, default='', max_length=160),
        ),
    ]


import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0002_score_is_the_sum'),
    ]

    operations = [
        migrations.AddField(
            model_name='lead',
            name='absorbed_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='absorbed', to='leads.lead'),
        ),
    ]

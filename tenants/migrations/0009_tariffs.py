from decimal import Decimal

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import tenants.meters


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0008_webhook_events'),
    ]

    operations = [
        migrations.CreateModel(
            name='Tariff',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('effective_from', models.DateField()),
                ('currency', models.CharField(default='USD', max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}\\Z', 'Three capital letters, such as EUR.')])),
                ('monthly_price', models.DecimalField(decimal_places=3, default=Decimal('0'), max_digits=12, validators=[django.core.validators.MinValueValidator(0)])),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tariffs', to='tenants.plan')),
            ],
            options={
                'ordering': ['plan', '-effective_from'],
                'constraints': [
                    models.UniqueConstraint(fields=('plan', 'effective_from'), name='one_tariff_a_day'),
                    models.CheckConstraint(condition=models.Q(('monthly_price__gte', 0)), name='tariff_price_is_no_gift'),
                ],
            },
        ),
        migrations.CreateModel(
            name='TariffLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('meter', models.CharField(choices=tenants.meters.meter_choices, max_length=32)),
                ('included', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=20, validators=[django.core.validators.MinValueValidator(0)])),
                ('unit_price', models.DecimalField(decimal_places=6, default=Decimal('0'), max_digits=14, validators=[django.core.validators.MinValueValidator(0)])),
                ('per', models.DecimalField(decimal_places=6, default=Decimal('1'), max_digits=20, validators=[django.core.validators.MinValueValidator(Decimal('0.000001'))])),
                ('hard_cap', models.DecimalField(blank=True, decimal_places=6, max_digits=20, null=True, validators=[django.core.validators.MinValueValidator(0)])),
                ('tariff', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='tenants.tariff')),
            ],
            options={
                'ordering': ['pk'],
                'constraints': [
                    models.UniqueConstraint(fields=('tariff', 'meter'), name='one_line_a_meter'),
                    models.CheckConstraint(condition=models.Q(('included__gte', 0), ('per__gt', 0), ('unit_price__gte', 0)), name='tariff_line_makes_sense'),
                ],
            },
        ),
        migrations.CreateModel(
            name='Subscription',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_on', models.DateField()),
                ('tax_label', models.CharField(blank=True, default='', max_length=40)),
                ('tax_percent', models.DecimalField(decimal_places=3, default=Decimal('0'), max_digits=6, validators=[django.core.validators.MinValueValidator(0)])),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='subscriptions', to='tenants.company')),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='subscriptions', to='tenants.plan')),
            ],
            options={
                'ordering': ['-starts_on'],
                'constraints': [models.UniqueConstraint(fields=('company', 'starts_on'), name='one_plan_a_day')],
            },
        ),
    ]

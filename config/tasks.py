"""When things start by themselves. ``manage.py crontab`` (beat) loads this file by its name."""

from dramatiq_crontab import cron

from config import actors

cron("* * * * *")(actors.sweep_companies)
cron("* * * * *")(actors.poll_companies)
cron("*/5 * * * *")(actors.push_companies)  # hot leads do not wait for this

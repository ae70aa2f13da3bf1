"""When things start by themselves. ``manage.py crontab`` (beat) loads this file by its name."""

from apscheduler.triggers.cron import CronTrigger
from dramatiq_crontab import cron, scheduler

from config import actors, watching

cron("* * * * *")(actors.sweep_companies)
cron("* * * * *")(actors.poll_companies)
cron("* * * * *")(actors.watch_companies)
# Here and not in a worker: who else would notice that there is none?
scheduler.add_job(
    watching.watch_for_the_workers, CronTrigger.from_crontab("* * * * *"), name="watch_the_workers"
)
cron("*/10 * * * *")(actors.examine_companies)
cron("*/5 * * * *")(actors.take_vitals_of_companies)
cron("*/5 * * * *")(actors.erase_companies)  # what the click that rang could not finish
cron("23 3 * * *")(actors.prune_companies)
cron("*/5 * * * *")(actors.count_companies)
cron("*/5 * * * *")(actors.push_companies)  # hot leads do not wait for this

"""What we say of web pages and of answers that cannot be: kept in English, told in any language."""

from django.utils.translation import gettext_noop as _

from tenants.told import Sentence

NO_ADDRESS = _("This is not a web address.")
UNREACHED = Sentence(_("The site could not be reached: %(why)s"))
NO_ROBOTS = Sentence(_("The site's robots.txt could not be read: HTTP %(status)s."))
STOPPED_BYTES = _("Stopped: this source holds more than we take in one round.")
STOPPED_TIME = _("Stopped: this round took too long.")
STOPPED_PAGES = _("The limit of pages was reached; more are linked.")
NOTHING_READ = _("No page could be read.")

FORBIDDEN = _("robots.txt asks not to visit it.")
FORBIDDEN_ONWARD = _("robots.txt asks not to visit where it leads.")
NOT_TO_BE_KEPT = _("The page asks not to be kept.")
GONE = Sentence(_("The site says that it is gone (HTTP %(status)s)."))
ANSWERED = Sentence(_("The site answered HTTP %(status)s."))
ELSEWHERE = Sentence(_("Leads to %(address)s"))
KNOWN_AS = Sentence(_("Known as %(address)s"))
SAYS_THE_SAME = Sentence(_("Says what %(address)s says"))
UNREADABLE_KIND = Sentence(_("We cannot read what is there: %(kind)s."))

NO_SITEMAP = _("This is not a sitemap.")
BROKEN_SITEMAP = _("This is not a sitemap we can read.")
DEEP_SITEMAP = _("This sitemap is nested too deeply.")
DECLARING_SITEMAP = _("This sitemap declares entities, which none may.")
LARGE_SITEMAP = _("This sitemap is too large once unpacked.")

DATES_REVERSED = _("The last day lies before the first.")
NO_QUESTION = _("Write at least one question.")
MANY_QUESTIONS = Sentence(_("At most %(most)s ways to put a question."))
LONG_QUESTION = Sentence(_("A question has at most %(most)s characters."))
NO_ANSWER = _("Write the answer.")
LONG_ANSWER = Sentence(_("An answer has at most %(most)s characters."))

"""What happens to leads by itself: the rules, and whom each would touch."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from leads.forms.automation import StageRuleForm
from leads.models import StageRule
from leads.services import automation
from tenants.access import needs
from tenants.accounts.http import AuthenticatedRequest

SHOWN = 10


@needs("leads.view_stagerule", change="leads.add_stagerule")
@require_http_methods(["GET", "POST"])
def rules(request: AuthenticatedRequest) -> HttpResponse:
    """Every rule with those it would act on now; a new one is off."""
    form = StageRuleForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            automation.add_rule(**form.words, actor=request.user.actor)
        except ValidationError as error:
            for field, said in error.message_dict.items():
                form.add_error(field if field in form.fields else None, said)
        else:
            return redirect("leads:automation")
    shown = [
        (
            rule,
            automation.sentence(rule),
            automation.touched_by(rule).count(),
            list(automation.touched_by(rule).with_people()[:SHOWN]),
        )
        for rule in StageRule.objects.all()
    ]
    return render(
        request,
        "leads/automation.html",
        {"title": _("Automation"), "rules": shown, "form": form},
        status=422 if form.is_bound else 200,
    )


@needs("leads.change_stagerule")
@require_POST
def switch(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    rule = get_object_or_404(StageRule, pk=pk)
    automation.switch_rule(rule=rule, is_on=request.POST.get("on") == "1", actor=request.user.actor)
    return redirect("leads:automation")


@needs("leads.delete_stagerule")
@require_POST
def remove(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    automation.remove_rule(rule=get_object_or_404(StageRule, pk=pk), actor=request.user.actor)
    return redirect("leads:automation")

"""What pages of the AI Act desk say and draw: law words as people read them, marks of doubt, pictures."""

from collections.abc import Mapping

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from fabrica.aiact.in_words import CONFIDENCE, TIERS, name_in_words
from fabrica.aiact.intake.page import wording_of
from fabrica.server.portal.icons import icon
from fabrica.wire.aiact import Confidence, Standing

register = template.Library()

SURENESS = {
    "text": _("text of the law"),
    "guidance": _("guidance"),
    "secondary": _("secondary source"),
    "draft": _("draft"),
    "open": _("contested"),
}
KINDS = {
    "duty": _("applies"),
    "formal": _("by the letter of the law"),
    "update": _("update"),
    "retention": _("kept until"),
}


@register.filter
def tier_words(tier: str) -> str:
    """Write a tier in words."""
    return TIERS[tier]


@register.filter
def name_words(name: str) -> str:
    """Write a tier, a role or a duty in words."""
    return name_in_words(name)


@register.filter
def question_words(fact: str) -> str:
    """Write a fact as the question that asks for it."""
    return wording_of(fact)


@register.filter
def confidence_words(confidence: Confidence) -> str:
    """Write what a confidence means."""
    return CONFIDENCE[confidence]


@register.filter
def kind_words(kind: str) -> str:
    """Write the kind of an entry of the calendar."""
    return str(KINDS[kind])


@register.filter
def plain(name: str) -> str:
    """Write a name of the data, such as `gpai_provider`, as words."""
    return str(name).replace("_", " ")


@register.filter
def yes_no(value: bool | None) -> str:
    """Write a finding; None is not known yet."""
    if value is None:
        return format_html('<span class="claim-unknown">{}</span>', gettext("not known yet"))
    return gettext("yes") if value else gettext("no")


@register.simple_tag
def sureness(confidence: Confidence) -> SafeString:
    """Write how sure a reading is as a mark; drafts and contested readings stand out by icon, word and outline."""
    doubted = confidence in ("draft", "open")
    drawn = icon("warning" if doubted else "notice")
    return format_html('<span class="mark sureness sureness-{}">{}{}</span>', confidence, drawn, SURENESS[confidence])


@register.simple_tag
def standing(given: Mapping[str, Standing], name: str) -> SafeString:
    """Write that an open question may still undo a tier or role, where it may."""
    if given.get(name, "final") == "final":
        return SafeString("")
    return format_html(' <span class="mark mark-open">{}</span>', gettext("may still be undone"))

"""What pages of the AI Act desk say and draw: law words as people read them, marks of doubt, pictures."""

import re
from collections.abc import Mapping
from datetime import date

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from fabrica.aiact.documents.shape import RECIPIENTS, STATES
from fabrica.aiact.figures import significant
from fabrica.aiact.in_words import (
    TIERS,
    cited_in_words,
    confidence_in_words,
    law_of_the_day,
    leading_tiers,
    name_in_words,
)
from fabrica.aiact.intake.page import answer_in_words, wording_of
from fabrica.server.core import clock
from fabrica.server.portal import charts
from fabrica.server.portal.icons import icon
from fabrica.server.portal.margins import margin_track
from fabrica.wire.accounts import Margin
from fabrica.wire.aiact import Confidence, Standing
from fabrica.wire.documents import Block, DocumentItem, FillRate

register = template.Library()

_LABEL = re.compile(r"(?:^|(?<=\. ))([a-z][a-z0-9 ]{1,30}): ")

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
VERSION_STATES = {
    "draft": _("Draft"),
    "released": _("Released"),
    "replaced": _("Replaced"),
    "withdrawn": _("Withdrawn"),
}
DIFFERENCES = {
    "role": _("Role"),
    "tier": _("Class"),
    "obligation": _("Duty"),
    "date": _("Day"),
    "fine": _("Fine"),
}
STANDINGS = {"final": _("yes"), "unless_shown_otherwise": _("yes, but it may still be undone")}
RELATIONS = {
    "finetuned_from": _("fine-tuned from"),
    "continued_from": _("trained on from"),
    "distilled_from": _("distilled from"),
    "merged_from": _("merged from"),
}
EVENTS = {
    "facts": _("Facts were told"),
    "sources": _("Compute from outside was entered"),
    "item": _("An item was answered:"),
    "evidence": _("Evidence was entered:"),
    "result": _("The class was found"),
    "issued": _("A document was issued:"),
}
MARGINS = {
    "below": _("below the threshold"),
    "within_margin": _("within the margin of error"),
    "above": _("above the threshold"),
    "unknown": _("not known"),
}
ITEM_ICONS = {
    "automatic": "succeeded",
    "confirmed": "succeeded",
    "typed": "succeeded",
    "to_confirm": "notice",
    "to_type": "write",
    "missing": "missing",
}


@register.filter
def tier_words(tier: str) -> str:
    """Write a tier in words."""
    return TIERS[tier]


@register.filter
def law_then(as_of: date) -> str:
    """Write which amendments a day comes before; nothing for a day after all of them."""
    return law_of_the_day(as_of)


@register.filter
def leading(tiers: tuple[str, ...], standing: Mapping[str, str]) -> tuple[str, ...]:
    """Return the tiers that a page leads with."""
    return leading_tiers(tiers, standing)


@register.filter
def name_words(name: str) -> str:
    """Write a tier, a role or a duty in words."""
    return name_in_words(name)


@register.filter
def question_words(fact: str) -> str:
    """Write a fact as the question that asks for it."""
    return wording_of(fact)


@register.filter
def answer_words(fact: str, value: object) -> str:
    """Write an answer in the words it was chosen by."""
    return answer_in_words(fact, value)


@register.filter
def confidence_words(confidence: Confidence | None) -> str:
    """Write what a confidence means."""
    return confidence_in_words(confidence)


@register.filter
def cited(citation: str) -> str:
    """Write a citation with guidelines by their names."""
    return cited_in_words(citation)


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
def sureness(confidence: str | None) -> SafeString:
    """Write how sure a reading is as a mark; drafts and contested readings stand out by icon, word and outline.

    Of a confidence with a remark, such as `guidance; see 3.2`, its first word counts; None is no mark.
    """
    if confidence is None:
        return SafeString("")
    confidence = confidence.replace(";", " ").split()[0]
    doubted = confidence in ("draft", "open")
    drawn = icon("warning" if doubted else "notice")
    return format_html('<span class="mark sureness sureness-{}">{}{}</span>', confidence, drawn, SURENESS[confidence])


@register.simple_tag
def standing(given: Mapping[str, Standing], name: str) -> SafeString:
    """Write that an open question may still undo a tier or role, where it may."""
    if given.get(name, "final") == "final":
        return SafeString("")
    return format_html(' <span class="mark mark-open">{}</span>', gettext("may still be undone"))


@register.simple_tag
def margin(one: Margin, planned_flop: float | None = None) -> SafeString:
    """Write how far compute is from a threshold, as a picture."""
    return margin_track(one, planned_flop)


@register.simple_tag
def fill_bar(rate: FillRate) -> SafeString:
    """Write how far a document is filled, as a bar; the same stands beside it in words."""
    parts = (
        ("fill-automatic", rate.automatic),
        ("fill-person", rate.confirmed + rate.typed),
        ("fill-confirm", rate.to_confirm),
    )
    words = gettext("%(done)s of %(all)s items are filled, %(confirm)s wait to be confirmed") % {
        "done": rate.automatic + rate.confirmed + rate.typed,
        "all": rate.items,
        "confirm": rate.to_confirm,
    }
    return charts.bar([(name, float(count)) for name, count in parts], whole=float(rate.items), title=words)


@register.filter
def flop(value: float | None) -> str:
    """Write an amount of compute with three significant digits; None is unknown."""
    if value is None:
        return format_html('<span class="claim-unknown">{}</span>', gettext("unknown"))
    return f"{significant(value, 3)} FLOP"


@register.filter
def days_until(day: date) -> str:
    """Write how far away a day is."""
    days = (day - clock.now().date()).days
    if days == 0:
        return gettext("today")
    if days < 0:
        return ngettext("%(days)s day ago", "%(days)s days ago", -days) % {"days": f"{-days:,}"}
    return ngettext("in %(days)s day", "in %(days)s days", days) % {"days": f"{days:,}"}


@register.filter
def margin_words(state: str) -> str:
    """Write where compute stands against a threshold."""
    return str(MARGINS[state])


@register.filter
def energy_mwh(megawatt_hours: float) -> str:
    """Write energy with three significant digits; less than a kilowatt-hour in watt-hours as well."""
    words = f"{significant(megawatt_hours, 3)} MWh"
    return words if megawatt_hours >= 1e-3 else f"{significant(megawatt_hours * 1e6, 3)} Wh ({words})"


@register.filter
def version_state(state: str) -> str:
    """Write the state of a version."""
    return str(VERSION_STATES[str(state)])


@register.filter
def difference_words(kind: str) -> str:
    """Write what kind of thing differs between two results."""
    return str(DIFFERENCES[kind])


@register.filter
def standing_words(words: str) -> str:
    """Write how a tier or role stands in a comparison; anything else as it is."""
    return str(STANDINGS.get(words, words))


@register.filter
def passage_parts(text: str) -> list[tuple[str, str]]:
    """Return a statement of the law's data as labels with their words; what has no label stands under an empty one."""
    first, *rest = (part.strip() for part in _LABEL.split(text))
    told = [("", first)] if first else []
    told += [(label.capitalize(), words) for label, words in zip(rest[::2], rest[1::2], strict=True)]
    return [(label, words.removesuffix(".")) for label, words in told[:-1]] + told[-1:]  # a full stop parted them


@register.filter
def relation_words(relation: str) -> str:
    """Write how a version was made from another."""
    return str(RELATIONS[relation])


@register.filter
def event_words(what: str) -> str:
    """Write what happened to a version."""
    return str(EVENTS[what])


@register.filter
def recipient_words(recipient: str) -> str:
    """Write who is sent a document."""
    return RECIPIENTS[recipient]


@register.filter
def file_ending(name: str) -> str:
    """Write the kind of a file, `PDF` of `document.pdf`."""
    return name.rpartition(".")[2].upper()


@register.filter
def single_row(block: Block) -> list[tuple[str, str]]:
    """Return the columns of a block of one row with their values."""
    return list(zip(block.columns, block.rows[0], strict=True))


@register.simple_tag
def item_state(item: DocumentItem) -> SafeString:
    """Write how an item of a document stands: an icon and a word; what is open and optional says so."""
    words = STATES[item.state]
    drawn = icon(ITEM_ICONS[item.state])
    optional = gettext(" · optional") if item.optional else ""
    return format_html('<span class="mark item-mark item-mark-{}">{}{}{}</span>', item.state, drawn, words, optional)

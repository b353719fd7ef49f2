"""Pages of the intake: only what still matters is asked; answers stay in the browser's session until they are saved."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import HttpResponseClientRedirect, replace_url

from fabrica.aiact import library
from fabrica.aiact.calendar.entries import System as CalendarSystem
from fabrica.aiact.calendar.entries import make_calendar
from fabrica.aiact.in_words import name_in_words
from fabrica.aiact.intake import sitting as sittings
from fabrica.aiact.intake.asking import questions
from fabrica.aiact.intake.comparing import compare as compared
from fabrica.aiact.intake.page import answer_in_words, wording_of
from fabrica.aiact.intake.proposals import LONGEST_TEXT, proposals, value_of
from fabrica.aiact.intake.wording import checklists
from fabrica.server.aiact import intakes, permissions, queries
from fabrica.server.aiact.calendars import drawn
from fabrica.server.aiact.forms import DayForm
from fabrica.server.aiact.intakes import Intake
from fabrica.server.aiact.results import shown
from fabrica.server.core import clock
from fabrica.server.core.requests import Viewed
from fabrica.wire.aiact import FactMalformed, FactsContradict, UnknownFact
from fabrica.wire.intake import Difference, Outlook, Question
from fabrica.wire.problems import FabricaError, NotFound

_WRONG_ANSWER = (UnknownFact, FactMalformed, FactsContradict)


@require_GET
def begin(request: Viewed) -> HttpResponse:
    """Show the start of an intake, and those that this browser keeps."""
    return _start(request)


def _start(request: Viewed, problem: FabricaError | None = None) -> HttpResponse:
    context = {"kept": intakes.kept(request.session), "kept_max": intakes.KEPT_MAX, "problem": problem}
    return render(request, "aiact/intakes.html", context, status=problem.status if problem else 200)


@require_POST
def start(request: Viewed) -> HttpResponse:
    """Begin an intake: from nothing, from a saved file, or with the facts that somebody's own words suggest."""
    file = request.FILES.get("file")
    try:
        told = intakes.read_file(file.read(intakes.FILE_BYTES_MAX + 1)) if file else sittings.begin({})
        name = " ".join(request.POST.get("name", "").split()) or _("Untitled")
        new = intakes.add(request.session, name, told)
    except FabricaError as problem:
        return _start(request, problem)
    found = proposals(request.POST.get("words", "")[:LONGEST_TEXT])
    intakes.propose(request.session, new.number, found)
    return redirect("aiact:intake", new.number)


@require_GET
def intake(request: Viewed, number: int) -> HttpResponse:
    """Show the question that matters most, or the one that is asked for, with the result so far."""
    return _step(request, intakes.intake(request.session, number), again=request.GET.get("question", ""))


def _step(request: Viewed, found: Intake, *, again: str = "", problem: FabricaError | None = None) -> HttpResponse:
    """Return the page, or for htmx its changing part alone. `again` is the question to show."""
    look = found.outlook()
    question = _asked_again(again, look) or next(iter(look.questions), None)
    left = len(look.questions)
    context = {
        "intake": found,
        "look": look,
        "question": question,
        "given": look.sitting.answers.get(question.id) if question else None,
        "problem": problem,
        "progress": (look.asked, look.asked + left),
        "left": left,
        "answers": [(key, wording_of(key), answer_in_words(key, value)) for key, value in look.sitting.answers.items()],
        "unknown": [(key, wording_of(key)) for key in look.sitting.unknown],
        "proposals": [(one, wording_of(one.fact)) for one in found.proposals],
        **_targets(request, found),
    }
    if request.htmx:  # type: ignore[attr-defined]  # set by its middleware
        return render(request, "aiact/intake_step.html", context)
    return render(request, "aiact/intake.html", context, status=problem.status if problem else 200)


def _targets(request: Viewed, found: Intake) -> dict[str, Any]:
    """Return where the answers can be saved: the version they were begun for, or those of the same kind."""
    by, artefact = request.actor, found.sitting.answers.get("artefact")
    versions = {
        one.id: f"{one.system_name} {one.label}"
        for system in queries.systems(by)
        for one in system.versions
        if artefact in (None, system.kind) and permissions.writes(by, project=system.project)
    }
    return {"target": versions.get(found.version) if found.version else None, "targets": list(versions.items())}


def _asked_again(again: str, look: Outlook) -> Question | None:
    """Return a question that was answered already, to answer it anew; None when there is none of this name."""
    if again in checklists():
        facts = [fact for fact in checklists()[again].facts if fact not in look.sitting.answers]
    else:
        facts = [again] if again in library.vocabulary() and again != "as_of" else []
    return next(iter(questions(dict.fromkeys(facts, ()), ())), None)


@require_POST
def answer(request: Viewed, number: int) -> HttpResponse:
    """Take one answer, or that it is not known, and show the next question."""
    try:
        found = intakes.intake(request.session, number)
    except NotFound:
        if not request.htmx:  # type: ignore[attr-defined]  # set by its middleware
            raise
        return HttpResponseClientRedirect(reverse("aiact:intakes"))
    question = request.POST.get("question", "")
    try:
        after = sittings.answer(found.sitting, question, _value(request.POST, question))
    except _WRONG_ANSWER as problem:
        return _step(request, found, again=question, problem=problem)
    return _kept(request, replace(found, sitting=after))


def _kept(request: Viewed, found: Intake) -> HttpResponse:
    intakes.keep(request.session, found)
    if not request.htmx:  # type: ignore[attr-defined]  # set by its middleware
        return redirect("aiact:intake", found.number)
    answered = _step(request, found)
    return replace_url(answered, reverse("aiact:intake", args=[found.number]))  # no longer that of an earlier question


def _value(form: QueryDict, question: str) -> Any:
    """Return what a form answers, as the workshop takes it; None for "I do not know"."""
    if "unknown" in form:
        return None
    fact = library.vocabulary().get(question)
    if question in checklists() or (fact is not None and fact.type == "list"):
        return form.getlist("value")
    value = form.get("value", "").strip()
    if fact is not None and fact.type == "bool":
        return {"True": True, "False": False}.get(value, value)
    return value


@require_POST
def undo(request: Viewed, number: int) -> HttpResponse:
    """Take the last answer back."""
    found = intakes.intake(request.session, number)
    return _kept(request, replace(found, sitting=sittings.undo(found.sitting)))


@require_POST
def confirm(request: Viewed, number: int) -> HttpResponse:
    """Take those proposals that the person ticked, and drop the others."""
    found = intakes.intake(request.session, number)
    ticked = set(request.POST.getlist("proposal"))
    refused: FabricaError | None = None
    after = found.sitting
    for one in found.proposals:
        if f"{one.fact}={one.value}" not in ticked:
            continue
        value: Any = value_of(one)
        if library.vocabulary()[one.fact].type == "list":
            value = sorted({*after.answers.get(one.fact, ()), value})
        try:
            after = sittings.answer(after, one.fact, value)
        except _WRONG_ANSWER as problem:
            refused = problem
    intakes.keep(request.session, replace(found, sitting=after, proposals=()))
    if refused is not None:
        messages.warning(request, str(refused))
    return redirect("aiact:intake", number)


@require_POST
def copy(request: Viewed, number: int) -> HttpResponse:
    """Begin a second intake with the same answers, to change some and compare."""
    try:
        found = intakes.intake(request.session, number)
        new = intakes.copy(request.session, number, _("%(name)s, variant") % {"name": found.name})
    except FabricaError as problem:
        return _start(request, problem)
    messages.info(request, _("This is a copy. Change an answer, then compare the two."))
    return redirect("aiact:intake", new.number)


@require_POST
def forget(request: Viewed, number: int) -> HttpResponse:
    """Delete an intake from this browser's session."""
    intakes.forget(request.session, number)
    return redirect("aiact:intakes")


@require_GET
def answers(request: Viewed, number: int) -> HttpResponse:
    """Return the answers as a file that this page loads again and `fabrica aiact classify` reads."""
    found = intakes.intake(request.session, number)
    content = json.dumps(sittings.as_saved(found.sitting), indent=1, ensure_ascii=False) + "\n"
    return HttpResponse(
        content,
        content_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="ai-act-answers.json"'},
    )


@require_GET
def result(request: Viewed, number: int) -> HttpResponse:
    """Show what the Act makes of the answers on a day, on paper too: class, why, duties, days, open questions."""
    found = intakes.intake(request.session, number)
    form = DayForm.asked(request.GET)
    day = form.day
    calendar = make_calendar([CalendarSystem(found.name, found.sitting.answers)], day)
    context = {
        "intake": found,
        "form": form,
        "shown": shown(found.sitting.answers, day),
        "calendar": drawn(calendar),
        "answers": [(wording_of(key), answer_in_words(key, value)) for key, value in found.sitting.answers.items()],
        "unknown": [wording_of(key) for key in found.sitting.unknown],
        **_targets(request, found),
    }
    return render(request, "aiact/intake_result.html", context)


@require_GET
def compare(request: Viewed) -> HttpResponse:
    """Show what changes from one intake of this browser to another, and the answers that make each difference."""
    kept = {str(one.number): one for one in intakes.kept(request.session)}
    one, other = (kept.get(request.GET.get(name, "")) for name in ("one", "other"))
    context: dict[str, Any] = {"kept": kept.values(), "one": one, "other": other}
    if one is not None and other is not None:
        context |= _comparison(one, other, clock.now().date())
    return render(request, "aiact/compare.html", context)


def _comparison(one: Intake, other: Intake, day: date) -> Mapping[str, Any]:
    found = compared(one.sitting.answers, other.sitting.answers, day)
    facts = [
        (wording_of(fact.fact), *(_in_words(fact.fact, value) for value in (fact.before, fact.after)))
        for fact in found.facts
    ]
    return {"comparison": found, "facts": facts, "differences": _alike(found.differences)}


def _alike(differences: Iterable[Difference]) -> list[tuple[Difference, list[str], list[str]]]:
    """Return differences with their names and reasons; neighbours of one kind that change alike stand together."""
    groups = groupby(differences, key=lambda one: (one.kind, one.before, one.after, one.because))
    return [
        (together[0], [_title(one) for one in together], [wording_of(fact) for fact in together[0].because])
        for together in (list(group) for _, group in groups)
    ]


def _title(difference: Difference) -> str:
    return name_in_words(difference.what) if difference.kind in ("tier", "role") else difference.title


def _in_words(fact: str, value: Any) -> str:
    return _("not told") if value is None else answer_in_words(fact, value)

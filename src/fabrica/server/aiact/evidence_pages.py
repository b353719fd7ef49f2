"""Pages of typed evidence: what is known of one kind, and the rows that a person enters or loads from a file."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from fabrica.aiact import library
from fabrica.aiact.documents.layout import item_layout, kinds, layouts
from fabrica.aiact.documents.text import show_value
from fabrica.server.aiact import document_queries, permissions, queries, statement_service
from fabrica.server.aiact.document_pages import FUNCTION
from fabrica.server.aiact.evidence_forms import LISTED, ROWS_TYPED_MAX, RowForms, SaidForm, as_typed
from fabrica.server.core import clock
from fabrica.server.core.actors import Actor
from fabrica.server.core.requests import Viewed
from fabrica.values.ids import VersionId
from fabrica.wire.documents import Evidence, Origin
from fabrica.wire.problems import FabricaError, NotAllowed, NotFound
from fabrica.wire.systems import NewAnswers, Told

ROWS_SHOWN = 10


class Use(NamedTuple):
    """An item of a document that a kind of evidence answers."""

    template: str
    document: str
    item: str
    asks: str


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def evidence(request: Viewed, version: VersionId, kind: str) -> HttpResponse:
    """Show what is known of a kind with the form to enter it; on POST keep what was entered in the place of what stood.

    Raises:
        NotFound: no such version or kind, or the reader may not see it.
        NotAllowed: the reader does not work in the project.
    """
    by = request.actor
    queries.version_row(by, version)
    if kind not in kinds():
        raise NotFound(f"There is no kind of evidence {kind[:60]!r}.", remedy="Choose one at an item of a document.")
    if not permissions.edits(by, version=version):
        raise NotAllowed(
            "Only who works in the project enters evidence.", remedy="Ask its lead for the role of a member."
        )
    known = _known(by, version)
    stands = next((one for one in queries.standing(version, "evidence") if one.key == kind), None)
    said, rows = _forms(request, kind, stands, known)
    if request.method == "POST" and "more" not in request.POST and said.is_valid() and rows.is_valid():
        try:
            statement_service.say(by, version=version, told=_told(kind, said, rows))
        except NotAllowed:
            raise
        except FabricaError as problem:
            said.add_error(None, str(problem))
        else:
            request.session[FUNCTION] = said.cleaned_data["function"]
            messages.success(request, _("It is kept as evidence, with your name, the source and the day."))
            return redirect(_back(request, version, kind))
    context = {
        "version": queries.version(by, version),
        "kind": kind,
        "shape": kinds()[kind],
        "about": library.evidence_kinds()[kind],
        "said": said,
        "rows": rows,
        "more_fit": kinds()[kind].of != "one" and rows.total_form_count() < ROWS_TYPED_MAX,
        "listed": [(name, values) for name, values in _names(known) if name in kinds()[kind].fields],
        "others": [_shown(one) for one in known if one.kind == kind and one.held_by != "person" and any(one.rows)],
        "stands": stands,
        "uses": tuple(_uses(kind)),
        "back": _back(request, version, kind),
    }
    wrong = said.errors or (rows.is_bound and rows.total_error_count())
    return render(request, "aiact/evidence.html", context, status=422 if wrong and "more" not in request.POST else 200)


def _known(by: Actor, version: VersionId) -> tuple[Evidence, ...]:
    return document_queries.held(by, queries.version_row(by, version)).gathered.evidence


def _shown(one: Evidence) -> tuple[Evidence, list[list[tuple[str, str]]]]:
    """Return evidence with its first rows as words and values."""
    fields = kinds()[one.kind].fields
    rows = [[(fields[name].words, show_value(value)) for name, value in row.items()] for row in one.rows[:ROWS_SHOWN]]
    return one, rows


def _names(known: tuple[Evidence, ...]) -> list[tuple[str, list[str]]]:
    """Return the datasets and runs that any evidence names."""
    return [
        (name, sorted({str(row[name]) for one in known for row in one.rows if name in row and one.kind in kinds()}))
        for name in LISTED
    ]


def _forms(request: Viewed, kind: str, stands: Told | None, known: tuple[Evidence, ...]) -> tuple[SaidForm, Any]:
    """Return the form of who says it, and those of the rows: as they came, or as they stand with one more."""
    body: dict[str, Any] = stands.body if stands else {"rows": ()}
    origin = body.get("origin", {})
    initial = {
        "function": request.session.get(FUNCTION, ""),
        "source": origin.get("source", ""),
        "on": origin.get("on", clock.now().date()),
    }
    options: dict[str, Any] = {"prefix": "row", "form_kwargs": {"kind": kind}}
    if request.method == "POST":
        said = SaidForm(request.POST, request.FILES, kind=kind, initial=initial)
        data = _with_more(request.POST) if "more" in request.POST else request.POST
        return said, RowForms(data, **options)
    rows = [as_typed(row) for row in body["rows"]] or _untold(kind, known)
    return SaidForm(None, None, kind=kind, initial=initial), RowForms(initial=rows[:ROWS_TYPED_MAX], **options)


def _with_more(given: QueryDict) -> QueryDict:
    """Return what was typed with one more empty row."""
    count = given.get("row-TOTAL_FORMS", "")
    data = given.copy()
    if count.isascii() and count.isdecimal() and len(count) < 4:
        data["row-TOTAL_FORMS"] = str(min(int(count) + 1, ROWS_TYPED_MAX))
    return data


def _untold(kind: str, known: tuple[Evidence, ...]) -> list[dict[str, str]]:
    """Return a row for each dataset or run of which nothing is told yet, so that it need not be typed."""
    of = kinds()[kind].of
    told = {str(row[of]) for one in known if one.kind == kind for row in one.rows if of in row}
    return [{of: name} for field, names in _names(known) if field == of for name in names if name not in told]


def _told(kind: str, said: SaidForm, rows: Any) -> NewAnswers:
    """Return the rows of the file, or those that were typed; a row that names its dataset or run alone says nothing."""
    cleaned = said.cleaned_data
    of = kinds()[kind].of
    typed = [form.row for form in rows.forms if set(form.row) - {of}]
    return NewAnswers(
        function=" ".join(cleaned["function"].split()),
        evidence={kind: tuple(typed if cleaned["file"] is None else cleaned["file"])},
        origins={kind: Origin(source=cleaned["source"], on=cleaned["on"])},
    )


def _back(request: Viewed, version: VersionId, kind: str) -> str:
    """Return the address of the item that the reader came from, else of this page."""
    template, _dot, item = request.GET.get("for", "").partition(".")
    if template in layouts() and any(item in section.items for section in layouts()[template].sections):
        return f"{reverse('aiact:document', args=[version, template])}#{item}"
    return reverse("aiact:evidence", args=[version, kind])


def _uses(kind: str) -> Iterator[Use]:
    for name, template in library.document_templates().items():
        for item in template.items:
            layout = item_layout(name, item.id)
            if kind in {need.kind for need in (*(one for group in layout.needs for one in group), *layout.also)}:
                yield Use(name, layouts()[name].short, item.id, item.asks)

"""What a person asks before they write answers: which documents there are, and what each item needs."""

from typing import Any

from fabrica.aiact import library
from fabrica.aiact.documents.fill import template_of
from fabrica.aiact.documents.layout import Need, item_layout, kinds, layouts


def about_templates() -> list[dict[str, Any]]:
    """Return every document with its article, its number of items and who may be sent it."""
    return [
        {
            "id": name,
            "title": one.title,
            "article": one.article,
            "items": len(one.items),
            "recipients": list(layouts()[name].recipients),
        }
        for name, one in library.document_templates().items()
    ]


def about_template(name: str) -> list[dict[str, Any]]:
    """Return the items of a document: what each asks, who fills it, and the evidence it needs with its fields.

    Raises:
        TemplateUnknown: there is no such document.
    """
    return [
        {
            "id": item.id,
            "asks": item.asks,
            "fill": item.fill,
            "needs": [" or ".join(map(_fields, group)) for group in item_layout(name, item.id).needs],
        }
        for item in template_of(name).items
    ]


def _fields(need: Need) -> str:
    if need.field or need.kind.startswith("doc:"):
        return str(need)
    required = [name for name, one in kinds()[need.kind].fields.items() if one.required]
    return f"{need.kind} ({', '.join(required)})" if required else need.kind

"""Looks inside a server's database, as a process of its own: books, chain, attempts. Prints one JSON object."""

import json
from typing import Any

from fabrica.server.config.start import setup


def main() -> None:
    setup()
    from fabrica.server.evidence import queries as evidence
    from fabrica.server.ledger import queries as ledger
    from fabrica.server.runs.models import Attempt, Run

    chain = evidence.check_chain()
    answer = {
        "books": ledger.check_books(),
        "chain_sound": chain.sound,
        "chain_words": chain.words,
        "runs": {str(row.pk): row.state for row in Run.objects.all()},
        "attempts": [_attempt(row) for row in Attempt.objects.order_by("run_id", "number")],
    }
    print(json.dumps(answer))


def _attempt(row: Any) -> dict[str, Any]:
    from fabrica.server.ledger import queries as ledger
    from fabrica.wire.runs import Usage

    reservation = ledger.reservation(row.pk)
    assert reservation is not None, "every attempt holds a reservation"
    return {
        "run": row.run_id,
        "attempt": row.pk,
        "site": row.site_id,
        "state": row.state,
        "reason": row.reason,
        "words": row.words,
        "used_milliseconds": Usage.model_validate(row.usage).charged_milliseconds,
        "charged_milliseconds": reservation.charged_milliseconds,
        "reserved_milliseconds": reservation.amount_milliseconds,
        "reservation": reservation.state.value,
    }


if __name__ == "__main__":
    main()

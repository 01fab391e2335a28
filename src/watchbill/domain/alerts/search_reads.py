"""Which alerts hold the words that somebody typed: somewhere in the summary, key or source, or in the service's name.

Words are cut at white space and hold none. Services are asked for first, by the names they have now, because a
condition with a query in it is one that the planner cannot judge.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Upper

from watchbill.domain.alerts.models import Alert, AlertState, SearchText
from watchbill.domain.services.models import Service

WORDS_MAX = 8
OPEN_STATES = (AlertState.TRIGGERED, AlertState.ACKNOWLEDGED)


@dataclass(frozen=True, slots=True)
class Word:
    """`services`: those that have it in their names."""

    text: str
    services: tuple[UUID, ...]


def words_in(query: str) -> list[Word]:
    """The longest first: it is the soonest known not to be there."""
    texts = sorted(query.split()[:WORDS_MAX], key=len, reverse=True)
    named: dict[int, list[UUID]] = {position: [] for position in range(len(texts))}
    if texts:
        one, *others = [
            Service.objects.filter(name__icontains=text).values_list(Value(position), "id")
            for position, text in enumerate(texts)
        ]
        for position, service in one.union(*others, all=True):
            named[position].append(service)
    return [Word(text, tuple(named[position])) for position, text in enumerate(texts)]


def in_alerts(words: Sequence[Word]) -> Q:
    """What alerts themselves are asked, for those that have no search text yet."""
    asked = Q()
    for word in words:
        asked &= (
            Q(summary__icontains=word.text)
            | Q(dedup_key__icontains=word.text)
            | Q(source__icontains=word.text)
            | _of_services(word)
        )
    return asked


def in_texts(words: Sequence[Word]) -> Q:
    """For search texts. The database folds the case in both, and in the same way as for alerts."""
    asked = Q()
    for word in words:
        asked &= Q(words__contains=Upper(Value(word.text))) | _of_services(word)
    return asked


def _of_services(word: Word) -> Q:
    return Q(service_id__in=word.services) if word.services else Q()


def texts_of_resolved() -> QuerySet[SearchText]:
    """By what is open, which is little and has an index."""
    return SearchText.objects.filter(~Exists(Alert.objects.filter(id=OuterRef("alert_id"), state__in=OPEN_STATES)))

"""The closed sets of words of the vocabulary, as enums of the graph."""

from __future__ import annotations

from enum import StrEnum

import strawberry

from models import vocabulary
from models.definition import FieldGroup, FieldType, ResponseMode
from resolvers.dispatching.statistics import TimeSlice
from resolvers.integrations.queries import IntegrationOrderField

_PERMISSION = """What a token may do. READ words show, WRITE words change. DISPATCH_READ runs capabilities whose \
effect is READ, DISPATCH_WRITE the others.
PROXY_REQUEST sends requests of the caller's own making with a stored connection. ORGANIZATION_ADMIN also sees \
restricted integrations. ACT_AS acts for users of the organization; only ORGANIZATION_ADMIN puts it into a token."""

for _words in (*vars(vocabulary).values(), FieldGroup, FieldType, ResponseMode, IntegrationOrderField, TimeSlice):
    if isinstance(_words, type) and issubclass(_words, StrEnum) and _words not in (StrEnum, vocabulary.Permission):
        strawberry.enum(_words, description=_words.__doc__)
strawberry.enum(vocabulary.Permission, description=_PERMISSION)

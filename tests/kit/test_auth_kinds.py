"""The table of auth kinds is total, and agrees with the secrets that people give."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import GraphQLInputObjectType, build_schema, get_named_type
from strawberry.utils.str_converters import to_camel_case

from models.vocabulary import AuthType
from resolvers.auth_kinds import KINDS
from resolvers.faults import Faults
from resolvers.secret import auth_type_at, check_fits, check_secret, credential_of, secret_of

SDL = build_schema((Path(__file__).parents[2] / "schema/schema.graphql").read_text())
WITH_A_SECRET = [auth_type for auth_type, kind in KINDS.items() if kind.needs_connection]


def _parts(auth_type: AuthType) -> dict[str, str]:
    return {part.name: f"{part.name}-of-a-test" for part in KINDS[auth_type].parts}


def test_has_a_kind_for_every_auth_type():
    assert set(KINDS) == set(AuthType)


@pytest.mark.parametrize("auth_type", WITH_A_SECRET)
def test_makes_a_secret_of_its_parts_and_a_credential_of_that(auth_type: AuthType):
    faults = Faults()

    secret = secret_of(auth_type, _parts(auth_type))
    check_secret(faults, secret)
    check_fits(faults, auth_type, secret)

    assert secret.parts() == _parts(auth_type)
    assert faults.found == []
    assert auth_type_at(auth_type, secret) is auth_type
    assert isinstance(credential_of(auth_type, secret.stored()), KINDS[auth_type].credential)


@pytest.mark.parametrize("auth_type", WITH_A_SECRET)
def test_each_part_has_its_place_in_the_graph(auth_type: AuthType):
    for part in KINDS[auth_type].parts:
        input_type = SDL.get_type("SecretInput")
        for step in part.place[1:]:
            assert isinstance(input_type, GraphQLInputObjectType)
            input_type = get_named_type(input_type.fields[to_camel_case(step)].type)

        assert str(input_type) == "String"


@pytest.mark.parametrize("auth_type", WITH_A_SECRET)
def test_a_form_has_a_label_for_each_part_that_a_person_enters(auth_type: AuthType):
    assert [part.name for part in KINDS[auth_type].entered if not part.label] == []

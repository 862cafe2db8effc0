"""Members of JSON objects that stand in others: every fault at once, each at its whole place."""

from __future__ import annotations

from typing import Any

import pytest

from models.errors import InvalidInput
from resolvers.unset import UNSET
from rest.kit import Members


def faults(members: Members) -> dict[str, str]:
    """The sentences by their places."""
    with pytest.raises(InvalidInput) as refused:
        members.checked(None)
    return {".".join(one.path): one.message for one in refused.value.violations}


def test_answers_the_command_if_nothing_is_wrong():
    members = Members({"name": "a", "limits": {"most": 3}, "tags": ["x"], "blocks": [{"id": "1"}, {"id": "2"}]})

    command = (
        members.required("name"),
        members.at("limits").number("most"),
        members.text_list("tags"),
        [block.required("id") for block in members.each("blocks")],
    )

    assert members.checked(command) == ("a", 3, ["x"], ["1", "2"])


def test_names_the_faults_of_all_levels_at_once_and_at_their_places():
    members = Members(
        {
            "name": 1,
            "limits": {"most": "3", "per": {"day": []}},
            "tags": ["x", 1, None],
            "blocks": [{"id": 1}, 7, {"ui": {"icon": 1}}],
        }
    )
    members.text("name")
    members.at("limits").number("most")
    members.at("limits").at("per").number("day")
    members.text_list("tags")
    for block in members.each("blocks"):
        block.text("id")
        block.at("ui").text("icon")

    assert faults(members) == {
        "name": "It must be text.",
        "limits.most": "It must be a whole number.",
        "limits.per.day": "It must be a whole number.",
        "tags.1": "It must be text.",
        "tags.2": "It must be text.",
        "blocks.1": "It must be a JSON object.",
        "blocks.0.id": "It must be text.",
        "blocks.2.ui.icon": "It must be text.",
    }


@pytest.mark.parametrize("inner", [[], "x", 1, True])
def test_a_member_of_another_type_is_a_fault_itself(inner: Any):
    members = Members({"at": inner, "each": inner if inner != [] else {}}, at=("outer",))

    assert members.at("at").text("name") is UNSET
    assert members.each("each") == []

    assert faults(members) == {
        "outer.at": "It must be a JSON object.",
        "outer.each": "It must be a list of JSON objects.",
    }


@pytest.mark.parametrize("values", [{}, {"at": None, "each": None, "list": None}])
def test_absent_and_null_ones_have_no_members(values: dict[str, Any]):
    members = Members(values)

    assert members.at("at").text("name") is UNSET
    assert members.each("each") == []
    assert members.text_list("list") is values.get("list", UNSET)
    assert members.checked(1) == 1


def test_requires_a_member_of_an_absent_object_at_its_place():
    members = Members({})

    members.at("target").required("url")

    assert faults(members) == {"target.url": "It is required."}

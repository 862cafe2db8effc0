"""Texts of remote services: cleaned before the secrets in them are looked for."""

from __future__ import annotations

import pytest

from proxy.shown import shown

SECRET = "token-4711-0815"


INVISIBLE = ("\u200b", "\u2060", "\xad", "\x00", "\x1b", "\u202e", "\ufe0f", "\u3164", "\ud800")


@pytest.mark.parametrize("hidden", INVISIBLE)
def test_a_secret_is_found_with_invisible_characters_in_it(hidden):
    said = f"It was {hidden}{hidden.join(SECRET)}{hidden}, they say."

    assert shown(said, [SECRET]) == "It was ***, they say."


def test_a_secret_is_found_though_cleaning_changes_it():
    assert shown("a two \n  words\tsecret b", ["two \n  words\tsecret"]) == "a *** b"


def test_other_texts_become_one_line():
    assert shown(" Zoë\r\n 日本\u2028x\x07 ", [SECRET]) == "Zoë 日本 x"

"""Cron expressions: refusals with a sentence, in no time, and words."""

from __future__ import annotations

import time

import pytest

from resolvers.schedules.cron import LONGEST_CRON, check_cron, words

REFUSED = {
    "0 0 31 2 *": "would never fire",
    "0 0 30 2 *": "would never fire",
    "0 0 31 4,6,9,11 *": "would never fire",
    "0 0 */5 2 1#5": "would never fire",
    "0 0 */30 * 1#2": "would never fire",
    "": "has five fields",
    "* * * *": "this one has 4",
    "* * * * * *": "no seconds; this one has 6",
    "? 5 0 ? * 1": "this one has 6",
    "? * * * *": "The minute field has no ?; write * for every minute.",
    "0 9 ? * 1": "The day of month field has no ?; write * for every day of month.",
    "@daily": "Write five fields in place of @daily: 0 0 * * *.",
    "@reboot": "such as 0 0 * * *",
    "0 22-2 * * *": "The hour 22-2 runs backwards; write 22-23,0-2.",
    "0 22-2/2 * * *": "write two ranges",
    "0 9 * * FRI-MON": "write FRI-SAT,SUN-MON",
    "0 9 * 11-2 *": "write 11-12,1-2",
    "0 0 1W * *": "but LW, the last one of a month",
    "0 0 L/2 * *": "has a step",
    "*/60 * * * *": "it is at most 59",
    "*/0 * * * *": "'*/0' is unknown",
    "60 * * * *": "Allowed are * and 0-59",
    "0 24 * * *": "Allowed are * and 0-23",
    "0 0 0 * *": "Allowed are * and 1-31",
    "0 0 * 13 *": "1-12 and JAN-DEC",
    "0 0 * FOO *": "The month 'FOO'",
    "0 0 * * 8": "Allowed are * and 0-7",
    "0 0 * * 1#6": "The day of week '1#6'",
    "0 0 * * L": "The day of week 'L'",
    "1,,2 * * * *": "The minute ''",
    "-1 * * * *": "The minute '-1'",
    "5- * * * *": "The minute '5-'",
    "1/2/3 * * * *": "The minute '1/2/3'",
    "1.5 * * * *": "has no '.'",
    "²/2 * * * *": "has no '²'",
    "0 0 * * frı": "has no 'ı'",
    "* * * * *\n": "has no '\\n'",
    "*\x00 * * * *": "has no '\\x00'",
    "every day": "this one has 2",
    ",".join(["1"] * 60) + " * * * *": f"at most {LONGEST_CRON} characters",
    "*" * 100_000: f"at most {LONGEST_CRON} characters",
    "@" * 100_000: f"at most {LONGEST_CRON} characters",
}
ALLOWED = (
    "* * * * *",
    "*/15 * * * *",
    "0 0 29 2 *",
    "0 9 1 * 1",
    "0 9 L * *",
    "0 9 LW * *",
    "0 9 * * 5L",
    "0 9 * * 5#2",
    "0 9 * * 7",
    "0 9 * jan,FEB Mon-Fri",
    "5/15 * * * *",
    "0 0 31 2 1",
    "0 0 * 2 1#5",
    "  0\t9  * * *  ",
)


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: repr(text[:20]))
def test_refuses_with_a_sentence(text: str):
    sentence = check_cron(text)

    assert sentence is not None
    assert REFUSED[text] in sentence
    assert sentence.endswith(".")


@pytest.mark.parametrize("text", ALLOWED)
def test_allows(text: str):
    assert check_cron(text) is None


@pytest.mark.parametrize(
    "text", [*REFUSED, *ALLOWED, "0 0 */5 1,2,3,4,5,6,7,8,9,10,11,12 1#5"], ids=lambda text: repr(text[:20])
)
def test_answers_within_ten_milliseconds_of_work(text: str):
    check_cron("* * * * *")

    began = time.thread_time()
    check_cron(text)

    assert time.thread_time() - began < 0.010


@pytest.mark.parametrize(
    ("cron", "sentence"),
    [
        ("*/15 * * * *", "Every 15th minute of every hour"),
        ("30 2 * * *", "At 02:30 every day"),
        ("0 9 1 * 1", "At 09:00 on the first day of month and on Monday"),
        ("0 9 */2 * 1", "At 09:00 on every second day of month if it's on Monday"),
        ("0 9 * * 5L", "At 09:00 on the last Friday of the month"),
    ],
)
def test_tells_an_expression_in_words(cron: str, sentence: str):
    assert words(cron) == sentence

"""Records of flows: filtered, mapped, merged with answers and keyed, by expressions of strangers. Pure.

A record is a JSON value of at most 1 MB, with its numbers as they were written: `read_answer` reads them. Functions
on one record raise Faulty; those on the records of a page give it in place of a result, in the order of the records.
"""

from proxy.records.apply import filtered, keyed, mapped, merged
from proxy.records.check import Checked, Use, check_text
from proxy.records.fault import Faulty
from proxy.records.pages import filter_page, key_page, map_page, merge_page
from proxy.records.rules import Answered, Mapping
from proxy.records.whole import MOST_BYTES, checked, read_answer

__all__ = [
    "MOST_BYTES",
    "Answered",
    "Checked",
    "Faulty",
    "Mapping",
    "Use",
    "check_text",
    "checked",
    "filter_page",
    "filtered",
    "key_page",
    "keyed",
    "map_page",
    "mapped",
    "merge_page",
    "merged",
    "read_answer",
]

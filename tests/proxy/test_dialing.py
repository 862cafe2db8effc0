"""Names, addresses and the lanes of addresses."""

from __future__ import annotations

import asyncio

import pytest

from models.errors import TooMany, UpstreamTimeout
from proxy.names import Names
from tests.harness.server import free_port
from tests.harness.waiting import eventually
from tests.proxy.sending import names, open_egress, request
from tests.upstreams.faults import FaultServer

TABLE = {name: ["127.0.0.1"] for name in ("a.example", "b.example")}


class Asked:
    """A resolver that remembers the names that it was asked for."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.names, self.may_answer = list(answers), [], asyncio.Event()
        self.may_answer.set()

    async def __call__(self, host: str, port: int) -> list[str]:
        self.names.append(host)
        await self.may_answer.wait()
        if not (found := self.answers.pop(0)):
            raise OSError("no such name")
        return found


async def test_remembers_addresses_for_a_while():
    resolve = Asked(["192.0.2.1"], ["192.0.2.2"])
    kept, forgetful = Names(resolve), Names(Asked(["192.0.2.1"], ["192.0.2.2"]), seconds=0)

    assert [await kept.addresses("a", 80, lane="acme") for _ in range(2)] == [("192.0.2.1",)] * 2
    assert [await forgetful.addresses("a", 80, lane="acme") for _ in range(2)] == [("192.0.2.1",), ("192.0.2.2",)]


async def test_remembers_so_many_names_and_no_failure():
    resolve = Asked(["192.0.2.1"], ["192.0.2.2"], ["192.0.2.3"], [], ["192.0.2.4"])
    known = Names(resolve, most=2)

    for host in ("a", "b", "c", "b"):
        await known.addresses(host, 80, lane="acme")
    with pytest.raises(OSError, match="no such name"):
        await known.addresses("d", 80, lane="acme")
    await known.addresses("d", 80, lane="acme")

    assert resolve.names == ["a", "b", "c", "d", "d"]
    assert {host for host, _ in known._kept} == {"c", "d"}


async def test_those_who_ask_at_once_share_a_look_up_that_outlives_one_of_them():
    resolve = Asked(["192.0.2.1"])
    resolve.may_answer.clear()
    known = Names(resolve)
    first, second = (asyncio.create_task(known.addresses("a", 80, lane="acme")) for _ in range(2))
    await asyncio.sleep(0)

    first.cancel()
    resolve.may_answer.set()

    assert await second == ("192.0.2.1",)
    assert resolve.names == ["a"]


async def test_slow_names_of_one_organization_hold_four_look_ups_and_delay_no_other(upstream):
    began, slow = [], asyncio.Event()

    async def resolve(host: str, port: int) -> list[str]:
        began.append(host)
        if host.startswith("slow"):
            await slow.wait()
        return ["127.0.0.1"]

    def call(host: str, lane: str, **facts: float):
        return egress.send(request(f"http://{host}.example:{upstream.port}/ok", lane=lane, **facts))

    async with open_egress(resolve=resolve, connect_timeout=0.3) as egress:
        held = [asyncio.create_task(call(f"slow{n}", "mallory")) for n in range(6)]
        await asyncio.sleep(0)
        other = await call("fast", "acme")
        with pytest.raises(TooMany) as refused:
            await call("other", "mallory")
        failures = await asyncio.gather(*held, return_exceptions=True)
        still = [*began]
        slow.set()
        last = await call("last", "mallory")

    assert (other.status, last.status) == (200, 200)
    assert still == ["slow0.example", "slow1.example", "slow2.example", "slow3.example", "fast.example"]
    assert refused.value.message.startswith("Other look-ups of host names took all the time")
    assert [type(failure) for failure in failures] == [UpstreamTimeout] * 4 + [TooMany] * 2


async def test_nobody_waits_for_a_look_up_that_another_organization_has_not_begun():
    resolve = Asked(["192.0.2.1"], ["192.0.2.2"], ["192.0.2.3"])
    resolve.may_answer.clear()
    known = Names(resolve, share=1)
    first, queued = (asyncio.create_task(known.addresses(host, 80, lane="mallory")) for host in ("slow", "a"))
    await _begun(resolve, 1)
    mine = asyncio.create_task(known.addresses("a", 80, lane="acme"))
    await _begun(resolve, 2)
    begun = [*resolve.names]

    resolve.may_answer.set()

    assert begun == ["slow", "a"]
    assert [await one for one in (first, mine, queued)] == [("192.0.2.1",), ("192.0.2.2",), ("192.0.2.2",)]


async def test_a_look_up_that_nobody_waits_for_any_more_does_not_begin():
    resolve = Asked(["192.0.2.1"], ["192.0.2.2"], ["192.0.2.3"])
    resolve.may_answer.clear()
    known = Names(resolve, share=1)
    first, given_up = (asyncio.create_task(known.addresses(host, 80, lane="acme")) for host in ("slow", "a"))
    await _begun(resolve, 1)

    given_up.cancel()
    await asyncio.wait([given_up])
    again = asyncio.create_task(known.addresses("a", 80, lane="acme"))
    other = asyncio.create_task(known.addresses("b", 80, lane="acme"))
    again.cancel()
    resolve.may_answer.set()

    assert await other == ("192.0.2.2",)
    assert await first == ("192.0.2.1",)
    assert resolve.names == ["slow", "b"]


async def _begun(resolve: Asked, count: int) -> None:
    async def begun() -> bool:
        return len(resolve.names) == count

    await eventually(begun)


async def test_an_address_where_nobody_answers_comes_last():
    known = Names(Asked(["192.0.2.1", "192.0.2.2", "192.0.2.1"]))
    await known.addresses("a", 80, lane="acme")

    known.put_last("a", 80, "192.0.2.1")
    known.put_last("unknown", 80, "192.0.2.1")

    assert await known.addresses("a", 80, lane="acme") == ("192.0.2.2", "192.0.2.1")


async def test_tries_the_addresses_of_a_name_in_turn(upstream):
    resolve = names({"a.example": ["127.0.0.3", "127.0.0.2", "127.0.0.1"]})

    async with open_egress(resolve=resolve, per_host=1) as egress:
        answers = [await egress.send(request(f"http://a.example:{upstream.port}/ok")) for _ in range(2)]

        assert egress._lanes._lanes == {}
    assert [answer.status for answer in answers] == [200, 200]
    assert upstream.connections == 1


@pytest.mark.parametrize(
    "spelling", ["a.example", "A.Example", "a.example.", "b.example", "127.0.0.1", "127.1", "[::ffff:127.0.0.1]"]
)
async def test_the_cap_counts_an_address_in_any_spelling(spelling, upstream):
    async with open_egress(resolve=_table_or_loopback, per_host=1) as egress:
        held = asyncio.create_task(egress.send(request(f"http://a.example:{upstream.port}/held", seconds=60)))
        await upstream.received(1)

        with pytest.raises(TooMany):
            await egress.send(request(f"http://{spelling}:{upstream.port}/ok", seconds=0.1))

        upstream.let_go.set()
        await held
    assert len(upstream.requests) == 1


async def test_a_name_of_several_addresses_is_no_way_around_the_cap(upstream):
    """The call has a place in the lane of the address that it is connected to, not of the first that it tried."""
    table = {f"{n}.example": [f"127.0.1.{n}", "127.0.0.1"] for n in range(1, 4)}

    async with open_egress(resolve=names(table), per_host=1) as egress:
        held = asyncio.create_task(egress.send(request(f"http://1.example:{upstream.port}/held", seconds=60)))
        await upstream.received(1)

        for n in (2, 3):
            with pytest.raises(TooMany):
                await egress.send(request(f"http://{n}.example:{upstream.port}/ok", seconds=0.1))

        upstream.let_go.set()
        await held
    assert len(upstream.requests) == 1


async def test_two_addresses_of_one_port_have_lanes_of_their_own():
    port = free_port()
    with FaultServer("127.0.0.1", port) as one, FaultServer("127.0.0.2", port) as two:
        async with open_egress(per_host=1) as egress:
            held = asyncio.create_task(egress.send(request(f"{one.url}/held", seconds=60)))
            await one.received(1)

            answer = await egress.send(request(f"{two.url}/ok"))

            one.let_go.set()
            await held
    assert answer.status == 200


async def _table_or_loopback(host: str, port: int) -> list[str]:
    return TABLE.get(host, ["127.0.0.1"])

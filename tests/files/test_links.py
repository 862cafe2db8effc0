"""Signed addresses outlive a change of the master key for as long as the old key is kept."""

from dataclasses import replace

import pytest

from models.errors import NotFound
from models.row import new_id
from models.secret import Keyring
from resolvers.uploads.links import AssetLink, asset_path, link_caller

OLD, NEW = b"o" * 32, b"n" * 32


async def test_an_address_holds_while_its_key_is_kept(hub):
    organization_id, asset_id = new_id(), new_id()
    signature = asset_path(Keyring({1: OLD}), organization_id, asset_id).rpartition("/")[2]
    link = AssetLink(organization_id=organization_id, asset_id=asset_id, signature=signature)

    rotating = link_caller(replace(hub.app.state.hub, keyring=Keyring({1: OLD, 2: NEW})), link)

    assert (rotating.organization_id, rotating.permissions) == (organization_id, frozenset())
    with pytest.raises(NotFound):
        link_caller(replace(hub.app.state.hub, keyring=Keyring({2: NEW})), link)


def test_new_addresses_are_signed_with_the_newest_key():
    place = (new_id(), new_id())

    assert asset_path(Keyring({1: OLD, 2: NEW}), *place) == asset_path(Keyring({2: NEW}), *place)
    assert asset_path(Keyring({1: OLD, 2: NEW}), *place) != asset_path(Keyring({1: OLD}), *place)

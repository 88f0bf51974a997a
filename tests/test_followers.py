"""Followers get the leader's blocks by their own work, and notice when they do not."""

import pytest

from tests.followers import Followers, ForkedError

ACCOUNT = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"


def pay(followers: Followers) -> None:
    call = {"from": ACCOUNT, "to": ACCOUNT, "gasPrice": "0x0"}
    followers.leader.rpc("eth_sendTransaction", call)


def newest(anvil) -> dict:
    return anvil.rpc("eth_getBlockByNumber", "latest", False)


def test_followers_have_the_same_blocks_states_and_transactions() -> None:
    with Followers(2) as nodes:
        for _ in range(3):
            pay(nodes)
        nodes.leader.rpc("evm_mine")
        nodes.catch_up()
        block = newest(nodes.leader)
        for follower in nodes.followers:
            assert follower.height == 4
            assert newest(follower.anvil) == block


def test_a_follower_can_be_left_behind_and_a_fork_is_noticed() -> None:
    with Followers(1) as nodes:
        for _ in range(3):
            pay(nodes)
        nodes.catch_up(until=1)
        [follower] = nodes.followers
        assert int(newest(follower.anvil)["number"], 16) == 1
        follower.anvil.rpc("evm_mine")
        with pytest.raises(ForkedError):
            nodes.catch_up()

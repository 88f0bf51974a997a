// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortium, PURPOSE_ANCHOR, PURPOSE_SIGN} from "../src/interfaces/IConsortium.sol";
import {IConsortiumGovernance as IGov} from "../src/interfaces/IConsortiumGovernance.sol";
import {GovernanceTest} from "./GovernanceTest.sol";

/// @title What a participant decides alone, and what others decide about its admin key
contract GovernanceAffairsTest is GovernanceTest {
    address private added = makeAddr("added");
    address private fresh = makeAddr("fresh");

    function test_an_admin_adds_keys_that_are_valid_from_now_or_later() public {
        vm.startPrank(adminOf(1));
        vm.expectEmit(address(governed));
        emit IConsortium.KeyAdded(1, added, PURPOSE_SIGN, now_(), 0, new uint64[](0));
        governed.addKey(keyOf(added, PURPOSE_SIGN)); // 0: from this block on
        assertFalse(governed.keyValidAt(added, 1, PURPOSE_SIGN, now_() - 1));
        IConsortium.InitialKey memory next = keyOf(fresh, PURPOSE_ANCHOR);
        next.validFrom = now_() - 1;
        vm.expectRevert(invalidKey(fresh));
        governed.addKey(next);
        next.validFrom = 1;
        vm.expectRevert(invalidKey(fresh));
        governed.addKey(next);
        next.validFrom = now_();
        next.validUntil = now_();
        vm.expectRevert(invalidKey(fresh));
        governed.addKey(next);
        next.validUntil = now_() + 10;
        governed.addKey(next);
        vm.expectRevert(abi.encodeWithSelector(IConsortium.ConsortiumKeyInUse.selector, added));
        governed.addKey(keyOf(added, PURPOSE_SIGN));
        vm.expectRevert(invalidKey(address(this)));
        governed.addKey(limitedTo(address(this), 2 << 16));
    }

    /// @dev A rotation with overlap: both keys anchor for a while, then the new one alone.
    function test_an_old_key_outside_its_validity_does_not_anchor() public {
        (address old, uint64 stream) = (makeAddr("old"), 1 << 16);
        IConsortium.InitialKey memory key = keyOf(old, PURPOSE_ANCHOR);
        key.validUntil = now_() + 100;
        vm.startPrank(adminOf(1));
        governed.addKey(key);
        key = keyOf(fresh, PURPOSE_ANCHOR);
        key.validFrom = now_() + 50;
        governed.addKey(key);
        governed.revokeKey(anchorOf(1), 0);
        vm.stopPrank();
        refuse(anchorOf(1), registry, nextOf(registry, stream), unauthorized(anchorOf(1), stream));
        extend(old, stream);
        refuse(fresh, registry, nextOf(registry, stream), unauthorized(fresh, stream));
        vm.warp(now_() + 50);
        extend(fresh, stream);
        extend(old, stream);
        vm.warp(now_() + 50);
        refuse(old, registry, nextOf(registry, stream), unauthorized(old, stream));
        extend(fresh, stream);
    }

    function test_nobody_else_adds_a_key_or_moves_the_gateway() public {
        assertTrue(decide(IGov.Action.Remove, abi.encode(uint32(4))));
        address[4] memory callers = [address(this), recoveryOf(1), anchorOf(1), adminOf(4)];
        for (uint256 i = 0; i < callers.length; ++i) {
            bytes memory refusal = notAllowed(callers[i], i == 3 ? 4 : 0);
            vm.startPrank(callers[i]);
            vm.expectRevert(refusal);
            governed.addKey(keyOf(added, PURPOSE_SIGN));
            vm.expectRevert(refusal);
            governed.setUrl("https://elsewhere.example");
            vm.stopPrank();
        }
    }

    function test_the_suspended_manages_its_keys() public {
        assertTrue(decide(IGov.Action.Suspend, abi.encode(uint32(4))));
        vm.startPrank(adminOf(4));
        governed.addKey(keyOf(added, PURPOSE_SIGN));
        governed.revokeKey(added, 0);
        governed.setUrl("");
        vm.stopPrank();
        assertEq(governed.participant(4).url, "");
    }

    function test_admin_and_recovery_key_revoke_and_nobody_else() public {
        vm.expectRevert(notAllowed(address(this), 1));
        governed.revokeKey(anchorOf(1), 0);
        address foreign = adminOf(2);
        vm.prank(foreign);
        vm.expectRevert(notAllowed(foreign, 1));
        governed.revokeKey(anchorOf(1), 0);
        vm.expectRevert(invalidKey(added));
        governed.revokeKey(added, 0);
        vm.prank(recoveryOf(1));
        governed.revokeKey(anchorOf(1), 0);
        assertEq(governed.key(anchorOf(1)).revokedAt, now_());
        vm.startPrank(adminOf(1));
        vm.expectRevert(invalidKey(anchorOf(1)));
        governed.revokeKey(anchorOf(1), now_() + 1);
        governed.revokeKey(anchorOf(1), now_() - 50);
        vm.expectRevert(invalidKey(anchorOf(1)));
        governed.revokeKey(anchorOf(1), now_() - 49);
        vm.stopPrank();
        assertEq(governed.key(anchorOf(1)).compromisedSince, now_() - 50);
    }

    /// @dev A key that leaks after its participant left must not speak for the past.
    function test_the_removed_still_revokes() public {
        assertTrue(decide(IGov.Action.Remove, abi.encode(uint32(4))));
        vm.prank(adminOf(4));
        governed.revokeKey(anchorOf(4), now_() - 10);
        assertEq(governed.key(anchorOf(4)).compromisedSince, now_() - 10);
    }

    function test_a_gateway_moves_and_its_past_stays_readable() public {
        vm.warp(now_() + 100);
        vm.expectEmit(address(governed));
        emit IConsortium.UrlChanged(1, "https://new.example/gateway");
        vm.prank(adminOf(1));
        governed.setUrl("https://new.example/gateway");
        IConsortium.UrlChange[] memory changes = governed.urlChangesOf(1);
        assertEq(changes.length, 2);
        assertEq(
            abi.encode(changes[0]), abi.encode(IConsortium.UrlChange(now_() - 100, "https://v1.example"))
        );
        assertEq(changes[1].since, now_());
        assertEq(governed.participant(1).url, "https://new.example/gateway");
    }

    function test_urls_that_are_none_are_refused() public {
        string[15] memory bad = [
            "https://",
            "http://",
            "https:///path",
            "ftp://a.example",
            "HTTPS://a.example",
            "a.example",
            "https:/a.example",
            "https://a.example/a b",
            "https://a.example/\n",
            "https://a.example/\x7f",
            unicode"https://ä.example",
            " https://a.example",
            "https://?a",
            "javascript:alert(1)",
            "https://\x10.example"
        ];
        vm.startPrank(adminOf(1));
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IConsortium.ConsortiumInvalidUrl.selector, bad[i]));
            governed.setUrl(bad[i]);
        }
        string[6] memory good = [
            "",
            "http://127.0.0.1:8000",
            "https://[::1]/x",
            "https://A.example/?q=%20#f",
            "https://9.example",
            "http://a"
        ];
        for (uint256 i = 0; i < good.length; ++i) {
            governed.setUrl(good[i]);
        }
    }

    function testFuzz_a_url_is_visible_ascii_of_256_bytes_at_most(uint16 length, uint16 place, bytes1 char)
        public
    {
        bytes memory url = new bytes(uint256(length) % 300 + 10);
        for (uint256 i = 0; i < url.length; ++i) {
            url[i] = "a";
        }
        bytes memory start = "https://a";
        for (uint256 i = 0; i < start.length; ++i) {
            url[i] = start[i];
        }
        url[9 + uint256(place) % (url.length - 9)] = char;
        bool fits = url.length <= 256 && uint8(char) > 32 && uint8(char) < 127;
        if (!fits) {
            vm.expectRevert(abi.encodeWithSelector(IConsortium.ConsortiumInvalidUrl.selector, url));
        }
        vm.prank(makeAddr("admin v1"));
        governed.setUrl(string(url));
    }

    function test_a_newcomer_needs_a_url_too() public {
        IConsortium.Participant memory newcomer = participantOf("v5");
        newcomer.url = "gopher://v5.example";
        uint256 id = ready(IGov.Action.Admit, abi.encode(newcomer, new IConsortium.InitialKey[](0)));
        vm.expectEmit(address(governed));
        emit IGov.ProposalFailed(
            id, abi.encodeWithSelector(IConsortium.ConsortiumInvalidUrl.selector, newcomer.url)
        );
        assertFalse(governed.execute(id));
    }

    function test_the_recovery_key_replaces_the_admin_key_alone() public {
        address old = adminOf(1);
        vm.warp(now_() + 100);
        vm.prank(old);
        vm.expectRevert(notAllowed(old, 1));
        governed.replaceAdminKey(1, fresh);
        vm.startPrank(recoveryOf(1));
        vm.expectRevert(notAllowed(recoveryOf(1), 2));
        governed.replaceAdminKey(2, fresh);
        vm.expectEmit(address(governed));
        emit IConsortium.AdminKeyReplaced(1, old, fresh, 1);
        governed.replaceAdminKey(1, fresh);
        vm.expectRevert(abi.encodeWithSelector(IConsortium.ConsortiumKeyInUse.selector, old));
        governed.replaceAdminKey(1, old);
        vm.expectRevert(invalidKey(address(0)));
        governed.replaceAdminKey(1, address(0));
        vm.stopPrank();
        assertEq(governed.keyEpoch(1), 1);
        assertEq(governed.participantByAdminKey(old), 0);
        assertEq(governed.participantByAdminKey(fresh), 1);
        assertEq(governed.adminKeyAt(1, now_() - 1), old);
        assertEq(governed.adminKeyAt(1, now_()), fresh);
        vm.prank(old);
        vm.expectRevert(notVoter(old));
        governed.propose(IGov.Action.Suspend, abi.encode(uint32(2)), 0);
        propose(1, IGov.Action.Suspend, abi.encode(uint32(2)));
    }

    function test_the_recovery_key_replaces_itself() public {
        address old = recoveryOf(1);
        vm.warp(now_() + 100);
        vm.expectRevert(notAllowed(address(this), 1));
        governed.replaceRecoveryKey(1, fresh);
        vm.startPrank(old);
        vm.expectEmit(address(governed));
        emit IConsortium.RecoveryKeyReplaced(1, old, fresh);
        governed.replaceRecoveryKey(1, fresh);
        vm.expectRevert(notAllowed(old, 1));
        governed.replaceRecoveryKey(1, added);
        vm.expectRevert(notAllowed(old, 1));
        governed.replaceAdminKey(1, added);
        vm.stopPrank();
        assertEq(governed.recoveryKeyAt(1, now_() - 1), old);
        assertEq(governed.recoveryKeyAt(1, now_()), fresh);
        assertEq(governed.recoveryKeyAt(1, now_() - 101), address(0));
    }

    function test_the_removed_replaces_no_keys() public {
        assertTrue(decide(IGov.Action.Remove, abi.encode(uint32(4))));
        vm.startPrank(recoveryOf(4));
        vm.expectRevert(abi.encodeWithSelector(IConsortium.ConsortiumRemoved.selector, 4));
        governed.replaceAdminKey(4, fresh);
        vm.expectRevert(abi.encodeWithSelector(IConsortium.ConsortiumRemoved.selector, 4));
        governed.replaceRecoveryKey(4, fresh);
        vm.expectRevert(abi.encodeWithSelector(IConsortium.ConsortiumUnknownParticipant.selector, 5));
        governed.replaceAdminKey(5, fresh);
    }

    function test_a_vote_replaces_the_admin_key_and_opens_an_epoch() public {
        (address old, address recovery) = (adminOf(4), recoveryOf(4));
        uint64 begin = now_();
        uint256 id = ready(IGov.Action.ReplaceAdminKey, abi.encode(uint32(4), fresh, address(0)));
        vm.expectEmit(address(governed));
        emit IConsortium.AdminKeyReplaced(4, old, fresh, 2);
        assertTrue(governed.execute(id));
        assertEq(recoveryOf(4), recovery);
        assertEq(governed.keyEpoch(4), 2);
        uint64 first = now_();
        assertTrue(decide(IGov.Action.ReplaceAdminKey, abi.encode(uint32(4), makeAddr("third"), added)));
        assertEq(recoveryOf(4), added);
        assertEq(governed.recoveryKeyAt(4, now_() - 1), recovery);
        IGov.EpochChange[] memory epochs = governed.epochChangesOf(4);
        assertEq(epochs.length, 3);
        assertEq(abi.encode(epochs[0]), abi.encode(IGov.EpochChange(begin, 1)));
        assertEq(abi.encode(epochs[1]), abi.encode(IGov.EpochChange(first, 2)));
        assertEq(abi.encode(epochs[2]), abi.encode(IGov.EpochChange(now_(), 3)));
        assertEq(governed.epochChangesOf(9).length, 0);
    }

    function test_the_old_keys_forbid_a_replacement_before_and_during_the_delay() public {
        bytes memory arguments = abi.encode(uint32(4), fresh, address(0));
        address[2] memory keys = [adminOf(4), recoveryOf(4)];
        for (uint32 approvals = 1; approvals <= 3; approvals += 2) {
            for (uint256 i = 0; i < keys.length; ++i) {
                uint256 id = proposeBy(approvals, IGov.Action.ReplaceAdminKey, arguments);
                if (approvals == 3) vm.warp(now_() + DELAY - 1);
                vm.expectEmit(address(governed));
                emit IGov.ProposalVetoed(id, keys[i]);
                vm.prank(keys[i]);
                governed.veto(id);
                vm.warp(now_() + 1);
                vm.expectRevert(inState(id, IGov.ProposalState.Vetoed));
                governed.execute(id);
            }
        }
        assertEq(adminOf(4), keys[0]);
    }

    function test_nobody_else_forbids_and_nothing_else_is_forbidden() public {
        uint256 id = proposeBy(3, IGov.Action.ReplaceAdminKey, abi.encode(uint32(4), fresh, address(0)));
        address[4] memory callers = [address(this), adminOf(1), recoveryOf(3), anchorOf(4)];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(notAllowed(callers[i], 4));
            governed.veto(id);
        }
        uint256 removal = proposeBy(3, IGov.Action.Remove, abi.encode(uint32(4)));
        vm.startPrank(adminOf(4));
        vm.expectRevert(abi.encodeWithSelector(IGov.ConsortiumNoVeto.selector, removal, IGov.Action.Remove));
        governed.veto(removal);
        vm.warp(now_() + DELAY);
        vm.expectRevert(inState(id, IGov.ProposalState.Ready)); // the delay is over
        governed.veto(id);
        vm.stopPrank();
        assertTrue(governed.execute(id));
    }

    function invalidKey(address account) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IConsortium.ConsortiumInvalidKey.selector, account);
    }
}

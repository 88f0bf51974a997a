// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    IConsortium,
    PURPOSE_SIGN,
    STATUS_ACTIVE,
    STATUS_REMOVED,
    STATUS_SUSPENDED
} from "../src/interfaces/IConsortium.sol";
import {ICodeRegistry} from "../src/interfaces/ICodeRegistry.sol";
import {IConsortiumGovernance as IGov} from "../src/interfaces/IConsortiumGovernance.sol";
import {GovernanceTest} from "./GovernanceTest.sol";

/// @title What each action does, and which arguments it takes
contract GovernanceActionsTest is GovernanceTest {
    address private stranger = makeAddr("stranger");

    function test_suspend_reinstate_and_remove() public {
        assertTrue(decide(IGov.Action.Suspend, abi.encode(uint32(4))));
        assertEq(governed.participant(4).status, STATUS_SUSPENDED);
        expectFailure(IGov.Action.Suspend, abi.encode(uint32(4)), status(4, 2, 2));
        assertTrue(decide(IGov.Action.Reinstate, abi.encode(uint32(4))));
        assertEq(governed.participant(4).status, STATUS_ACTIVE);
        expectFailure(IGov.Action.Reinstate, abi.encode(uint32(4)), status(4, 1, 1));
        assertTrue(decide(IGov.Action.Remove, abi.encode(uint32(4))));
        assertEq(governed.participant(4).status, STATUS_REMOVED);
        assertElectorate(3, 3);
        expectFailure(IGov.Action.Reinstate, abi.encode(uint32(4)), status(4, 3, 1));
        expectFailure(IGov.Action.Suspend, abi.encode(uint32(4)), status(4, 3, 2));
        expectFailure(IGov.Action.Remove, abi.encode(uint32(4)), status(4, 3, 3));
    }

    function test_roles_change_without_the_vote_and_the_vote_without_roles() public {
        uint256 id = ready(IGov.Action.ChangeRoles, abi.encode(uint32(4), uint32(6)));
        vm.expectEmit(address(governed));
        emit IConsortium.RolesChanged(4, 38);
        assertTrue(governed.execute(id));
        assertEq(governed.participant(4).roles, 38);
        assertElectorate(4, 4);
        assertTrue(decide(IGov.Action.ChangeVoter, abi.encode(uint32(4), false)));
        assertEq(governed.participant(4).roles, 6);
        assertElectorate(3, 3);
        assertTrue(decide(IGov.Action.ChangeRoles, abi.encode(uint32(4), uint32(1 | 32))));
        assertEq(governed.participant(4).roles, 1);
        assertElectorate(3, 3);
        assertEq(governed.rolesAt(4, now_() - 1), 38);
        assertTrue(decide(IGov.Action.ChangeVoter, abi.encode(uint32(4), true)));
        assertElectorate(4, 4);
    }

    function test_roles_that_do_not_exist_or_change_nothing_fail() public {
        expectFailure(IGov.Action.ChangeRoles, abi.encode(uint32(4), uint32(64)), roles(4, 96));
        expectFailure(IGov.Action.ChangeRoles, abi.encode(uint32(4), uint32(1)), roles(4, 33));
        expectFailure(IGov.Action.ChangeVoter, abi.encode(uint32(4), true), roles(4, 33));
        assertTrue(decide(IGov.Action.ChangeVoter, abi.encode(uint32(4), false)));
        expectFailure(IGov.Action.ChangeRoles, abi.encode(uint32(4), uint32(32)), roles(4, 0));
    }

    function test_a_removed_participant_does_not_change() public {
        assertTrue(decide(IGov.Action.Remove, abi.encode(uint32(4))));
        bytes memory removed = abi.encodeWithSelector(IConsortium.ConsortiumRemoved.selector, 4);
        expectFailure(IGov.Action.ChangeRoles, abi.encode(uint32(4), uint32(2)), removed);
        expectFailure(IGov.Action.ChangeVoter, abi.encode(uint32(4), false), removed);
        bytes memory keys = abi.encode(uint32(4), makeAddr("new"), address(0));
        expectFailure(IGov.Action.ReplaceAdminKey, keys, removed);
    }

    function test_a_newcomers_keys_are_valid_from_its_admission() public {
        IConsortium.InitialKey[] memory keys = new IConsortium.InitialKey[](3);
        keys[0] = keyOf(makeAddr("anchor v5"), 1);
        keys[1] = keyOf(makeAddr("sign v5"), PURPOSE_SIGN);
        keys[1].validFrom = now_() + 1;
        keys[2] = limitedTo(makeAddr("later v5"), (5 << 16) + 2);
        keys[2].validFrom = now_() + 30 days;
        assertTrue(decide(IGov.Action.Admit, abi.encode(participantOf("v5"), keys)));
        assertElectorate(5, 5);
        assertEq(governed.participantBySlug("v5"), 5);
        assertEq(governed.key(keys[0].key).validFrom, now_());
        assertEq(governed.key(keys[1].key).validFrom, now_());
        assertEq(governed.key(keys[2].key).validFrom, keys[2].validFrom);
        assertFalse(governed.keyValidAt(keys[1].key, 5, PURPOSE_SIGN, now_() - 1));
        assertTrue(governed.mayAnchor(keys[0].key, 5 << 16));
    }

    function test_a_newcomer_whose_name_was_taken_meanwhile_fails_and_leaves_nothing() public {
        uint256 first = proposeBy(3, IGov.Action.Admit, admission("fifth"));
        IConsortium.Participant memory other = participantOf("sixth");
        other.slug = "fifth";
        uint256 second = proposeBy(3, IGov.Action.Admit, abi.encode(other, new IConsortium.InitialKey[](0)));
        vm.warp(now_() + DELAY);
        assertTrue(governed.execute(first));
        approve(4, second);
        vm.warp(now_() + DELAY);
        bytes memory reason = abi.encodeWithSelector(IConsortium.ConsortiumSlugTaken.selector, "fifth");
        vm.expectEmit(address(governed));
        emit IGov.ProposalFailed(second, reason);
        assertFalse(governed.execute(second));
        assertEq(governed.participantCount(), 5);
        assertEq(governed.participantByAdminKey(other.adminKey), 0);
        other.slug = "sixth"; // its keys were not taken by the failure
        assertTrue(decide(IGov.Action.Admit, abi.encode(other, new IConsortium.InitialKey[](0))));
    }

    function test_prefixes_are_granted_and_revoked() public {
        ICodeRegistry codes = codeRegistry();
        bytes memory grant = abi.encode(codes, "gs1:4012345", uint32(2), uint64(0), uint64(0));
        assertTrue(decide(IGov.Action.GrantPrefix, grant));
        (uint256 id, uint32 owner) = codes.ownerAt("gs1:401234500001", now_());
        assertEq(owner, 2);
        bytes memory taken =
            abi.encodeWithSelector(ICodeRegistry.CodeRegistryOverlap.selector, "gs1:4012345", id);
        expectFailure(IGov.Action.GrantPrefix, grant, taken);
        assertTrue(decide(IGov.Action.RevokePrefix, abi.encode(codes, id, uint64(0))));
        (, owner) = codes.ownerAt("gs1:401234500001", now_());
        assertEq(owner, 0);
    }

    /// @dev Whoever is to lose a prefix can hand it to a friend during the delay, and the friend back: a new grant each
    ///      time. The suspended hand nothing over, and a suspension needs no delay.
    function test_a_suspended_owner_cannot_evade_a_revocation() public {
        ICodeRegistry codes = codeRegistry();
        bytes memory grant = abi.encode(codes, "gs1:4012345", uint32(4), uint64(0), uint64(0));
        assertTrue(decide(IGov.Action.GrantPrefix, grant));
        uint256 evaded = proposeBy(3, IGov.Action.RevokePrefix, abi.encode(codes, uint256(1), uint64(0)));
        vm.prank(adminOf(4));
        codes.offer(1, 3);
        vm.prank(adminOf(3));
        codes.accept(1);
        vm.warp(now_() + DELAY);
        assertFalse(governed.execute(evaded));
        uint256 revocation = proposeBy(2, IGov.Action.RevokePrefix, abi.encode(codes, uint256(2), uint64(0)));
        approve(4, revocation);
        assertTrue(decide(IGov.Action.Suspend, abi.encode(uint32(3))));
        address friend = adminOf(3);
        vm.prank(friend);
        vm.expectRevert(abi.encodeWithSelector(ICodeRegistry.CodeRegistryParticipant.selector, 3));
        codes.offer(2, 4);
        vm.warp(now_() + DELAY);
        assertTrue(governed.execute(revocation));
        (, uint32 owner) = codes.ownerAt("gs1:401234500001", now_());
        assertEq(owner, 0);
    }

    function test_an_action_is_enacted_by_the_contract_alone() public {
        address[3] memory callers = [stranger, adminOf(1), recoveryOf(1)];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.prank(callers[i]);
            vm.expectRevert(notAllowed(callers[i], 0));
            governed.enact(IGov.Action.Suspend, abi.encode(uint32(4)));
        }
    }

    /// @dev What a client does with `eth_call` before it proposes.
    function test_an_action_can_be_rehearsed() public {
        vm.prank(address(governed));
        vm.expectRevert(status(4, 1, 1));
        governed.enact(IGov.Action.Reinstate, abi.encode(uint32(4)));
    }

    function test_arguments_must_be_exactly_those_of_the_action() public {
        ICodeRegistry codes = codeRegistry();
        bytes[10] memory good = [
            abi.encode(uint32(4)),
            abi.encode(uint32(4)),
            abi.encode(codes, "gs1:4012345", uint32(2), uint64(0), uint64(0)),
            abi.encode(uint32(4), uint32(2)),
            admission("v5"),
            abi.encode(uint32(4)),
            abi.encode(uint32(4), false),
            abi.encode(uint32(4), stranger, address(0)),
            abi.encode(codes, uint256(1), uint64(0)),
            abi.encode(registry, registryAfter(address(registry)))
        ];
        for (uint8 action = 0; action < good.length; ++action) {
            uint256 before = vm.snapshotState();
            propose(1, IGov.Action(action), good[action]);
            assertTrue(vm.revertToState(before));
            expectInvalid(action, bytes.concat(good[action], hex"00"));
            expectInvalid(action, bytes.concat(good[action], bytes32(0)));
            expectInvalid(action, cut(good[action]));
            expectInvalid(action, "");
            bytes memory dirty = bytes.concat(good[action]);
            dirty[0] = 0x01;
            expectInvalid(action, dirty);
        }
        assertEq(governed.proposalCount(), 0);
    }

    function test_arguments_name_what_exists() public {
        uint32[2] memory unknown = [uint32(0), 5];
        for (uint256 i = 0; i < unknown.length; ++i) {
            uint32 id = unknown[i];
            expectInvalid(0, abi.encode(id));
            expectInvalid(1, abi.encode(id));
            expectInvalid(2, abi.encode(registry, "gs1:4012345", id, uint64(0), uint64(0)));
            expectInvalid(3, abi.encode(id, uint32(2)));
            expectInvalid(5, abi.encode(id));
            expectInvalid(6, abi.encode(id, true));
            expectInvalid(7, abi.encode(id, stranger, address(0)));
        }
        expectInvalid(2, abi.encode(stranger, "gs1:4012345", uint32(1), uint64(0), uint64(0)));
        expectInvalid(8, abi.encode(stranger, uint256(1), uint64(0)));
        expectInvalid(9, abi.encode(stranger, registry));
        expectInvalid(9, abi.encode(registry, stranger));
    }

    /// @dev A second encoding of the same content: the offset of the string points behind a gap.
    function test_another_encoding_of_the_same_is_refused() public {
        bytes memory shifted = bytes.concat(
            abi.encode(registry, uint256(192), uint32(2), uint64(0), uint64(0), uint256(0)),
            abi.encode(uint256(11), bytes32("gs1:4012345"))
        );
        (, string memory prefix,,,) = abi.decode(shifted, (address, string, uint32, uint64, uint64));
        assertEq(prefix, "gs1:4012345");
        expectInvalid(2, shifted);
    }

    function test_arguments_have_a_largest_size() public {
        IConsortium.InitialKey[] memory keys = new IConsortium.InitialKey[](1);
        IConsortium.Participant memory newcomer = participantOf("v5");
        keys[0] = keyOf(stranger, PURPOSE_SIGN);
        uint256 size = abi.encode(newcomer, keys).length;
        keys[0].streams = new uint64[]((16_384 - size) / 32);
        assertEq(abi.encode(newcomer, keys).length, 16_384);
        propose(1, IGov.Action.Admit, abi.encode(newcomer, keys));
        keys[0].streams = new uint64[]((16_384 - size) / 32 + 1);
        expectInvalid(4, abi.encode(newcomer, keys));
    }

    function test_an_action_that_does_not_exist_is_no_proposal() public {
        vm.prank(adminOf(1));
        (bool done,) =
            address(governed).call(abi.encodeWithSelector(IGov.propose.selector, 10, abi.encode(4), 0));
        assertFalse(done);
    }

    function expectFailure(IGov.Action action, bytes memory arguments, bytes memory reason) private {
        uint256 id = ready(action, arguments);
        vm.expectEmit(address(governed));
        emit IGov.ProposalFailed(id, reason);
        assertFalse(governed.execute(id));
        assertState(id, IGov.ProposalState.Failed);
    }

    function expectInvalid(uint8 action, bytes memory arguments) private {
        vm.prank(adminOf(1));
        vm.expectRevert(abi.encodeWithSelector(IGov.ConsortiumInvalidArguments.selector, IGov.Action(action)));
        governed.propose(IGov.Action(action), arguments, 0);
    }

    function codeRegistry() private returns (ICodeRegistry) {
        bytes memory arguments = abi.encode(governed, new ICodeRegistry.Grant[](0));
        return ICodeRegistry(deployCode("CodeRegistry.sol", arguments));
    }

    function cut(bytes memory whole) private pure returns (bytes memory part) {
        part = bytes.concat(whole);
        assembly {
            mstore(part, sub(mload(whole), 32))
        }
    }

    function status(uint32 id, uint8 from, uint8 to) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IConsortium.ConsortiumInvalidStatus.selector, id, from, to);
    }

    function roles(uint32 id, uint32 given) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IConsortium.ConsortiumInvalidRoles.selector, id, given);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAnchorRegistry} from "../src/interfaces/IAnchorRegistry.sol";
import {IConsortium, PURPOSE_SIGN} from "../src/interfaces/IConsortium.sol";
import {IConsortiumGovernance as IGov} from "../src/interfaces/IConsortiumGovernance.sol";
import {GovernanceTest} from "./GovernanceTest.sol";
import {Costly, Deep, Reentrant} from "./HostileContracts.sol";

/// @title Execution: registries that are named and stopped, executors and registries that mean ill
contract GovernanceExecutionTest is GovernanceTest {
    bytes4 private constant REENTRANT = bytes4(keccak256("ReentrancyGuardReentrantCall()"));

    function test_a_vote_stops_a_registry_and_its_successor_goes_on() public {
        IAnchorRegistry next = registryAfter(address(registry));
        address signer = anchorOf(1);
        for (uint256 i = 0; i < 3; ++i) {
            extend(signer, STREAM);
        }
        uint256 id = ready(IGov.Action.NameSuccessor, abi.encode(registry, next));
        extend(signer, STREAM);
        IAnchorRegistry.Append memory one = nextOf(registry, STREAM);
        vm.expectEmit(address(registry));
        emit IAnchorRegistry.SuccessorNamed(address(next));
        assertTrue(governed.execute(id));
        bytes memory stopped =
            abi.encodeWithSelector(IAnchorRegistry.AnchorRegistryStopped.selector, address(next));
        refuse(signer, registry, one, stopped);
        assertEq(one.sequence, 5);
        send(signer, next, one);
        assertEq(next.records(STREAM, 5), recordOf(next, one));
        IAnchorRegistry other = registryAfter(address(registry));
        id = ready(IGov.Action.NameSuccessor, abi.encode(registry, other));
        vm.expectEmit(address(governed));
        emit IGov.ProposalFailed(id, stopped);
        assertFalse(governed.execute(id));
        assertEq(registry.successor(), address(next));
    }

    function test_the_suspended_cannot_anchor_and_the_reinstated_can() public {
        address signer = anchorOf(4);
        uint64 stream = 4 << 16;
        IAnchorRegistry.Append memory one = nextOf(registry, stream);
        assertTrue(decide(IGov.Action.Suspend, abi.encode(uint32(4))));
        refuse(signer, registry, one, unauthorized(signer, stream));
        assertTrue(decide(IGov.Action.Reinstate, abi.encode(uint32(4))));
        send(signer, registry, one);
        assertTrue(decide(IGov.Action.Remove, abi.encode(uint32(4))));
        refuse(signer, registry, nextOf(registry, stream), unauthorized(signer, stream));
    }

    /// @dev The registry calls each function that writes, as the admin key of a voter: the guard alone stops it.
    function test_a_registry_that_calls_back_is_stopped() public {
        (Reentrant hostile, uint256 id, uint256 other) = infiltrate();
        bytes[11] memory calls = [
            abi.encodeCall(IGov.execute, (id)),
            abi.encodeCall(IGov.execute, (other)),
            abi.encodeCall(IGov.approve, (other, governed.digestOf(other))),
            abi.encodeCall(IGov.withdraw, (other)),
            abi.encodeCall(IGov.recount, (other)),
            abi.encodeCall(IGov.veto, (other)),
            abi.encodeCall(IGov.propose, (IGov.Action.Suspend, abi.encode(uint32(4)), bytes32(0))),
            abi.encodeCall(IGov.addKey, (keyOf(makeAddr("added"), PURPOSE_SIGN))),
            abi.encodeCall(IGov.revokeKey, (anchorOf(1), 0)),
            abi.encodeCall(IGov.setUrl, ("https://elsewhere.example")),
            abi.encodeCall(IGov.replaceAdminKey, (1, makeAddr("stolen")))
        ];
        uint256 before = vm.snapshotState();
        for (uint256 i = 0; i < calls.length; ++i) {
            hostile.prepare(governed, calls[i]);
            vm.expectEmit(address(governed));
            emit IGov.ProposalFailed(id, abi.encodePacked(REENTRANT));
            assertFalse(governed.execute(id));
            assertState(id, IGov.ProposalState.Failed);
            assertTrue(vm.revertToState(before));
        }
        hostile.prepare(governed, abi.encodeCall(IGov.replaceRecoveryKey, (1, makeAddr("stolen"))));
        assertFalse(governed.execute(id));
        assertEq(governed.participant(1).adminKey, address(hostile));
    }

    /// @dev The guard is the registry's only obstacle: outside of an execution the same calls succeed.
    function test_the_same_calls_succeed_outside_of_an_execution() public {
        (Reentrant hostile,, uint256 other) = infiltrate();
        hostile.prepare(governed, "");
        hostile.forward(abi.encodeCall(IGov.recount, (other)));
        hostile.forward(abi.encodeCall(IGov.withdraw, (other)));
        hostile.forward(abi.encodeCall(IGov.setUrl, ("https://elsewhere.example")));
        assertEq(governed.participant(1).url, "https://elsewhere.example");
        assertEq(governed.approvalsOf(other).length, 2);
    }

    /// @dev With any gas at all: either the call reverts, or the action takes effect. It is never marked failed.
    function test_nobody_makes_a_proposal_fail_by_giving_too_little_gas() public {
        uint256[3] memory ids = [
            proposeBy(3, IGov.Action.NameSuccessor, abi.encode(registry, registryAfter(address(registry)))),
            proposeBy(3, IGov.Action.NameSuccessor, abi.encode(deep(12), registry)),
            proposeBy(3, IGov.Action.Admit, admission("v5"))
        ];
        vm.warp(now_() + DELAY);
        for (uint256 i = 0; i < ids.length; ++i) {
            uint256 refused = starve(ids[i]);
            assertGt(refused, 10);
            assertTrue(governed.execute(ids[i]));
        }
    }

    /// @dev An action that fails whatever the gas is marked, once there is gas enough to know that.
    function test_an_action_that_fails_with_gas_enough_is_marked() public {
        uint256 id = ready(IGov.Action.Reinstate, abi.encode(uint32(4)));
        uint256 needed;
        for (uint256 gas_ = 20_000; gas_ <= 300_000; gas_ += 2000) {
            uint256 before = vm.snapshotState();
            try governed.execute{gas: gas_}(id) returns (bool done) {
                assertFalse(done);
                needed = gas_;
                break;
            } catch {
                assertTrue(vm.revertToState(before));
            }
        }
        assertGt(needed, 20_000);
        assertState(id, IGov.ProposalState.Failed);
    }

    function test_an_action_that_uses_all_gas_stays_until_it_lapses() public {
        uint256 id = ready(IGov.Action.NameSuccessor, abi.encode(new Costly(0), registry));
        vm.expectRevert(abi.encodeWithSelector(IGov.ConsortiumGasTooLow.selector, id));
        governed.execute{gas: 10_000_000}(id);
        assertState(id, IGov.ProposalState.Ready);
        vm.warp(governed.proposal(id).lapsesAt);
        assertState(id, IGov.ProposalState.Lapsed);
    }

    function test_of_a_long_reason_the_beginning_is_kept() public {
        uint256[3] memory sizes = [uint256(1023), 1024, 100_000];
        for (uint256 i = 0; i < sizes.length; ++i) {
            uint256 id = ready(IGov.Action.NameSuccessor, abi.encode(new Costly(sizes[i]), registry));
            bytes memory reason = new bytes(sizes[i] < 1024 ? sizes[i] : 1024);
            for (uint256 j = 0; j < 32; ++j) {
                reason[j] = 0xff;
            }
            vm.recordLogs();
            assertFalse(governed.execute(id));
            bytes memory logged = abi.decode(vm.getRecordedLogs()[0].data, (bytes));
            assertEq(logged.length, reason.length);
            assertEq(bytes32(logged), bytes32(reason));
        }
    }

    function test_a_contract_that_is_gone_fails_by_name() public {
        Costly gone = new Costly(1);
        uint256 id = ready(IGov.Action.NameSuccessor, abi.encode(gone, registry));
        vm.etch(address(gone), "");
        vm.expectEmit(address(governed));
        emit IGov.ProposalFailed(
            id, abi.encodeWithSelector(IGov.ConsortiumNoContract.selector, address(gone))
        );
        assertFalse(governed.execute(id));
    }

    function test_the_constructor_wants_a_majority_and_periods() public {
        IConsortium.Participant[] memory one = new IConsortium.Participant[](1);
        one[0] = participantOf("one");
        expectConstruction(one, 0, 1, "");
        expectConstruction(one, type(uint32).max, type(uint32).max, "");
        expectConstruction(one, DELAY, 0, period(DELAY, 0));
        expectConstruction(one, 1 << 32, 1, period(1 << 32, 1));
        expectConstruction(one, 1, 1 << 32, period(1, 1 << 32));
        one[0].roles = 31;
        expectConstruction(one, 1, 1, abi.encodeWithSelector(IGov.ConsortiumNoMajority.selector, 0, 0));
    }

    /// @dev Participant 1's admin key is a registry; it approved both proposals, the first of which calls it.
    function infiltrate() private returns (Reentrant hostile, uint256 id, uint256 other) {
        hostile = new Reentrant();
        id = proposeBy(3, IGov.Action.NameSuccessor, abi.encode(hostile, registry));
        other = proposeBy(3, IGov.Action.ChangeRoles, abi.encode(uint32(2), uint32(2)));
        vm.startPrank(recoveryOf(1));
        governed.replaceAdminKey(1, address(hostile));
        governed.replaceRecoveryKey(1, makeAddr("recovery new"));
        vm.stopPrank();
        vm.warp(now_() + DELAY);
    }

    function starve(uint256 id) private returns (uint256 refused) {
        for (uint256 gas_ = 20_000; gas_ <= 1_000_000; gas_ += 1000) {
            uint256 before = vm.snapshotState();
            try governed.execute{gas: gas_}(id) returns (bool done) {
                assertTrue(done);
                assertTrue(vm.revertToState(before));
                return refused;
            } catch {
                assertTrue(vm.revertToState(before));
                ++refused;
            }
        }
        fail();
    }

    function deep(uint256 levels) private returns (Deep made) {
        for (uint256 i = 0; i < levels; ++i) {
            made = new Deep(made);
        }
    }

    function expectConstruction(
        IConsortium.Participant[] memory participants,
        uint64 delay,
        uint64 lifetime,
        bytes memory reason
    ) private {
        IConsortium.InitialKey[][] memory keys = new IConsortium.InitialKey[][](1);
        bytes memory code =
            bytes.concat(vm.getCode("Consortium.sol"), abi.encode(participants, keys, delay, lifetime));
        address made;
        bytes memory given;
        assembly {
            made := create(0, add(code, 0x20), mload(code))
            given := mload(0x40)
            if made { mstore(given, 0) }
            if iszero(made) {
                mstore(given, returndatasize())
                returndatacopy(add(given, 0x20), 0, returndatasize())
            }
            mstore(0x40, add(given, add(0x40, returndatasize())))
        }
        assertEq(given, reason);
        assertEq(made == address(0), reason.length != 0);
        if (made != address(0)) assertEq(IGov(made).delay(), delay);
        if (made != address(0)) assertEq(IGov(made).lifetime(), lifetime);
    }

    function period(uint64 delay, uint64 lifetime) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IGov.ConsortiumInvalidPeriod.selector, delay, lifetime);
    }
}

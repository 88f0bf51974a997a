// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortium, STATUS_SUSPENDED} from "../src/interfaces/IConsortium.sol";
import {IConsortiumGovernance as IGov} from "../src/interfaces/IConsortiumGovernance.sol";
import {GovernanceTest} from "./GovernanceTest.sol";

/// @title A proposal from its making to its end, among four voters: three approvals decide
contract GovernanceVotingTest is GovernanceTest {
    bytes private suspendFour = abi.encode(uint32(4));

    function test_a_proposal_is_logged_with_all_its_parts() public {
        bytes32 evidence = sha256("report");
        bytes32 digest = keccak256(
            abi.encode(
                block.chainid, address(governed), uint256(1), IGov.Action.Suspend, suspendFour, evidence
            )
        );
        vm.expectEmit(address(governed));
        emit IGov.ProposalMade(1, IGov.Action.Suspend, 2, suspendFour, digest, evidence, now_() + LIFETIME);
        vm.expectEmit(address(governed));
        emit IGov.ProposalApproved(1, 2);
        vm.prank(adminOf(2));
        (uint256 id, bytes32 returned) = governed.propose(IGov.Action.Suspend, suspendFour, evidence);
        assertEq(id, 1);
        assertEq(returned, digest);
        assertEq(governed.proposalCount(), 1);
        assertEq(governed.digestOf(1), digest);
        assertEq(governed.approvalsOf(1).length, 1);
        assertEq(governed.approvalsOf(1)[0], 2);
        IGov.Proposal memory expected = IGov.Proposal(
            IGov.Action.Suspend,
            IGov.ProposalState.Open,
            2,
            now_(),
            0,
            now_() + LIFETIME,
            digest,
            evidence,
            suspendFour
        );
        assertEq(abi.encode(governed.proposal(1)), abi.encode(expected));
    }

    function test_only_active_voters_propose_and_approve() public {
        IConsortium.Participant memory plain = participantOf("plain");
        plain.roles = 31;
        assertTrue(decide(IGov.Action.Admit, abi.encode(plain, new IConsortium.InitialKey[](0))));
        assertTrue(decide(IGov.Action.Suspend, suspendFour));
        uint256 id = propose(1, IGov.Action.Suspend, abi.encode(uint32(3)));
        bytes32 digest = governed.digestOf(id);
        address[6] memory refused =
            [address(this), anchorOf(1), recoveryOf(1), plain.adminKey, adminOf(4), address(0)];
        for (uint256 i = 0; i < refused.length; ++i) {
            vm.startPrank(refused[i]);
            vm.expectRevert(notVoter(refused[i]));
            governed.propose(IGov.Action.Suspend, suspendFour, 0);
            vm.expectRevert(notVoter(refused[i]));
            governed.approve(id, digest);
            vm.stopPrank();
        }
    }

    function test_a_removed_voter_has_no_vote() public {
        assertTrue(decide(IGov.Action.Remove, suspendFour));
        assertElectorate(3, 3);
        address gone = adminOf(4);
        vm.prank(gone);
        vm.expectRevert(notVoter(gone));
        governed.propose(IGov.Action.Reinstate, suspendFour, 0);
    }

    function test_nobody_approves_twice() public {
        uint256 id = propose(1, IGov.Action.Suspend, suspendFour);
        bytes32 digest = governed.digestOf(id);
        vm.prank(adminOf(1));
        vm.expectRevert(abi.encodeWithSelector(IGov.ConsortiumApproval.selector, id, 1, true));
        governed.approve(id, digest);
        assertEq(governed.approvalsOf(id).length, 1);
    }

    /// @dev An admin key that was replaced gives its participant no second vote.
    function test_a_new_admin_key_gives_no_second_vote() public {
        uint256 id = propose(1, IGov.Action.Suspend, suspendFour);
        bytes32 digest = governed.digestOf(id);
        address fresh = makeAddr("fresh");
        vm.prank(recoveryOf(1));
        governed.replaceAdminKey(1, fresh);
        vm.prank(fresh);
        vm.expectRevert(abi.encodeWithSelector(IGov.ConsortiumApproval.selector, id, 1, true));
        governed.approve(id, digest);
    }

    /// @dev The chain is reorganised, and another proposal stands under the number.
    function test_an_approval_does_not_move_to_another_proposal_after_a_reorg() public {
        uint256 fork = vm.snapshotState();
        uint256 id = propose(1, IGov.Action.Suspend, suspendFour);
        bytes32 digest = governed.digestOf(id);
        assertTrue(vm.revertToState(fork));
        bytes32[3] memory others;
        uint256 same = propose(1, IGov.Action.Remove, suspendFour);
        others[0] = governed.digestOf(same);
        assertTrue(vm.revertToState(fork));
        propose(1, IGov.Action.Suspend, abi.encode(uint32(3)));
        others[1] = governed.digestOf(id);
        assertTrue(vm.revertToState(fork));
        vm.prank(adminOf(1));
        (, others[2]) = governed.propose(IGov.Action.Suspend, suspendFour, keccak256("other"));
        assertEq(same, id);
        for (uint256 i = 0; i < others.length; ++i) {
            assertNotEq(others[i], digest);
        }
        vm.prank(adminOf(2));
        vm.expectRevert(abi.encodeWithSelector(IGov.ConsortiumDigestMismatch.selector, id, others[2], digest));
        governed.approve(id, digest);
    }

    function test_unknown_proposals_are_refused() public {
        propose(1, IGov.Action.Suspend, suspendFour);
        for (uint256 id = 0; id < 3; id += 2) {
            bytes memory unknown = abi.encodeWithSelector(IGov.ConsortiumUnknownProposal.selector, id);
            vm.startPrank(adminOf(1));
            vm.expectRevert(unknown);
            governed.approve(id, 0);
            vm.expectRevert(unknown);
            governed.withdraw(id);
            vm.expectRevert(unknown);
            governed.execute(id);
            vm.expectRevert(unknown);
            governed.veto(id);
            vm.expectRevert(unknown);
            governed.recount(id);
            vm.expectRevert(unknown);
            governed.proposal(id);
            vm.expectRevert(unknown);
            governed.digestOf(id);
            vm.expectRevert(unknown);
            governed.approvalsOf(id);
            vm.stopPrank();
        }
    }

    function test_anyone_executes_what_has_its_majority() public {
        uint256 id = proposeBy(2, IGov.Action.Suspend, suspendFour);
        vm.expectRevert(inState(id, IGov.ProposalState.Open));
        governed.execute(id);
        vm.expectEmit(address(governed));
        emit IGov.ProposalApproved(id, 3);
        vm.expectEmit(address(governed));
        emit IGov.ProposalThreshold(id, now_(), now_() + LIFETIME);
        approve(3, id);
        vm.expectEmit(address(governed));
        emit IConsortium.StatusChanged(4, STATUS_SUSPENDED);
        vm.expectEmit(address(governed));
        emit IGov.ProposalExecuted(id);
        vm.prank(makeAddr("stranger"));
        assertTrue(governed.execute(id));
        assertState(id, IGov.ProposalState.Executed);
    }

    function test_a_heavy_action_waits_to_the_second() public {
        uint256 id = proposeBy(3, IGov.Action.Remove, suspendFour);
        uint64 from = now_() + DELAY;
        assertEq(governed.proposal(id).executableFrom, from);
        vm.warp(from - 1);
        assertState(id, IGov.ProposalState.Waiting);
        vm.expectRevert(inState(id, IGov.ProposalState.Waiting));
        governed.execute(id);
        approve(4, id); // one more does not begin the delay again
        assertEq(governed.proposal(id).executableFrom, from);
        vm.warp(from);
        assertTrue(governed.execute(id));
    }

    function test_a_proposal_lapses_to_the_second() public {
        uint256 id = proposeBy(2, IGov.Action.Suspend, suspendFour);
        uint64 end = now_() + LIFETIME;
        vm.warp(end - 1);
        assertState(id, IGov.ProposalState.Open);
        vm.warp(end);
        assertState(id, IGov.ProposalState.Lapsed);
        assertOver(id, IGov.ProposalState.Lapsed);
    }

    function test_what_is_ready_lapses_to_the_second_too() public {
        uint256 id = proposeBy(2, IGov.Action.Remove, suspendFour);
        vm.warp(now_() + LIFETIME - 1);
        approve(3, id);
        uint64 end = now_() + DELAY + LIFETIME;
        assertEq(governed.proposal(id).lapsesAt, end);
        vm.warp(end - 1);
        assertState(id, IGov.ProposalState.Ready);
        uint256 fork = vm.snapshotState();
        assertTrue(governed.execute(id));
        assertTrue(vm.revertToState(fork));
        vm.warp(end);
        assertOver(id, IGov.ProposalState.Lapsed);
    }

    function test_only_the_first_threshold_moves_the_end() public {
        uint256 id = proposeBy(3, IGov.Action.Remove, suspendFour);
        uint64 end = governed.proposal(id).lapsesAt;
        assertEq(end, now_() + DELAY + LIFETIME);
        for (uint256 i = 0; i < 3; ++i) {
            vm.warp(now_() + 1 days);
            withdraw(3, id);
            approve(3, id);
            assertEq(governed.proposal(id).lapsesAt, end);
        }
    }

    function test_withdrawing_ends_the_delay_and_a_new_one_begins() public {
        uint256 id = proposeBy(3, IGov.Action.Remove, suspendFour);
        uint64 lapsesAt = governed.proposal(id).lapsesAt;
        vm.warp(now_() + DELAY - 1);
        vm.expectEmit(address(governed));
        emit IGov.ProposalApprovalWithdrawn(id, 2);
        vm.expectEmit(address(governed));
        emit IGov.ProposalThreshold(id, 0, lapsesAt);
        withdraw(2, id);
        assertState(id, IGov.ProposalState.Open);
        vm.warp(now_() + DELAY);
        vm.expectRevert(inState(id, IGov.ProposalState.Open));
        governed.execute(id);
        approve(4, id);
        assertEq(governed.proposal(id).executableFrom, now_() + DELAY);
        vm.expectRevert(inState(id, IGov.ProposalState.Waiting));
        governed.execute(id);
    }

    function test_the_last_withdrawal_ends_the_proposal() public {
        uint256 id = proposeBy(2, IGov.Action.Suspend, suspendFour);
        withdraw(1, id);
        assertState(id, IGov.ProposalState.Open);
        withdraw(2, id);
        assertOver(id, IGov.ProposalState.Withdrawn);
    }

    function test_only_an_approval_that_stands_is_withdrawn() public {
        uint256 id = propose(1, IGov.Action.Suspend, suspendFour);
        vm.expectRevert(notVoter(address(this)));
        governed.withdraw(id);
        vm.prank(adminOf(2));
        vm.expectRevert(abi.encodeWithSelector(IGov.ConsortiumApproval.selector, id, 2, false));
        governed.withdraw(id);
    }

    function test_a_suspended_participant_can_withdraw() public {
        uint256 id = proposeBy(2, IGov.Action.Admit, admission("fifth"));
        assertTrue(decide(IGov.Action.Suspend, abi.encode(uint32(2))));
        withdraw(2, id);
        assertEq(governed.approvalsOf(id).length, 1);
    }

    function test_nothing_moves_a_proposal_that_is_over() public {
        uint256 id = ready(IGov.Action.Suspend, suspendFour);
        governed.execute(id);
        assertOver(id, IGov.ProposalState.Executed);
        id = ready(IGov.Action.Suspend, suspendFour);
        assertFalse(governed.execute(id));
        assertOver(id, IGov.ProposalState.Failed);
    }

    function test_a_veto_ends_the_proposal() public {
        uint256 id =
            proposeBy(3, IGov.Action.ReplaceAdminKey, abi.encode(uint32(4), makeAddr("new"), address(0)));
        vm.prank(recoveryOf(4));
        governed.veto(id);
        assertOver(id, IGov.ProposalState.Vetoed);
    }

    function assertOver(uint256 id, IGov.ProposalState state) private {
        bytes32 digest = governed.digestOf(id);
        bytes memory over = inState(id, state);
        vm.startPrank(adminOf(1));
        vm.expectRevert(over);
        governed.approve(id, digest);
        vm.expectRevert(over);
        governed.withdraw(id);
        vm.expectRevert(over);
        governed.execute(id);
        vm.expectRevert(over);
        governed.veto(id);
        vm.expectRevert(over);
        governed.recount(id);
        vm.stopPrank();
    }
}

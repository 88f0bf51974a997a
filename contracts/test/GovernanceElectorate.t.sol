// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortium} from "../src/interfaces/IConsortium.sol";
import {IConsortiumGovernance as IGov} from "../src/interfaces/IConsortiumGovernance.sol";
import {GovernanceTest} from "./GovernanceTest.sol";

/// @title The electorate changes while a proposal waits
contract GovernanceElectorateTest is GovernanceTest {
    bytes private suspendOne = abi.encode(uint32(1));

    function test_an_approval_of_the_suspended_does_not_count_until_reinstated() public {
        found(5);
        uint256 id = proposeBy(3, IGov.Action.ChangeRoles, abi.encode(uint32(5), uint32(3)));
        assertState(id, IGov.ProposalState.Ready);
        uint256 suspension = proposeByThree(IGov.Action.Suspend, suspendOne);
        assertTrue(governed.execute(suspension));
        assertState(id, IGov.ProposalState.Open);
        vm.expectRevert(inState(id, IGov.ProposalState.Open));
        governed.execute(id);
        assertEq(governed.approvalsOf(id).length, 3);
        assertTrue(governed.execute(proposeByThree(IGov.Action.Reinstate, suspendOne)));
        assertTrue(governed.execute(id));
    }

    function test_an_approval_of_one_without_the_vote_does_not_count() public {
        uint256 id = proposeBy(3, IGov.Action.Admit, admission("fifth"));
        vm.warp(block.timestamp + 1);
        uint256 other = propose(2, IGov.Action.ChangeVoter, abi.encode(uint32(1), false));
        approve(3, other);
        approve(4, other);
        vm.warp(block.timestamp + DELAY);
        assertState(id, IGov.ProposalState.Ready);
        assertTrue(governed.execute(other));
        assertEq(governed.participant(1).roles, 1);
        assertElectorate(3, 3);
        assertState(id, IGov.ProposalState.Ready); // two of three are two thirds
        withdraw(3, id);
        assertState(id, IGov.ProposalState.Open); // and one of three, with one that lost the vote, is not
    }

    /// @dev A coalition that may admit puppets still needs two thirds of all, puppets included, for what waits.
    function test_puppets_admitted_meanwhile_raise_what_is_needed() public {
        uint256[] memory puppets = new uint256[](2);
        puppets[0] = proposeBy(3, IGov.Action.Admit, admission("v5"));
        puppets[1] = proposeBy(3, IGov.Action.Admit, admission("v6"));
        uint256 id = proposeBy(3, IGov.Action.Remove, abi.encode(uint32(4)));
        vm.warp(block.timestamp + DELAY);
        assertTrue(governed.execute(puppets[0]));
        assertState(id, IGov.ProposalState.Open); // three of five
        assertState(puppets[1], IGov.ProposalState.Open);
        vm.expectRevert(inState(id, IGov.ProposalState.Open));
        governed.execute(id);
        approve(5, puppets[1]);
        assertState(puppets[1], IGov.ProposalState.Waiting); // what was lost begins again
    }

    /// @dev Whoever has less than two thirds admits nobody, however often and in whatever order they try.
    function test_a_coalition_below_two_thirds_admits_no_puppet() public {
        found(7);
        uint256 id = proposeBy(4, IGov.Action.Admit, admission("v8"));
        vm.warp(block.timestamp + LIFETIME - 1);
        assertState(id, IGov.ProposalState.Open);
        governed.recount(id);
        vm.expectRevert(inState(id, IGov.ProposalState.Open));
        governed.execute(id);
        for (uint32 victim = 5; victim <= 7; ++victim) {
            assertTrue(decide(IGov.Action.Suspend, abi.encode(victim)));
            assertState(id, IGov.ProposalState.Open); // suspended voters still count
        }
        id = proposeBy(4, IGov.Action.Remove, abi.encode(uint32(7)));
        vm.warp(block.timestamp + DELAY);
        vm.expectRevert(inState(id, IGov.ProposalState.Open));
        governed.execute(id);
        assertEq(governed.participantCount(), 7);
    }

    function test_a_smaller_electorate_reaches_the_threshold_when_recounted() public {
        found(5);
        uint256 id = proposeBy(3, IGov.Action.Admit, admission("v6"));
        governed.recount(id);
        assertEq(governed.proposal(id).executableFrom, 0);
        assertTrue(decide(IGov.Action.Remove, abi.encode(uint32(5))));
        assertState(id, IGov.ProposalState.Open);
        vm.expectRevert(inState(id, IGov.ProposalState.Open));
        governed.execute(id); // three of four, but the delay has not begun
        vm.expectEmit(address(governed));
        emit IGov.ProposalThreshold(id, now_() + DELAY, now_() + DELAY + LIFETIME);
        vm.prank(makeAddr("stranger"));
        governed.recount(id);
        vm.warp(block.timestamp + DELAY);
        assertTrue(governed.execute(id));
    }

    function test_an_ordinary_action_needs_no_recount() public {
        found(6);
        uint256 id = proposeBy(3, IGov.Action.ChangeRoles, abi.encode(uint32(1), uint32(3)));
        assertState(id, IGov.ProposalState.Open);
        assertTrue(decide(IGov.Action.Remove, abi.encode(uint32(6))));
        assertState(id, IGov.ProposalState.Ready);
        vm.expectEmit(address(governed));
        emit IGov.ProposalThreshold(id, now_(), now_() + LIFETIME);
        assertTrue(governed.execute(id));
    }

    function test_a_recount_ends_a_delay_whose_approvals_are_lost() public {
        uint256 id = proposeBy(3, IGov.Action.Admit, admission("v5"));
        uint64 lapsesAt = governed.proposal(id).lapsesAt;
        assertTrue(governed.execute(suspendFirst()));
        assertState(id, IGov.ProposalState.Open);
        vm.expectEmit(address(governed));
        emit IGov.ProposalThreshold(id, 0, lapsesAt);
        governed.recount(id);
        uint256 back = propose(2, IGov.Action.Reinstate, suspendOne);
        approve(3, back);
        approve(4, back);
        assertTrue(governed.execute(back));
        assertState(id, IGov.ProposalState.Open);
        governed.recount(id);
        assertEq(governed.proposal(id).executableFrom, now_() + DELAY);
    }

    /// @dev The delay must not have run while the threshold was lost, if the next approval is what brings it back.
    function test_an_approval_after_an_unseen_loss_begins_a_new_delay() public {
        uint256 id = proposeBy(3, IGov.Action.Admit, admission("v5"));
        assertTrue(governed.execute(suspendFirst()));
        vm.warp(block.timestamp + DELAY);
        assertState(id, IGov.ProposalState.Open);
        approve(4, id);
        assertEq(governed.proposal(id).executableFrom, now_() + DELAY);
        assertState(id, IGov.ProposalState.Waiting);
    }

    function test_nobody_can_suspend_the_network_into_silence() public {
        assertTrue(decide(IGov.Action.Suspend, abi.encode(uint32(4))));
        uint256 id = ready(IGov.Action.Suspend, abi.encode(uint32(3)));
        expectFailure(id, 4, 2);
        assertElectorate(4, 3);
        assertTrue(decide(IGov.Action.Reinstate, abi.encode(uint32(4))));
        found(2);
        expectFailure(ready(IGov.Action.Suspend, abi.encode(uint32(2))), 2, 1);
    }

    function test_a_voter_is_always_left() public {
        found(1);
        expectFailure(ready(IGov.Action.Remove, suspendOne), 0, 0);
        expectFailure(ready(IGov.Action.ChangeVoter, abi.encode(uint32(1), false)), 0, 0);
        expectFailure(ready(IGov.Action.Suspend, suspendOne), 1, 0);
        assertElectorate(1, 1);
    }

    function test_the_vote_is_not_given_to_so_many_suspended_that_nothing_could_be_decided() public {
        found(1);
        for (uint32 id = 2; id < 4; ++id) {
            IConsortium.Participant memory plain = participantOf(slugOf(id));
            plain.roles = 1;
            assertTrue(decide(IGov.Action.Admit, abi.encode(plain, new IConsortium.InitialKey[](0))));
            assertTrue(decide(IGov.Action.Suspend, abi.encode(id)));
        }
        expectFailure(ready(IGov.Action.ChangeVoter, abi.encode(uint32(2), true)), 2, 1);
        assertTrue(decide(IGov.Action.Reinstate, abi.encode(uint32(2))));
        assertTrue(decide(IGov.Action.ChangeVoter, abi.encode(uint32(2), true)));
        assertElectorate(2, 2);
    }

    function suspendFirst() private returns (uint256 id) {
        id = propose(2, IGov.Action.Suspend, suspendOne);
        approve(3, id);
        approve(4, id);
    }

    function proposeByThree(IGov.Action action, bytes memory arguments) private returns (uint256 id) {
        id = propose(3, action, arguments);
        approve(4, id);
        approve(5, id);
    }

    function expectFailure(uint256 id, uint32 voters, uint32 active) private {
        vm.expectEmit(address(governed));
        emit IGov.ProposalFailed(
            id, abi.encodeWithSelector(IGov.ConsortiumNoMajority.selector, voters, active)
        );
        assertFalse(governed.execute(id));
        assertState(id, IGov.ProposalState.Failed);
    }
}

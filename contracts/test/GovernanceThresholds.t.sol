// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortium} from "../src/interfaces/IConsortium.sol";
import {IConsortiumGovernance as IGov} from "../src/interfaces/IConsortiumGovernance.sol";
import {GovernanceTest} from "./GovernanceTest.sol";

/// @title How many approvals decide, for 1 to 12 voters
/// @dev The two tables were written by hand: more than half, and that together with at least two thirds.
contract GovernanceThresholdsTest is GovernanceTest {
    uint32[12] private ordinary = [1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7];
    uint32[12] private heavy = [1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 8, 8];

    function test_approvals_needed_are_those_of_the_table() public {
        for (uint32 n = 1; n <= 12; ++n) {
            found(n);
            for (uint8 action = 0; action < 10; ++action) {
                assertEq(governed.isHeavy(IGov.Action(action)), action >= 4);
                uint32 expected = action >= 4 ? heavy[n - 1] : ordinary[n - 1];
                assertEq(governed.approvalsNeeded(IGov.Action(action)), expected);
            }
        }
    }

    function test_one_approval_fewer_than_the_table_decides_nothing() public {
        for (uint32 n = 1; n <= 12; ++n) {
            found(n);
            reaches(IGov.Action.ChangeRoles, abi.encode(uint32(1), uint32(3)), ordinary[n - 1]);
            reaches(IGov.Action.Admit, admission("newcomer"), heavy[n - 1]);
        }
    }

    /// @dev The same with some of them suspended: they count, and cannot vote.
    function test_a_suspended_voter_counts_and_cannot_vote() public {
        for (uint32 n = 3; n <= 12; ++n) {
            found(n);
            assertTrue(decide(IGov.Action.Suspend, abi.encode(n)));
            assertElectorate(n, n - 1);
            reaches(IGov.Action.ChangeRoles, abi.encode(uint32(1), uint32(3)), ordinary[n - 1]);
        }
    }

    function test_a_participant_without_the_role_does_not_count() public {
        for (uint32 id = 5; id < 9; ++id) {
            IConsortium.Participant memory newcomer = participantOf(slugOf(id));
            newcomer.roles = 31;
            assertTrue(decide(IGov.Action.Admit, abi.encode(newcomer, new IConsortium.InitialKey[](0))));
        }
        assertElectorate(4, 4);
        assertEq(governed.participantCount(), 8);
        assertTrue(decide(IGov.Action.ChangeVoter, abi.encode(uint32(8), true)));
        assertElectorate(5, 5);
        assertEq(governed.participant(8).roles, 63);
    }

    function reaches(IGov.Action action, bytes memory arguments, uint32 needed) private {
        uint256 id;
        if (needed > 1) {
            id = proposeBy(needed - 1, action, arguments);
            assertState(id, IGov.ProposalState.Open);
            assertEq(governed.proposal(id).executableFrom, 0);
            vm.expectRevert(inState(id, IGov.ProposalState.Open));
            governed.execute(id);
            approve(needed, id);
        } else {
            id = propose(1, action, arguments);
        }
        assertState(id, governed.isHeavy(action) ? IGov.ProposalState.Waiting : IGov.ProposalState.Ready);
        if (governed.isHeavy(action)) vm.warp(block.timestamp + DELAY);
        assertTrue(governed.execute(id));
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IConsortium} from "../src/interfaces/IConsortium.sol";
import {IConsortiumGovernance as IGov} from "../src/interfaces/IConsortiumGovernance.sol";
import {GovernanceHandler} from "./GovernanceHandler.sol";
import {GovernanceModel} from "./GovernanceModel.sol";

/// @title G1 to G7 of contracts/README.md, after any sequence of calls
contract GovernanceInvariantsTest is Test {
    GovernanceHandler private handler;
    IGov private governed;

    function setUp() public {
        handler = new GovernanceHandler();
        governed = handler.contractUnderTest();
        bytes4[] memory calls = new bytes4[](17);
        calls[0] = GovernanceHandler.campaign.selector;
        calls[1] = GovernanceHandler.campaign.selector;
        calls[2] = GovernanceHandler.campaign.selector;
        calls[3] = GovernanceHandler.campaign.selector;
        calls[4] = GovernanceHandler.approveAs.selector;
        calls[5] = GovernanceHandler.approveAnother.selector;
        calls[6] = GovernanceHandler.withdrawAs.selector;
        calls[7] = GovernanceHandler.recountAs.selector;
        calls[8] = GovernanceHandler.execute.selector;
        calls[9] = GovernanceHandler.executeAll.selector;
        calls[10] = GovernanceHandler.executeAll.selector;
        calls[11] = GovernanceHandler.vetoAs.selector;
        calls[12] = GovernanceHandler.recover.selector;
        calls[13] = GovernanceHandler.enactAs.selector;
        calls[14] = GovernanceHandler.pass.selector;
        calls[15] = GovernanceHandler.pass.selector;
        calls[16] = GovernanceHandler.proposeAs.selector;
        targetSelector(FuzzSelector(address(handler), calls));
        targetContract(address(handler));
    }

    /// @dev One campaign for all of them: the seed is fixed, so that each would see the same sequences.
    ///      What goes wrong here stays wrong, so every eighth call is looked at, and the last.
    /// forge-config: default.invariant.depth = 96
    /// forge-config: default.invariant.check-interval = 8
    function invariant_governance() public view {
        G1_what_took_effect_had_its_majority_and_its_delay();
        G2_participants_are_what_votes_made_of_them();
        uint256 first = handler.ballots() > 6 ? handler.ballots() - 5 : 1; // the others: at the end
        G3_proposals_are_where_the_rules_put_them(first);
        G4_nobody_approves_twice(first);
        G5_a_majority_that_can_vote_is_left();
        G6_an_admin_key_speaks_for_one_participant();
        G7_nothing_changes_a_threshold();
    }

    /// @dev Whatever took effect had, in that block, more than half of the electorate behind it; a heavy action two
    ///      thirds, and the delay since its threshold. Both are counted from the contract's history and its logs.
    function G1_what_took_effect_had_its_majority_and_its_delay() private view {
        GovernanceHandler.Execution[] memory all = handler.executions();
        for (uint256 i = 0; i < all.length; ++i) {
            (uint256 a, uint256 n) = (all[i].approvals, all[i].electorate);
            assertGt(2 * a, n);
            if (all[i].action < IGov.Action.Admit) continue;
            assertGe(3 * a, 2 * n);
            assertGe(all[i].executedAt, handler.thresholdAt(all[i].id) + governed.delay());
            assertGt(handler.thresholdAt(all[i].id), 0);
        }
    }

    /// @dev Status, roles, keys and epoch are what executed votes and recovery keys made of them; nobody else did.
    function G2_participants_are_what_votes_made_of_them() private view {
        assertEq(governed.participantCount(), handler.people());
        for (uint32 id = 1; id <= handler.people(); ++id) {
            GovernanceModel.Person memory expected = handler.person(id);
            IConsortium.Participant memory found = governed.participant(id);
            assertEq(found.status, expected.status);
            assertEq(found.roles, expected.roles);
            assertEq(found.adminKey, expected.admin);
            assertEq(found.recoveryKey, expected.recovery);
            assertEq(governed.keyEpoch(id), expected.epoch);
            assertEq(governed.epochChangesOf(id).length > expected.epoch, false);
        }
    }

    /// @dev State, approvals and end of every proposal are those of the model; what is over stays as it is.
    function G3_proposals_are_where_the_rules_put_them(uint256 first) private view {
        assertEq(governed.proposalCount(), handler.ballots());
        for (uint256 id = first; id <= handler.ballots(); ++id) {
            GovernanceModel.Ballot memory expected = handler.ballot(id);
            IGov.Proposal memory found = governed.proposal(id);
            assertEq(uint8(found.state), uint8(handler.stateOf(id)));
            assertEq(found.lapsesAt, expected.lapsesAt);
            assertEq(found.digest, expected.digest);
            assertEq(found.arguments, expected.arguments);
            assertEq(governed.approvalsOf(id).length, expected.approvals.length);
        }
    }

    /// @dev An approval is counted once, and belongs to a participant that the model saw approve.
    function G4_nobody_approves_twice(uint256 first) private view {
        for (uint256 id = first; id <= handler.ballots(); ++id) {
            uint32[] memory found = governed.approvalsOf(id);
            uint32[] memory expected = handler.ballot(id).approvals;
            for (uint256 i = 0; i < found.length; ++i) {
                uint256 times = 0;
                for (uint256 j = 0; j < found.length; ++j) {
                    if (found[j] == found[i]) ++times;
                }
                assertEq(times, 1);
                bool approved = false;
                for (uint256 j = 0; j < expected.length; ++j) {
                    if (expected[j] == found[i]) approved = true;
                }
                assertTrue(approved);
            }
        }
    }

    /// @dev The electorate is every voter that is not removed, and those of it that are active are a majority.
    function G5_a_majority_that_can_vote_is_left() private view {
        (uint32 voters, uint32 active) = governed.electorate();
        (uint32 votersExpected, uint32 activeExpected) = handler.electorateOf();
        assertEq(voters, votersExpected);
        assertEq(active, activeExpected);
        assertGt(2 * active, voters);
    }

    /// @dev An admin key speaks for one participant; one that was replaced speaks for nobody.
    function G6_an_admin_key_speaks_for_one_participant() private view {
        for (uint32 id = 1; id <= handler.people(); ++id) {
            assertEq(governed.participantByAdminKey(handler.person(id).admin), id);
            assertEq(governed.participantByAdminKey(handler.person(id).recovery), 0);
        }
        address[] memory retired = handler.retired();
        for (uint256 i = 0; i < retired.length; ++i) {
            assertEq(governed.participantByAdminKey(retired[i]), 0);
        }
    }

    /// @dev What is needed is the least number that satisfies the rule; delay and lifetime stay.
    function G7_nothing_changes_a_threshold() private view {
        (uint32 voters,) = governed.electorate();
        for (uint8 action = 0; action < 10; ++action) {
            uint32 needed = governed.approvalsNeeded(IGov.Action(action));
            assertTrue(handler.suffices(needed, voters, IGov.Action(action)));
            assertFalse(handler.suffices(needed - 1, voters, IGov.Action(action)));
        }
        assertEq(governed.delay(), 7 days);
        assertEq(governed.lifetime(), 30 days);
    }

    /// @dev Without this a handler that never gets anywhere would pass all of the above.
    function afterInvariant() public view {
        assertGt(handler.ballots() + handler.refusals(), 0);
        G3_proposals_are_where_the_rules_put_them(1);
        G4_nobody_approves_twice(1);
    }
}

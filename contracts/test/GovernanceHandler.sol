// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {IConsortium} from "../src/interfaces/IConsortium.sol";
import {IConsortiumGovernance as IGov} from "../src/interfaces/IConsortiumGovernance.sol";
import {GovernanceModel} from "./GovernanceModel.sol";

/// @title Does what voters, the suspended, the removed and strangers may try, in any order
/// @dev Every call is expected to do what the model says, or to revert with the error that the model says; a call that
///      does otherwise fails at once. The invariants compare the whole afterwards.
contract GovernanceHandler is GovernanceModel {
    /// @dev How it stood when a proposal took effect, counted from the contract's history views.
    struct Execution {
        uint256 id;
        IGov.Action action;
        uint256 approvals;
        uint256 electorate;
        uint64 executedAt;
    }

    Execution[] private _executions;
    address[] private _retired;
    uint256 private _names;
    mapping(uint256 id => uint64) public thresholdAt; // by the logs; 0 if it was lost again
    uint256 public refusals;
    uint256 public failures;

    constructor() {
        vm.chainId(4242);
        vm.warp(1_700_000_000);
        found(5);
        for (uint32 id = 1; id <= 5; ++id) {
            modelPerson(adminOf(id), recoveryOf(id));
        }
    }

    function contractUnderTest() external view returns (IGov) {
        return governed;
    }

    function executions() external view returns (Execution[] memory) {
        return _executions;
    }

    function retired() external view returns (address[] memory) {
        return _retired;
    }

    /// @notice Somebody proposes something, and some others approve it: so that a run gets somewhere.
    function campaign(uint256 who, uint256 kind, uint256 target, uint256 supporters) external {
        proposeAs(who, kind, target);
        uint256 count = ballots() == 0 ? 0 : supporters % (people() + 2);
        for (uint256 i = 1; i <= count; ++i) {
            approve_(who % PEOPLE_MAX + i, ballots());
        }
    }

    function proposeAs(uint256 who, uint256 kind, uint256 target) public {
        (uint32 actor, address key) = actorAt(who);
        (IGov.Action action, uint32 subject, bytes memory arguments) = wish(kind, target);
        vm.recordLogs();
        if (!mayVote(actor)) {
            refused(notVoter(key));
            vm.prank(key);
            governed.propose(action, arguments, 0);
            return;
        }
        modelProposal(action, subject, arguments);
        modelApproval(actor, ballots());
        vm.prank(key);
        (uint256 id, bytes32 digest) = governed.propose(action, arguments, 0);
        assertEq(id, ballots());
        assertEq(digest, ballot(id).digest);
        readThresholds();
    }

    function approveAs(uint256 who, uint256 which) external {
        if (ballots() != 0) approve_(who, recent(which));
    }

    /// @notice An approval of what stood under this number on another branch of the chain.
    function approveAnother(uint256 who, uint256 which, uint8 bit) external {
        if (ballots() == 0) return;
        uint256 id = recent(which);
        (uint32 actor, address key) = actorAt(who);
        bytes32 wrong = ballot(id).digest ^ bytes32(uint256(1) << bit);
        if (!mayVote(actor)) {
            refused(notVoter(key));
        } else if (!undecided(id)) {
            refused(inState(id, stateOf(id)));
        } else {
            refused(
                abi.encodeWithSelector(IGov.ConsortiumDigestMismatch.selector, id, ballot(id).digest, wrong)
            );
        }
        vm.prank(key);
        governed.approve(id, wrong);
    }

    function withdrawAs(uint256 who, uint256 which) external {
        if (ballots() == 0) return;
        uint256 id = recent(which);
        (uint32 actor, address key) = actorAt(who);
        vm.recordLogs();
        if (actor == 0) {
            refused(notVoter(key));
        } else if (!undecided(id)) {
            refused(inState(id, stateOf(id)));
        } else if (!hasApproved(actor, id)) {
            refused(approval(id, actor, false));
        } else {
            modelWithdrawal(actor, id);
        }
        vm.prank(key);
        governed.withdraw(id);
        readThresholds();
    }

    function recountAs(uint256 which) external {
        if (ballots() == 0) return;
        uint256 id = recent(which);
        vm.recordLogs();
        if (!undecided(id)) refused(inState(id, stateOf(id)));
        else modelRecount(id);
        governed.recount(id);
        readThresholds();
    }

    /// @notice Anyone executes; if `thrift` is even, with so little gas that it may not suffice.
    function execute(uint256 which, uint256 thrift) public {
        if (ballots() == 0) return;
        uint256 id = recent(which);
        if (stateOf(id) != IGov.ProposalState.Ready) {
            refused(inState(id, stateOf(id)));
            governed.execute(id);
            return;
        }
        vm.recordLogs();
        uint256 approvals = votesInHistory(id);
        uint256 electors = electorsInHistory();
        uint256 gas_ = thrift % 2 == 0 ? 60_000 + thrift % 600_000 : 10_000_000;
        try governed.execute{gas: gas_}(id) returns (bool done) {
            modelRecount(id);
            assertEq(done, modelAction(id));
            modelEnd(id, done ? IGov.ProposalState.Executed : IGov.ProposalState.Failed);
            if (done) _executions.push(Execution(id, ballot(id).action, approvals, electors, now_()));
            else ++failures;
        } catch {
            assertLt(gas_, 10_000_000);
        }
        readThresholds();
    }

    /// @notice Whatever is ready is executed, the oldest first.
    function executeAll(uint256 thrift) external {
        for (uint256 age = ballots() < 8 ? ballots() : 8; age > 0; --age) {
            if (stateOf(ballots() + 1 - age) == IGov.ProposalState.Ready) execute(age - 1, thrift);
        }
    }

    function vetoAs(uint256 who, bool cold, uint256 which) external {
        if (ballots() == 0) return;
        uint256 id = recent(which);
        (uint32 actor, address key) = actorAt(who);
        if (cold && actor != 0) key = person(actor).recovery;
        IGov.Action action = ballot(id).action;
        if (!undecided(id)) {
            refused(inState(id, stateOf(id)));
        } else if (action != IGov.Action.ReplaceAdminKey) {
            refused(abi.encodeWithSelector(IGov.ConsortiumNoVeto.selector, id, action));
        } else if (actor != ballot(id).subject) {
            refused(notAllowed(key, ballot(id).subject));
        } else if (stateOf(id) == IGov.ProposalState.Ready) {
            refused(inState(id, IGov.ProposalState.Ready));
        } else {
            modelEnd(id, IGov.ProposalState.Vetoed);
        }
        vm.prank(key);
        governed.veto(id);
    }

    /// @notice A recovery key, its own or a foreign one, replaces an admin key.
    function recover(uint256 who, uint256 whose) external {
        (uint32 actor, address key) = actorAt(who);
        if (actor != 0) key = person(actor).recovery;
        uint32 id = uint32(whose % people()) + 1;
        address fresh = newKey();
        if (person(id).status == 3) {
            refused(abi.encodeWithSelector(IConsortium.ConsortiumRemoved.selector, id));
        } else if (actor != id) {
            refused(notAllowed(key, id));
        } else {
            _retired.push(person(id).admin);
            modelAdmin(id, fresh);
        }
        vm.prank(key);
        governed.replaceAdminKey(id, fresh);
    }

    /// @notice Nobody reaches around the vote.
    function enactAs(uint256 who, uint256 kind, uint256 target) external {
        (, address key) = actorAt(who);
        (IGov.Action action,, bytes memory arguments) = wish(kind, target);
        refused(notAllowed(key, 0));
        vm.prank(key);
        governed.enact(action, arguments);
    }

    function pass(uint256 seconds_) external {
        uint64[5] memory steps = [uint64(1), 1 days, DELAY - 1, DELAY, LIFETIME - 1];
        vm.warp(block.timestamp + steps[seconds_ % 5]);
        vm.roll(block.number + 1);
    }

    function approve_(uint256 who, uint256 id) private {
        (uint32 actor, address key) = actorAt(who);
        bytes32 digest = ballot(id).digest;
        vm.recordLogs();
        if (!mayVote(actor)) refused(notVoter(key));
        else if (!undecided(id)) refused(inState(id, stateOf(id)));
        else if (hasApproved(actor, id)) refused(approval(id, actor, true));
        else modelApproval(actor, id);
        vm.prank(key);
        governed.approve(id, digest);
        readThresholds();
    }

    function refused(bytes memory reason) private {
        vm.expectRevert(reason);
        ++refusals;
    }

    /// @dev Participants by number; 0 is a stranger.
    function actorAt(uint256 who) private returns (uint32 actor, address key) {
        actor = uint32(who % (people() + 1));
        key = actor == 0 ? makeAddr("stranger") : person(actor).admin;
    }

    function recent(uint256 which) private view returns (uint256) {
        return ballots() - which % (ballots() < 8 ? ballots() : 8);
    }

    function wish(uint256 kind, uint256 target)
        private
        returns (IGov.Action action, uint32 subject, bytes memory arguments)
    {
        uint8[7] memory kinds = [0, 1, 3, 4, 5, 6, 7];
        action = IGov.Action(kinds[kind % 7]);
        subject = uint32(target % people()) + 1;
        if (action == IGov.Action.Admit && people() == PEOPLE_MAX) action = IGov.Action.Suspend;
        if (action == IGov.Action.Admit) {
            subject = 0;
            arguments = admission(string.concat("n", vm.toString(++_names)));
        } else if (action == IGov.Action.ChangeRoles) {
            arguments = abi.encode(subject, uint32(target / 16 % 64));
        } else if (action == IGov.Action.ChangeVoter) {
            arguments = abi.encode(subject, target / 16 % 2 == 0);
        } else if (action == IGov.Action.ReplaceAdminKey) {
            arguments = abi.encode(subject, newKey(), address(0));
        } else {
            arguments = abi.encode(subject);
        }
    }

    function newKey() private returns (address) {
        return address(uint160(0xacce551b1e0000) + uint160(++_names));
    }

    /// @dev What the logs say of thresholds: a client that only reads logs must come to the same.
    function readThresholds() private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] != IGov.ProposalThreshold.selector) continue;
            (uint64 from,) = abi.decode(logs[i].data, (uint64, uint64));
            thresholdAt[uint256(logs[i].topics[1])] = from == 0 ? 0 : now_();
        }
    }

    function votesInHistory(uint256 id) private view returns (uint256 count) {
        uint32[] memory approvals = governed.approvalsOf(id);
        for (uint256 i = 0; i < approvals.length; ++i) {
            bool voter = governed.rolesAt(approvals[i], now_()) & VOTER != 0;
            if (voter && governed.statusAt(approvals[i], now_()) == 1) ++count;
        }
    }

    function electorsInHistory() private view returns (uint256 count) {
        for (uint32 id = 1; id <= governed.participantCount(); ++id) {
            bool voter = governed.rolesAt(id, now_()) & VOTER != 0;
            if (voter && governed.statusAt(id, now_()) != 3) ++count;
        }
    }

    function approval(uint256 id, uint32 who, bool stands) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IGov.ConsortiumApproval.selector, id, who, stands);
    }
}

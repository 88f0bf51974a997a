// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortium} from "../src/interfaces/IConsortium.sol";
import {IConsortiumGovernance as IGov} from "../src/interfaces/IConsortiumGovernance.sol";
import {GovernanceTest} from "./GovernanceTest.sol";

/// @title A second account of who takes part, who approved what, and what must follow
/// @dev Plain loops over everything, and the rules in the words of `IConsortiumGovernance`: nothing is counted as the
///      contract counts it. It asks the contract nothing.
abstract contract GovernanceModel is GovernanceTest {
    struct Person {
        uint8 status;
        uint32 roles;
        uint32 epoch;
        address admin;
        address recovery;
    }

    struct Ballot {
        IGov.Action action;
        IGov.ProposalState outcome;
        bool extended;
        uint32 subject;
        uint64 approvedAt; // since when the approvals suffice; 0 while they do not
        uint64 lapsesAt;
        bytes32 digest;
        bytes arguments;
        uint32[] approvals;
    }

    uint32 internal constant VOTER = 32;
    uint32 internal constant PEOPLE_MAX = 9;

    Person[] private _people; // participant i stands at i - 1
    Ballot[] private _ballots;

    function person(uint32 id) public view returns (Person memory) {
        return _people[id - 1];
    }

    function people() public view returns (uint32) {
        return uint32(_people.length);
    }

    function ballot(uint256 id) public view returns (Ballot memory) {
        return _ballots[id - 1];
    }

    function ballots() public view returns (uint256) {
        return _ballots.length;
    }

    function electorateOf() public view returns (uint32 voters, uint32 active) {
        for (uint256 i = 0; i < _people.length; ++i) {
            if (_people[i].roles & VOTER == 0 || _people[i].status == 3) continue;
            ++voters;
            if (_people[i].status == 1) ++active;
        }
    }

    function mayVote(uint32 id) public view returns (bool) {
        return id != 0 && _people[id - 1].status == 1 && _people[id - 1].roles & VOTER != 0;
    }

    /// @dev 2a > n, and for a heavy action 3a >= 2n too.
    function suffices(uint256 a, uint256 n, IGov.Action action) public pure returns (bool) {
        bool heavy = uint8(action) >= uint8(IGov.Action.Admit);
        return 2 * a > n && (!heavy || 3 * a >= 2 * n);
    }

    function votesFor(uint256 id) public view returns (uint256 count) {
        uint32[] storage approvals = _ballots[id - 1].approvals;
        for (uint256 i = 0; i < approvals.length; ++i) {
            if (mayVote(approvals[i])) ++count;
        }
    }

    function stateOf(uint256 id) public view returns (IGov.ProposalState) {
        Ballot storage one = _ballots[id - 1];
        if (one.outcome != IGov.ProposalState.Unknown) return one.outcome;
        if (now_() >= one.lapsesAt) return IGov.ProposalState.Lapsed;
        if (!approvedNow(id)) return IGov.ProposalState.Open;
        if (uint8(one.action) < uint8(IGov.Action.Admit)) return IGov.ProposalState.Ready;
        if (one.approvedAt == 0) return IGov.ProposalState.Open;
        return now_() < one.approvedAt + DELAY ? IGov.ProposalState.Waiting : IGov.ProposalState.Ready;
    }

    function undecided(uint256 id) internal view returns (bool) {
        return uint8(stateOf(id)) <= uint8(IGov.ProposalState.Ready);
    }

    function approvedNow(uint256 id) internal view returns (bool) {
        (uint32 voters,) = electorateOf();
        return suffices(votesFor(id), voters, _ballots[id - 1].action);
    }

    function modelPerson(address admin, address recovery) internal {
        _people.push(Person(1, 33, 1, admin, recovery));
    }

    function modelProposal(IGov.Action action, uint32 subject, bytes memory arguments) internal {
        Ballot storage made = _ballots.push();
        (made.action, made.subject, made.arguments) = (action, subject, arguments);
        made.lapsesAt = now_() + LIFETIME;
        made.digest = keccak256(
            abi.encode(block.chainid, address(governed), _ballots.length, action, arguments, bytes32(0))
        );
    }

    function hasApproved(uint32 who, uint256 id) internal view returns (bool) {
        uint32[] storage approvals = _ballots[id - 1].approvals;
        for (uint256 i = 0; i < approvals.length; ++i) {
            if (approvals[i] == who) return true;
        }
        return false;
    }

    function modelApproval(uint32 who, uint256 id) internal {
        modelRecount(id);
        _ballots[id - 1].approvals.push(who);
        modelRecount(id);
    }

    function modelWithdrawal(uint32 who, uint256 id) internal {
        uint32[] storage approvals = _ballots[id - 1].approvals;
        for (uint256 i = 0; i < approvals.length; ++i) {
            if (approvals[i] == who) approvals[i] = approvals[approvals.length - 1];
        }
        approvals.pop();
        if (approvals.length == 0) _ballots[id - 1].outcome = IGov.ProposalState.Withdrawn;
        modelRecount(id);
    }

    function modelRecount(uint256 id) internal {
        Ballot storage one = _ballots[id - 1];
        if (!approvedNow(id)) {
            one.approvedAt = 0;
        } else if (one.approvedAt == 0) {
            one.approvedAt = now_();
            uint64 wait = uint8(one.action) < uint8(IGov.Action.Admit) ? 0 : DELAY;
            if (!one.extended && one.lapsesAt < now_() + wait + LIFETIME) {
                one.lapsesAt = now_() + wait + LIFETIME;
            }
            one.extended = true;
        }
    }

    function modelEnd(uint256 id, IGov.ProposalState outcome) internal {
        _ballots[id - 1].outcome = outcome;
    }

    function modelAdmin(uint32 id, address admin) internal {
        _people[id - 1].admin = admin;
    }

    /// @dev What the action makes of the people; false, and nothing, if it must fail.
    function modelAction(uint256 id) internal returns (bool) {
        Ballot memory one = _ballots[id - 1];
        if (one.action == IGov.Action.Admit) return modelAdmission(one.arguments);
        Person memory before = _people[one.subject - 1];
        bool done = changed(_people[one.subject - 1], one);
        (uint32 voters, uint32 active) = electorateOf();
        if (done && 2 * active > voters) return true;
        _people[one.subject - 1] = before;
        return false;
    }

    function modelAdmission(bytes memory arguments) private returns (bool) {
        (IConsortium.Participant memory newcomer,) =
            abi.decode(arguments, (IConsortium.Participant, IConsortium.InitialKey[]));
        for (uint256 i = 0; i < _people.length; ++i) {
            if (_people[i].admin == newcomer.adminKey) return false;
        }
        modelPerson(newcomer.adminKey, newcomer.recoveryKey);
        return true;
    }

    function changed(Person storage subject, Ballot memory one) private returns (bool) {
        if (one.action == IGov.Action.Suspend || one.action == IGov.Action.Reinstate) {
            uint8 from = one.action == IGov.Action.Suspend ? 1 : 2;
            if (subject.status != from) return false;
            subject.status = 3 - from;
            return true;
        }
        if (subject.status == 3) return false;
        if (one.action == IGov.Action.Remove) {
            subject.status = 3;
            return true;
        }
        if (one.action == IGov.Action.ReplaceAdminKey) {
            (, address admin,) = abi.decode(one.arguments, (uint32, address, address));
            (subject.admin, subject.epoch) = (admin, subject.epoch + 1);
            return true;
        }
        uint32 before = subject.roles;
        if (one.action == IGov.Action.ChangeVoter) {
            (, bool voter) = abi.decode(one.arguments, (uint32, bool));
            subject.roles = voter ? before | VOTER : before & ~VOTER;
        } else {
            (, uint32 roles) = abi.decode(one.arguments, (uint32, uint32));
            subject.roles = (roles & ~VOTER) | (before & VOTER);
        }
        return subject.roles != before && subject.roles != 0;
    }
}

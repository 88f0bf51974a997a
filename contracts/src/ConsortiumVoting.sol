// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {ConsortiumActions} from "./ConsortiumActions.sol";
import {STATUS_ACTIVE} from "./interfaces/IConsortium.sol";
import {IConsortiumGovernance} from "./interfaces/IConsortiumGovernance.sol";

/// @title How a consortium decides
/// @notice Proposals, approvals, thresholds, the delay and its end, as `IConsortiumGovernance` describes them.
/// @dev Invariants G1 to G10 stand in contracts/README.md. Nothing that is called from here can call back: every
///      function that writes shares one guard.
abstract contract ConsortiumVoting is ConsortiumActions, ReentrancyGuardTransient {
    using EnumerableSet for EnumerableSet.UintSet;

    /// @dev The first seven members are one slot. `outcome` is Unknown until the proposal is over; `executableFrom` is 0
    ///      while the threshold is not known to be reached; `extended` once `lapsesAt` was moved.
    struct StoredProposal {
        Action action;
        ProposalState outcome;
        bool extended;
        uint32 proposer;
        uint40 proposedAt;
        uint40 executableFrom;
        uint40 lapsesAt;
        bytes32 digest;
        bytes32 evidence;
        bytes arguments;
        EnumerableSet.UintSet approvals;
    }

    uint256 private constant REASON_BYTES_MAX = 1024;

    /// @dev A call passes on 63/64 of the gas. However deep the call that ran dry, up to 18 levels, less than this
    ///      fraction of what `execute` had is left to it afterwards.
    uint256 private constant GAS_LEFT_DIVISOR = 4;

    /// @inheritdoc IConsortiumGovernance
    uint64 public immutable delay;

    /// @inheritdoc IConsortiumGovernance
    uint64 public immutable lifetime;

    /// @inheritdoc IConsortiumGovernance
    uint256 public proposalCount;

    mapping(uint256 id => StoredProposal) private _proposals;

    constructor(uint64 delay_, uint64 lifetime_) {
        if (lifetime_ == 0 || delay_ > type(uint32).max || lifetime_ > type(uint32).max) {
            revert ConsortiumInvalidPeriod(delay_, lifetime_);
        }
        delay = delay_;
        lifetime = lifetime_;
    }

    /// @inheritdoc IConsortiumGovernance
    function propose(Action action, bytes calldata arguments, bytes32 evidence)
        external
        nonReentrant
        returns (uint256 id, bytes32 digest)
    {
        uint32 proposer = _requireVoter();
        try this.inspect(action, arguments) {}
        catch {
            revert ConsortiumInvalidArguments(action);
        }
        id = ++proposalCount;
        digest = keccak256(abi.encode(block.chainid, address(this), id, action, arguments, evidence));
        StoredProposal storage made = _proposals[id];
        (made.action, made.proposer, made.proposedAt) = (action, proposer, uint40(_now()));
        made.lapsesAt = uint40(_now() + lifetime);
        (made.digest, made.evidence, made.arguments) = (digest, evidence, arguments);
        _announce(id, made);
        _approve(id, made, proposer);
    }

    /// @inheritdoc IConsortiumGovernance
    function approve(uint256 id, bytes32 digest) external nonReentrant {
        uint32 voter = _requireVoter();
        StoredProposal storage one = _requireUndecided(id);
        if (digest != one.digest) revert ConsortiumDigestMismatch(id, one.digest, digest);
        _takeNote(id, one);
        _approve(id, one, voter);
    }

    /// @inheritdoc IConsortiumGovernance
    function withdraw(uint256 id) external nonReentrant {
        uint32 owner = _idByAdminKey[msg.sender];
        if (owner == 0) revert ConsortiumNotVoter(msg.sender);
        StoredProposal storage one = _requireUndecided(id);
        if (!one.approvals.remove(owner)) revert ConsortiumApproval(id, owner, false);
        emit ProposalApprovalWithdrawn(id, owner);
        if (one.approvals.length() == 0) one.outcome = ProposalState.Withdrawn;
        _takeNote(id, one);
    }

    /// @inheritdoc IConsortiumGovernance
    function recount(uint256 id) external nonReentrant {
        _takeNote(id, _requireUndecided(id));
    }

    /// @inheritdoc IConsortiumGovernance
    function veto(uint256 id) external nonReentrant {
        StoredProposal storage one = _requireUndecided(id);
        if (one.action != Action.ReplaceAdminKey) revert ConsortiumNoVeto(id, one.action);
        uint32 owner = _subjectOf(one.arguments);
        if (msg.sender != _adminKeyOf(owner) && msg.sender != _recoveryKeyOf(owner)) {
            revert ConsortiumNotAllowed(msg.sender, owner);
        }
        if (_stateOf(one) == ProposalState.Ready) revert ConsortiumProposalState(id, ProposalState.Ready);
        one.outcome = ProposalState.Vetoed;
        emit ProposalVetoed(id, msg.sender);
    }

    /// @inheritdoc IConsortiumGovernance
    function execute(uint256 id) external nonReentrant returns (bool done) {
        StoredProposal storage one = _requireUndecided(id);
        ProposalState state = _stateOf(one);
        if (state != ProposalState.Ready) revert ConsortiumProposalState(id, state);
        _takeNote(id, one);
        one.outcome = ProposalState.Executed;
        bytes memory call = abi.encodeCall(this.enact, (one.action, one.arguments));
        uint256 gasBefore = gasleft();
        done = LowLevelCall.callNoReturn(address(this), call);
        if (done) {
            emit ProposalExecuted(id);
            return done;
        }
        if (gasleft() < gasBefore / GAS_LEFT_DIVISOR) revert ConsortiumGasTooLow(id);
        one.outcome = ProposalState.Failed;
        emit ProposalFailed(id, _reason());
    }

    /// @inheritdoc IConsortiumGovernance
    function proposal(uint256 id) external view returns (Proposal memory) {
        StoredProposal storage one = _requireProposal(id);
        return Proposal({
            action: one.action,
            state: _stateOf(one),
            proposer: one.proposer,
            proposedAt: one.proposedAt,
            executableFrom: one.executableFrom,
            lapsesAt: one.lapsesAt,
            digest: one.digest,
            evidence: one.evidence,
            arguments: one.arguments
        });
    }

    /// @inheritdoc IConsortiumGovernance
    function digestOf(uint256 id) external view returns (bytes32) {
        return _requireProposal(id).digest;
    }

    /// @inheritdoc IConsortiumGovernance
    function approvalsOf(uint256 id) external view returns (uint32[] memory approvers) {
        EnumerableSet.UintSet storage approvals = _requireProposal(id).approvals;
        approvers = new uint32[](approvals.length());
        for (uint256 i = 0; i < approvers.length; ++i) {
            approvers[i] = uint32(approvals.at(i));
        }
    }

    /// @inheritdoc IConsortiumGovernance
    function electorate() external view returns (uint32 voters, uint32 votersActive) {
        return (_voters, _votersActive);
    }

    /// @inheritdoc IConsortiumGovernance
    function approvalsNeeded(Action action) public view returns (uint32) {
        uint32 majority = _voters / 2 + 1;
        uint32 twoThirds = (2 * _voters + 2) / 3;
        return isHeavy(action) && twoThirds > majority ? twoThirds : majority;
    }

    /// @inheritdoc IConsortiumGovernance
    function isHeavy(Action action) public pure returns (bool) {
        return action >= Action.Admit;
    }

    /// @dev Apart from `propose`, whose stack is full.
    function _announce(uint256 id, StoredProposal storage made) private {
        emit ProposalMade(
            id, made.action, made.proposer, made.arguments, made.digest, made.evidence, made.lapsesAt
        );
    }

    function _approve(uint256 id, StoredProposal storage one, uint32 voter) private {
        if (!one.approvals.add(voter)) revert ConsortiumApproval(id, voter, true);
        emit ProposalApproved(id, voter);
        _takeNote(id, one);
    }

    /// @dev Begins the delay where the threshold is reached now, and ends it where it is not any more.
    function _takeNote(uint256 id, StoredProposal storage one) private {
        bool reached = _isApproved(one);
        if (reached == (one.executableFrom != 0)) return;
        uint40 from = 0;
        if (reached) {
            from = uint40(_now() + (isHeavy(one.action) ? delay : 0));
            if (!one.extended && one.lapsesAt < from + lifetime) one.lapsesAt = uint40(from + lifetime);
            one.extended = true;
        }
        one.executableFrom = from;
        emit ProposalThreshold(id, from, one.lapsesAt);
    }

    /// @dev The beginning of what the action reverted with; the whole of it could cost more gas than a block has.
    function _reason() private pure returns (bytes memory reason) {
        uint256 size = LowLevelCall.returnDataSize();
        reason = new bytes(size < REASON_BYTES_MAX ? size : REASON_BYTES_MAX);
        assembly ("memory-safe") {
            returndatacopy(add(reason, 0x20), 0, mload(reason))
        }
    }

    function _stateOf(StoredProposal storage one) private view returns (ProposalState) {
        if (one.outcome != ProposalState.Unknown) return one.outcome;
        if (block.timestamp >= one.lapsesAt) return ProposalState.Lapsed;
        if (!_isApproved(one)) return ProposalState.Open;
        if (!isHeavy(one.action)) return ProposalState.Ready;
        if (one.executableFrom == 0) return ProposalState.Open;
        return block.timestamp < one.executableFrom ? ProposalState.Waiting : ProposalState.Ready;
    }

    /// @dev Counts the participants that may vote now, and no others, against the electorate of now.
    function _isApproved(StoredProposal storage one) private view returns (bool) {
        uint256 count = 0;
        for (uint256 i = 0; i < one.approvals.length(); ++i) {
            if (_mayVote(uint32(one.approvals.at(i)))) ++count;
        }
        return count >= approvalsNeeded(one.action);
    }

    function _mayVote(uint32 id) private view returns (bool) {
        Standing storage standing = _standings[id];
        return standing.voter && standing.status == STATUS_ACTIVE;
    }

    function _requireVoter() private view returns (uint32 id) {
        id = _idByAdminKey[msg.sender];
        if (!_mayVote(id)) revert ConsortiumNotVoter(msg.sender);
    }

    function _requireProposal(uint256 id) private view returns (StoredProposal storage) {
        if (id == 0 || id > proposalCount) revert ConsortiumUnknownProposal(id);
        return _proposals[id];
    }

    /// @dev Open, Waiting or Ready.
    function _requireUndecided(uint256 id) private view returns (StoredProposal storage one) {
        one = _requireProposal(id);
        ProposalState state = _stateOf(one);
        if (state > ProposalState.Ready) revert ConsortiumProposalState(id, state);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortium} from "./IConsortium.sol";

/// @title Consortium: how participants change their network
/// @notice Voting, and what a participant decides alone.
/// @dev The electorate is every participant with the role voter that is not removed: a suspended one counts in the
///      denominator and cannot vote, or a bare majority could suspend its way to any threshold. It is counted when a
///      proposal is executed, not when it is made. With n in the electorate and a approvals of participants that may
///      vote now:
///        ordinary action: 2a > n;
///        heavy action:    2a > n and 3a >= 2n, and then the delay fixed at deployment.
///      No action changes a threshold, the delay or the lifetime of proposals. Below four voters this protects little:
///      of two both must agree, of three any two decide everything.
///
///      An action after which the voters that are not suspended would be no majority of the electorate reverts with
///      `ConsortiumNoMajority`: nothing could be decided any more, not even a reinstatement. So of two voters none can
///      be suspended, and the last voter cannot be removed.
///
///      The delay runs from the call that brings the approvals to their threshold. Where a change of the electorate
///      alone does that, or takes the threshold away, `recount` takes note of it; so does the next `approve`.
///
///      Every change of state emits an event of `IConsortium` besides those of the proposal here.
interface IConsortiumGovernance is IConsortium {
    /// @notice What can be decided, with its arguments as `abi.encode` of the tuple given.
    /// @dev Ordinary: Suspend to ChangeRoles. Heavy: Admit to NameSuccessor. Keys of a newcomer are valid from its
    ///      admission at the earliest.
    enum Action {
        Suspend, // (uint32 id)
        Reinstate, // (uint32 id)
        GrantPrefix, // (address codeRegistry, string prefix, uint32 id, uint64 from, uint64 until)
        ChangeRoles, // (uint32 id, uint32 roles); leaves the bit `voter` as it is
        Admit, // (Participant newcomer, InitialKey[] keys)
        Remove, // (uint32 id); for ever
        ChangeVoter, // (uint32 id, bool voter)
        ReplaceAdminKey, // (uint32 id, address adminKey, address recoveryKey); zero keeps the recovery key
        RevokePrefix, // (address codeRegistry, uint256 grantId, uint64 until); against its owner
        NameSuccessor // (address registry, address successor); stops `registry` in that transaction
    }

    /// @notice Where a proposal stands.
    enum ProposalState {
        Unknown,
        Open, // too few approvals, or a delay that nobody has begun: see `recount`
        Waiting, // a heavy action has its approvals, the delay runs
        Ready, // anyone may execute
        Executed,
        Failed, // executed, and the action reverted; final
        Lapsed,
        Vetoed,
        Withdrawn // its last approval was taken back
    }

    /// @notice A proposal as it is now.
    /// @param arguments ABI-encoded, as at `Action`.
    /// @param digest What `approve` must repeat; see `digestOf`.
    /// @param evidence SHA-256 of a file that shows why, zero if there is none.
    /// @param executableFrom End of the delay, or for an ordinary action the time of its last approval; 0 while the
    ///        approvals were too few when last counted.
    /// @param lapsesAt When it lapses unless executed. Reaching the threshold moves it, once, to at least
    ///        `executableFrom` plus the lifetime.
    struct Proposal {
        Action action;
        ProposalState state;
        uint32 proposer;
        uint64 proposedAt;
        uint64 executableFrom;
        uint64 lapsesAt;
        bytes32 digest;
        bytes32 evidence;
        bytes arguments;
    }

    /// @notice A key epoch and the time from which on it holds.
    struct EpochChange {
        uint64 since;
        uint32 epoch;
    }

    /// @notice A proposal was made; its proposer approves it by that, and `ProposalApproved` follows.
    event ProposalMade(
        uint256 indexed id,
        Action indexed action,
        uint32 indexed proposer,
        bytes arguments,
        bytes32 digest,
        bytes32 evidence,
        uint64 lapsesAt
    );
    /// @notice A participant approved.
    event ProposalApproved(uint256 indexed id, uint32 indexed participant);
    /// @notice A participant took its approval back.
    event ProposalApprovalWithdrawn(uint256 indexed id, uint32 indexed participant);
    /// @notice The threshold is reached; 0 in `executableFrom`: it was reached and is lost again.
    event ProposalThreshold(uint256 indexed id, uint64 executableFrom, uint64 lapsesAt);
    /// @notice The action took effect.
    event ProposalExecuted(uint256 indexed id);
    /// @notice The action reverted with `reason` (of which at most 1,024 bytes are kept); nothing of it took effect, and
    ///         the proposal is over.
    event ProposalFailed(uint256 indexed id, bytes reason);
    /// @notice The participant whose admin key was to be replaced forbade it.
    event ProposalVetoed(uint256 indexed id, address indexed by);

    /// @notice `caller` is no admin key of an active participant with the role voter.
    error ConsortiumNotVoter(address caller);
    /// @notice `caller` is not the key that may do this for participant `id`.
    error ConsortiumNotAllowed(address caller, uint32 id);
    /// @notice No proposal has this id.
    error ConsortiumUnknownProposal(uint256 id);
    /// @notice The proposal is in a state that does not allow this.
    error ConsortiumProposalState(uint256 id, ProposalState state);
    /// @notice The caller approved something else than what stands under this id.
    error ConsortiumDigestMismatch(uint256 id, bytes32 expected, bytes32 given);
    /// @notice The participant has approved already, or has not yet.
    error ConsortiumApproval(uint256 id, uint32 participant, bool approved);
    /// @notice The arguments are not exactly what `abi.encode` gives, are longer than 16,384 bytes, or name a participant
    ///         or a contract that does not exist.
    error ConsortiumInvalidArguments(Action action);
    /// @notice Only the replacement of an admin key can be forbidden.
    error ConsortiumNoVeto(uint256 id, Action action);
    /// @notice The action failed, and it may be for want of gas: at least a quarter must be left. Try with more gas.
    error ConsortiumGasTooLow(uint256 id);
    /// @notice Afterwards too few voters would be left, or too many of them suspended, to decide anything.
    error ConsortiumNoMajority(uint32 voters, uint32 votersActive);
    /// @notice There is no contract at this address any more.
    error ConsortiumNoContract(address account);
    /// @notice The lifetime is zero, or a period is longer than 2^32 - 1 seconds.
    error ConsortiumInvalidPeriod(uint64 delay, uint64 lifetime);

    /// @notice Propose an action, and approve it. Only a voter. That the action would succeed is not asked: see `enact`.
    /// @param evidence SHA-256 of a file that shows why, zero if there is none; hashed into the digest.
    /// @return id Dense, from 1.
    /// @return digest What others repeat to approve.
    function propose(Action action, bytes calldata arguments, bytes32 evidence)
        external
        returns (uint256 id, bytes32 digest);

    /// @notice Approve a proposal. Only a voter, once.
    /// @param digest Must be `digestOf(id)`: a reorganised chain may hold another proposal under this id.
    function approve(uint256 id, bytes32 digest) external;

    /// @notice Take the caller's approval back, before execution. Losing the threshold ends a running delay; taking
    ///         back the last approval ends the proposal.
    function withdraw(uint256 id) external;

    /// @notice Execute a proposal that is ready. Anyone may.
    /// @dev The approvals are counted again, against the electorate of this moment. An action that reverts marks the
    ///      proposal failed and does not revert the call, unless gas may be the cause: so nobody can make a proposal
    ///      fail by giving it too little.
    /// @return done False if the action reverted.
    function execute(uint256 id) external returns (bool done);

    /// @notice Forbid the replacement of one's own admin key by vote, while the delay runs or before. Only the
    ///         participant's admin key or recovery key.
    function veto(uint256 id) external;

    /// @notice Take note that a change of the electorate brought the approvals to their threshold, or below it: a delay
    ///         begins or ends. Anyone may; without such a change nothing happens.
    function recount(uint256 id) external;

    /// @notice Do what an action says. Only the contract itself, from `execute`.
    /// @dev An `eth_call` from the contract's own address rehearses an action before it is proposed, with its error.
    function enact(Action action, bytes calldata arguments) external;

    /// @notice Add a key of one's own. Only the admin key of a participant that is not removed.
    /// @dev `validFrom` 0 is the time of this block; otherwise it lies not before: a key cannot be valid before anybody
    ///      could know it.
    function addKey(InitialKey calldata added) external;

    /// @notice Revoke a key of one's own, at once. Only the admin key, or the recovery key.
    /// @param compromisedSince 0, or a time not after this block, from which on its signatures prove nothing. A second
    ///        revocation may only move it to an earlier time.
    function revokeKey(address account, uint64 compromisedSince) external;

    /// @notice Change the address of one's own gateway. Only the admin key of a participant that is not removed.
    function setUrl(string calldata url) external;

    /// @notice Replace the admin key. Only the recovery key of a participant that is not removed; no vote, no delay, the
    ///         key epoch stays.
    function replaceAdminKey(uint32 id, address adminKey) external;

    /// @notice Replace the recovery key. Only the recovery key itself, of a participant that is not removed.
    function replaceRecoveryKey(uint32 id, address recoveryKey) external;

    /// @notice Number of proposals ever made.
    function proposalCount() external view returns (uint256);

    /// @notice A proposal, with its state as of this block.
    function proposal(uint256 id) external view returns (Proposal memory);

    /// @notice keccak256(abi.encode(block.chainid, address(this), id, action, arguments, evidence)).
    function digestOf(uint256 id) external view returns (bytes32);

    /// @notice Participants whose approval stands, whether or not they may vote now.
    function approvalsOf(uint256 id) external view returns (uint32[] memory);

    /// @notice Size of the electorate, and how many of it may vote now (they are not suspended).
    function electorate() external view returns (uint32 voters, uint32 votersActive);

    /// @notice Approvals that an action needs with the electorate of now.
    function approvalsNeeded(Action action) external view returns (uint32);

    /// @notice Whether an action needs two thirds and the delay.
    function isHeavy(Action action) external pure returns (bool);

    /// @notice Seconds between threshold and execution of a heavy action; fixed at deployment.
    function delay() external view returns (uint64);

    /// @notice Seconds until a proposal lapses; fixed at deployment.
    function lifetime() external view returns (uint64);

    /// @notice Key epochs of a participant, oldest first. A verifier shows when signatures of two epochs meet.
    function epochChangesOf(uint32 id) external view returns (EpochChange[] memory);
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Code registry: who may commission codes under which prefix, and when
/// @notice Grants never overlap: at any time at most one participant owns the codes below a prefix. Times are Unix
///         seconds, intervals half-open. What held in the past never changes.
/// @dev A prefix is a scheme and digits. `gs1:` and 4 to 12 digits: the leading digits of a GTIN-13 without its check
///      digit, so 12 digits are one GTIN (digits 2 to 13 of the GTIN-14: the indicator does not matter) and fewer are a
///      GS1 company prefix; SSCC, GRAI and other keys are compared by the digits that follow their extension digit.
///      `cn:` and exactly 7 digits: a drug identification code. Two grants overlap if the digits of one begin with the
///      digits of the other, in one scheme, and their times meet; whoever holds them.
///
///      The events are all changes there are: folded in order they give every answer of every view. A grant whose
///      `until` is not 0 and not after `from` never held: it was ended before it began. A suspended or removed
///      participant keeps its grants until they end or are revoked by vote, so `ownerAt` answers what was granted:
///      whoever asks whether somebody may commission now looks at its status too.
interface ICodeRegistry {
    /// @notice One grant. `from` is its first second, `until` the first second after it, 0 if it has no end.
    struct Grant {
        string prefix;
        uint32 participant;
        uint64 from;
        uint64 until;
    }

    /// @notice A handing over that waits for the receiver; `to` is 0 if there is none.
    struct Offer {
        uint32 to;
        uint64 offeredAt;
    }

    /// @notice A prefix was granted by vote, at deployment, or by a handing over.
    event PrefixGranted(
        uint256 indexed id, uint32 indexed participant, string prefix, uint64 from, uint64 until
    );
    /// @notice A grant ends at `until`: revoked by vote, given up by its owner, or handed over.
    event PrefixEnded(uint256 indexed id, uint64 until);
    /// @notice The owner offers the rest of a grant to another participant.
    event PrefixOffered(uint256 indexed id, uint32 indexed to);
    /// @notice The offer is void: taken back, refused, or another end was set. (An offer of a grant that ends by
    ///         itself is void without a log.)
    event PrefixOfferWithdrawn(uint256 indexed id);
    /// @notice Both parties agreed: `id` ended in this block and `newId` began. Their logs stand before this one.
    event PrefixHandedOver(uint256 indexed id, uint256 indexed newId, uint32 indexed to);

    /// @notice `caller` is not the consortium contract.
    error CodeRegistryOnlyConsortium(address caller);
    /// @notice `caller` is not the admin key that may do this for participant `id`.
    error CodeRegistryNotAllowed(address caller, uint32 id);
    /// @notice The participant is unknown, or not active as those must be that receive or hand over something.
    error CodeRegistryParticipant(uint32 id);
    /// @notice No known scheme, too few or too many digits, or something else than digits.
    error CodeRegistryInvalidPrefix(string prefix);
    /// @notice The interval is empty, begins before this block or ends before it, or a time does not fit 48 bits.
    error CodeRegistryInvalidTime(uint64 from, uint64 until);
    /// @notice Grant `id` holds `prefix`, or codes below or above it, at a common time.
    error CodeRegistryOverlap(string prefix, uint256 id);
    /// @notice No grant has this id.
    error CodeRegistryUnknownGrant(uint256 id);
    /// @notice The grant has ended, or would not end earlier than it does.
    error CodeRegistryEnded(uint256 id, uint64 until);
    /// @notice Nothing is offered (`to` 0), something is offered already (to `to`), or `to` is the owner itself.
    error CodeRegistryOffer(uint256 id, uint32 to);
    /// @notice The constructor got an address without code.
    error CodeRegistryNoContract(address account);

    /// @notice Grant a prefix. Only the consortium contract.
    /// @param from 0: from this block on; otherwise not before this block.
    /// @param until 0: no end.
    function grant(string calldata prefix, uint32 participant, uint64 from, uint64 until)
        external
        returns (uint256 id);

    /// @notice End a grant against its owner. Only the consortium contract.
    /// @param until 0: now; otherwise not before this block and earlier than the grant's own end.
    function revoke(uint256 id, uint64 until) external;

    /// @notice Give a grant up, wholly or from a time on. Only its owner's admin key, whatever the owner's status; `until`
    ///         as in `revoke`.
    function surrender(uint256 id, uint64 until) external;

    /// @notice Offer the rest of a grant, from the moment of acceptance on. Only its owner's admin key; both are active.
    function offer(uint256 id, uint32 to) external;

    /// @notice Make an offer void. Only the admin key of its owner or of the one it was made to.
    function withdrawOffer(uint256 id) external;

    /// @notice Take over what is offered: the old grant ends in this block, a new one with the same end begins.
    ///         Only the admin key of the participant that it was offered to; both are active. A grant that has not
    ///         begun yet begins for the receiver when it would have.
    function accept(uint256 id) external returns (uint256 newId);

    /// @notice Number of grants ever made; their ids are 1 to this number.
    function grantCount() external view returns (uint256);

    /// @notice A grant; reverts if `id` is unknown.
    function grantOf(uint256 id) external view returns (Grant memory);

    /// @notice The offer that stands for a grant; reverts if `id` is unknown.
    function offerOf(uint256 id) external view returns (Offer memory);

    /// @notice Grants at or below a prefix, ended ones too: by prefix, in the order in which these were first granted, and
    ///         of one prefix in order of their making.
    function grantsBelow(string calldata prefix) external view returns (uint256[] memory);

    /// @notice Who owns the codes below `prefix` at `time`: id of the grant and the participant, (0, 0) if nobody.
    /// @param prefix At least the digits of the shortest grant; may have more than any: a whole code is welcome (64 bytes).
    function ownerAt(string calldata prefix, uint64 time)
        external
        view
        returns (uint256 id, uint32 participant);

    /// @notice The contract that grants, and knows who holds which key.
    function consortium() external view returns (address);
}

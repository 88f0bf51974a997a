// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Anchor registry
/// @notice Append-only Merkle roots, one dense sequence per stream, chained by tips. Holds no business data.
/// @dev `tip = SHA-256(abi.encode(uint256 chainid, address registry, uint64 stream, uint64 sequence, bytes32 root,
///      uint64 size, bytes32 previousTip))` chains a stream's anchors and holds no time, so that the same signed
///      transaction survives a reorg. `record = SHA-256(abi.encode(tip, block.number, block.timestamp))` is the one
///      storage slot an anchor fills; the log `Anchored` and its block carry all parts of both.
interface IAnchorRegistry {
    /// @notice One anchor, as a participant states it.
    /// @param stream participant * 2^16 + local number.
    /// @param sequence Dense number in the stream, from 1. Compare-and-swap: it must be the next one.
    /// @param root Merkle root over the batch; not zero.
    /// @param size Number of leaves under `root`, at least 1. Verifiers take it from here only.
    /// @param previousTip Tip of the anchor before; zero if and only if `sequence` is 1.
    struct Append {
        uint64 stream;
        uint64 sequence;
        bytes32 root;
        uint64 size;
        bytes32 previousTip;
    }

    /// @notice An anchor was appended. With number and time of its block this log rebuilds the record.
    event Anchored(
        uint64 indexed stream,
        uint64 indexed sequence,
        bytes32 root,
        uint64 size,
        bytes32 previousTip,
        bytes32 tip,
        address signer
    );

    /// @notice The consortium named `successor`; from this transaction on the registry takes nothing more.
    event SuccessorNamed(address indexed successor);

    /// @notice `caller` holds no anchor key that is valid now, for this stream, of an active participant.
    error AnchorRegistryUnauthorized(address caller, uint64 stream);
    /// @notice `given` is not the next sequence. After a lost reply, compare `records` before any retry.
    error AnchorRegistryOutOfSequence(uint64 stream, uint64 expected, uint64 given);
    /// @notice The sequence is right but builds on another past than the stored one.
    error AnchorRegistryTipMismatch(uint64 stream, bytes32 expected, bytes32 given);
    /// @notice A batch has at least one leaf and a root that is not zero.
    error AnchorRegistryEmptyBatch();
    /// @notice The registry was stopped when `successor` was named.
    error AnchorRegistryStopped(address successor);
    /// @notice The list of anchors is empty.
    error AnchorRegistryNothing();
    /// @notice `caller` is not the consortium contract.
    error AnchorRegistryOnlyConsortium(address caller);
    /// @notice `successor` is no registry whose predecessor is this one.
    error AnchorRegistrySuccessorInvalid(address successor);
    /// @notice The predecessor still takes anchors: it has not named this registry, so nothing can begin or end here.
    error AnchorRegistryNotNamed(address predecessor);
    /// @notice The constructor got an address without code.
    error AnchorRegistryNoContract(address account);

    /// @notice Append several anchors, of one stream or of several: all of them or none.
    /// @param appends In order; several sequences of one stream stand in ascending order.
    function anchor(Append[] calldata appends) external;

    /// @notice Append one anchor; the cheapest way. Parameters as in `Append`.
    function anchorOne(uint64 stream, uint64 sequence, bytes32 root, uint64 size, bytes32 previousTip)
        external;

    /// @notice Stop this registry in favour of `successor_`. Only the consortium contract can call it, once.
    /// @param successor_ A registry that was deployed with this one as its predecessor.
    function nameSuccessor(address successor_) external;

    /// @notice The stored record of an anchor, zero if this registry holds none.
    /// @dev Storage slot for `eth_getProof`: keccak256(abi.encode(uint256(sequence),
    ///      keccak256(abi.encode(uint256(stream), uint256(0))))), that is a nested mapping at slot 0.
    function records(uint64 stream, uint64 sequence) external view returns (bytes32);

    /// @notice Sequence and tip of the latest anchor of a stream, (0, 0) if there is none.
    /// @dev Until its own first anchor a successor answers what its predecessor answers. The sequence is found by
    ///      galloping over `records`, about 2 * log2(number of anchors) reads: anchoring need not store it.
    function head(uint64 stream) external view returns (uint64 sequence, bytes32 tip);

    /// @notice Whether `entry` is a leaf of an anchor that this registry holds, in block `blockNumber`.
    /// @dev entry -> leaf -> root -> tip -> record. Answers false, and never reverts, for a path that is too long or
    ///      too short for (index, size), an index outside the tree, and anything that was not anchored.
    /// @param anchored The anchor's parts, as in `Anchored`.
    /// @param blockNumber Number of the block that holds the anchor.
    /// @param blockTime Time of that block, Unix seconds.
    /// @param entry The 32 bytes that were committed, not their leaf hash.
    /// @param index Zero-based position of the leaf.
    /// @param path Sibling hashes, leaf side first.
    function verify(
        Append calldata anchored,
        uint64 blockNumber,
        uint64 blockTime,
        bytes32 entry,
        uint64 index,
        bytes32[] calldata path
    ) external view returns (bool);

    /// @notice The contract that says who may anchor, and alone may name a successor.
    function consortium() external view returns (address);

    /// @notice The registry that this one continues, zero if none. Fixed at deployment.
    function predecessor() external view returns (address);

    /// @notice The registry that continues this one, zero while this one takes anchors.
    function successor() external view returns (address);
}

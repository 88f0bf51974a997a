// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAnchorRegistry} from "./interfaces/IAnchorRegistry.sol";
import {IConsortium} from "./interfaces/IConsortium.sol";

/// @title Anchor registry
/// @notice Append-only Merkle roots, one dense sequence per stream, as `IAnchorRegistry` describes.
/// @dev Invariants C1 to C8 stand in contracts/README.md. `records` must stay the first variable: its slot is public.
contract AnchorRegistry is IAnchorRegistry {
    /// @inheritdoc IAnchorRegistry
    mapping(uint64 stream => mapping(uint64 sequence => bytes32 record)) public records;

    /// @dev Tip of the latest anchor made here, zero before the first.
    mapping(uint64 stream => bytes32 tip) private _tips;

    /// @dev How many anchors of the stream the predecessors hold; written with the first one here.
    mapping(uint64 stream => uint64 sequence) private _inherited;

    /// @inheritdoc IAnchorRegistry
    address public successor;

    /// @inheritdoc IAnchorRegistry
    address public immutable consortium;

    /// @inheritdoc IAnchorRegistry
    address public immutable predecessor;

    /// @param consortium_ Says who may anchor.
    /// @param predecessor_ The registry to continue, or zero.
    constructor(address consortium_, address predecessor_) {
        if (consortium_.code.length == 0) revert AnchorRegistryNoContract(consortium_);
        if (predecessor_ != address(0) && predecessor_.code.length == 0) {
            revert AnchorRegistryNoContract(predecessor_);
        }
        consortium = consortium_;
        predecessor = predecessor_;
    }

    /// @inheritdoc IAnchorRegistry
    function anchor(Append[] calldata appends) external {
        if (appends.length == 0) revert AnchorRegistryNothing();
        _requireOpen();
        for (uint256 i = 0; i < appends.length; ++i) {
            Append calldata one = appends[i];
            if (i == 0 || one.stream != appends[i - 1].stream) _requireMayAnchor(one.stream);
            _append(one.stream, one.sequence, one.root, one.size, one.previousTip);
        }
    }

    /// @inheritdoc IAnchorRegistry
    function anchorOne(uint64 stream, uint64 sequence, bytes32 root, uint64 size, bytes32 previousTip)
        external
    {
        _requireOpen();
        _requireMayAnchor(stream);
        _append(stream, sequence, root, size, previousTip);
    }

    /// @inheritdoc IAnchorRegistry
    function nameSuccessor(address successor_) external {
        if (msg.sender != consortium) revert AnchorRegistryOnlyConsortium(msg.sender);
        _requireOpen();
        _requireNamed(); // or the successor would begin while the predecessor goes on, and streams would fork
        if (successor_.code.length == 0 || IAnchorRegistry(successor_).predecessor() != address(this)) {
            revert AnchorRegistrySuccessorInvalid(successor_);
        }
        successor = successor_;
        emit SuccessorNamed(successor_);
    }

    /// @inheritdoc IAnchorRegistry
    function head(uint64 stream) public view returns (uint64 sequence, bytes32 tip) {
        tip = _tips[stream];
        if (tip != 0) return (_lastSequence(stream), tip);
        if (predecessor != address(0)) return IAnchorRegistry(predecessor).head(stream);
    }

    /// @inheritdoc IAnchorRegistry
    function verify(
        Append calldata anchored,
        uint64 blockNumber,
        uint64 blockTime,
        bytes32 entry,
        uint64 index,
        bytes32[] calldata path
    ) external view returns (bool) {
        if (!_holds(anchored, blockNumber, blockTime)) return false;
        bytes32 leaf = sha256(abi.encodePacked(bytes1(0x00), entry));
        (bool fits, bytes32 root) = _rootFromPath(leaf, path, index, anchored.size);
        return fits && root == anchored.root;
    }

    /// @dev Writes the record and the tip, if the anchor is the next one.
    function _append(uint64 stream, uint64 sequence, bytes32 root, uint64 size, bytes32 previousTip) private {
        if (root == 0 || size == 0) revert AnchorRegistryEmptyBatch();
        mapping(uint64 => bytes32) storage recordOf = records[stream];
        bytes32 last = _tips[stream];
        if (last == 0) {
            _begin(stream, sequence, previousTip);
        } else if (previousTip != last || !_isNext(recordOf, sequence)) {
            _refuse(stream, sequence, previousTip);
        }
        bytes32 tip = _tip(stream, sequence, root, size, previousTip);
        recordOf[sequence] = _record(tip, block.number, block.timestamp);
        _tips[stream] = tip;
        emit Anchored(stream, sequence, root, size, previousTip, tip, msg.sender);
    }

    /// @dev The first anchor of a stream in this registry: it continues the predecessor's, if there is one.
    function _begin(uint64 stream, uint64 sequence, bytes32 previousTip) private {
        _requireNamed(); // or the predecessor's head could still move, and the stream would fork
        (uint64 inherited, bytes32 tip) = head(stream);
        if (sequence != inherited + 1 || previousTip != tip) _refuse(stream, sequence, previousTip);
        if (inherited != 0) _inherited[stream] = inherited;
    }

    function _refuse(uint64 stream, uint64 sequence, bytes32 previousTip) private view {
        (uint64 last, bytes32 tip) = head(stream);
        if (sequence != last + 1) revert AnchorRegistryOutOfSequence(stream, last + 1, sequence);
        revert AnchorRegistryTipMismatch(stream, tip, previousTip);
    }

    /// @dev Records are dense, so the next sequence is the one without a record whose neighbour has one. That costs one
    ///      read; a stored counter would cost a read and a write.
    function _isNext(mapping(uint64 => bytes32) storage recordOf, uint64 sequence)
        private
        view
        returns (bool)
    {
        unchecked {
            return sequence != 0 && recordOf[sequence] == 0 && recordOf[sequence - 1] != 0;
        }
    }

    function _requireOpen() private view {
        address named = successor;
        if (named != address(0)) revert AnchorRegistryStopped(named);
    }

    /// @dev A registry without predecessor needs no naming.
    function _requireNamed() private view {
        if (predecessor != address(0) && IAnchorRegistry(predecessor).successor() != address(this)) {
            revert AnchorRegistryNotNamed(predecessor);
        }
    }

    function _requireMayAnchor(uint64 stream) private view {
        if (!IConsortium(consortium).mayAnchor(msg.sender, stream)) {
            revert AnchorRegistryUnauthorized(msg.sender, stream);
        }
    }

    /// @dev Gallops from the first record made here, then halves. Only for a stream that has one.
    function _lastSequence(uint64 stream) private view returns (uint64) {
        mapping(uint64 => bytes32) storage recordOf = records[stream];
        uint64 known = _inherited[stream] + 1;
        uint64 step = 1;
        while (recordOf[known + step] != 0) {
            known += step;
            step *= 2;
        }
        while (step > 1) {
            // A power of two: nothing is lost by dividing.
            // slither-disable-next-line divide-before-multiply
            step /= 2;
            if (recordOf[known + step] != 0) known += step;
        }
        return known;
    }

    function _holds(Append calldata anchored, uint64 blockNumber, uint64 blockTime)
        private
        view
        returns (bool)
    {
        bytes32 stored = records[anchored.stream][anchored.sequence];
        if (stored == 0) return false;
        bytes32 tip =
            _tip(anchored.stream, anchored.sequence, anchored.root, anchored.size, anchored.previousTip);
        return _record(tip, blockNumber, blockTime) == stored;
    }

    /// @dev sha256(abi.encode(block.chainid, address(this), stream, sequence, root, size, previousTip)), without the
    ///      encoder's copies; a test compares the two.
    function _tip(uint256 stream, uint256 sequence, bytes32 root, uint256 size, bytes32 previousTip)
        private
        view
        returns (bytes32 tip)
    {
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, chainid())
            mstore(add(words, 0x20), address())
            mstore(add(words, 0x40), stream)
            mstore(add(words, 0x60), sequence)
            mstore(add(words, 0x80), root)
            mstore(add(words, 0xa0), size)
            mstore(add(words, 0xc0), previousTip)
            if iszero(staticcall(gas(), 2, words, 0xe0, 0, 0x20)) { revert(0, 0) }
            tip := mload(0)
        }
    }

    /// @dev sha256(abi.encode(tip, blockNumber, blockTime)); see `_tip`.
    function _record(bytes32 tip, uint256 blockNumber, uint256 blockTime)
        private
        view
        returns (bytes32 record)
    {
        assembly ("memory-safe") {
            let words := mload(0x40)
            mstore(words, tip)
            mstore(add(words, 0x20), blockNumber)
            mstore(add(words, 0x40), blockTime)
            if iszero(staticcall(gas(), 2, words, 0x60, 0, 0x20)) { revert(0, 0) }
            record := mload(0)
        }
    }

    /// @dev RFC 9162 section 2.1.3.2 with un-prefixed nodes. `fits` is false unless the path has exactly the length
    ///      that (index, size) demands: one path can fit two sizes, so the size must come from the anchor.
    function _rootFromPath(bytes32 leaf, bytes32[] calldata path, uint64 index, uint64 size)
        private
        pure
        returns (bool fits, bytes32 node)
    {
        if (index >= size) return (false, 0);
        uint64 last = size - 1;
        node = leaf;
        for (uint256 i = 0; i < path.length; ++i) {
            if (last == 0) return (false, 0);
            if (index & 1 == 1 || index == last) {
                node = sha256(abi.encodePacked(path[i], node));
                while (index & 1 == 0 && index != 0) {
                    index >>= 1; // an odd last node was promoted: no sibling at this level
                    last >>= 1;
                }
            } else {
                node = sha256(abi.encodePacked(node, path[i]));
            }
            index >>= 1;
            last >>= 1;
        }
        return (last == 0, node);
    }
}

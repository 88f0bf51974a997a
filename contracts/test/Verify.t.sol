// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAnchorRegistry} from "../src/interfaces/IAnchorRegistry.sol";
import {NetworkTest} from "./NetworkTest.sol";

contract VerifyTest is NetworkTest {
    uint64 private constant SIZE_MAX = 40;

    struct Proof {
        IAnchorRegistry.Append anchored;
        uint64 blockNumber;
        uint64 blockTime;
        bytes32 entry;
        uint64 index;
        bytes32[] path;
    }

    function testFuzz_every_leaf_of_every_size_is_accepted(uint64 size, uint64 index) public {
        assertTrue(holds(anchoredProof(size, index)));
    }

    function testFuzz_a_leaf_is_accepted_at_its_own_index_only(uint64 size, uint64 index, uint64 claimed)
        public
    {
        Proof memory proof = anchoredProof(size, index);
        vm.assume(claimed != proof.index);
        proof.index = claimed;
        assertFalse(holds(proof));
        proof.index = uint64(bound(claimed, 0, proof.anchored.size));
        assertEq(holds(proof), proof.index == index % proof.anchored.size);
    }

    function testFuzz_another_entry_or_sibling_is_refused(uint64 size, uint64 index, uint8 bit, uint8 where)
        public
    {
        Proof memory proof = anchoredProof(size, index);
        bytes32 flip = bytes32(uint256(1) << bit);
        if (where % (proof.path.length + 1) == 0) proof.entry ^= flip;
        else proof.path[where % (proof.path.length + 1) - 1] ^= flip;
        assertFalse(holds(proof));
    }

    function testFuzz_a_longer_or_shorter_path_is_refused(uint64 size, uint64 index, uint8 length) public {
        Proof memory proof = anchoredProof(size, index);
        vm.assume(length != proof.path.length);
        bytes32[] memory path = new bytes32[](length);
        for (uint256 i = 0; i < length && i < proof.path.length; ++i) {
            path[i] = proof.path[i];
        }
        proof.path = path;
        assertFalse(holds(proof));
    }

    /// @dev Whoever builds the tree can choose the root; the shape that (index, size) demands must hold all the same.
    function testFuzz_a_root_planted_for_another_length_is_refused(
        uint64 size,
        uint64 index,
        uint64 claimed,
        bytes32 extra,
        bool left
    ) public {
        Proof memory proof = anchoredProof(size, index);
        bytes32 root = proof.anchored.root;
        bytes32[] memory path = new bytes32[](proof.path.length + 1);
        for (uint256 i = 0; i < proof.path.length; ++i) {
            path[i] = proof.path[i];
        }
        path[proof.path.length] = extra;
        IAnchorRegistry.Append memory one = nextOf(registry, STREAM);
        one.root = sha256(left ? abi.encodePacked(extra, root) : abi.encodePacked(root, extra));
        one.size = proof.anchored.size;
        send(anchorKey, registry, one);
        proof.anchored = one;
        (proof.blockNumber, proof.blockTime) = (uint64(block.number), uint64(block.timestamp));
        proof.path = path;
        assertFalse(holds(proof));
        one = nextOf(registry, STREAM);
        one.size = uint64(bound(claimed, 2, type(uint64).max));
        one.root = leafOf(proof.entry); // the leaf as the root of a tree that has more
        send(anchorKey, registry, one);
        (proof.anchored, proof.path) = (one, new bytes32[](0));
        proof.index = claimed % one.size;
        assertFalse(holds(proof));
    }

    function testFuzz_the_leaf_itself_is_no_entry(uint64 size, uint64 index) public {
        Proof memory proof = anchoredProof(size, index);
        proof.entry = leafOf(proof.entry);
        assertFalse(holds(proof));
    }

    function testFuzz_another_anchor_or_block_is_refused(uint64 size, uint8 part, uint64 other) public {
        Proof memory proof = anchoredProof(size, 0);
        IAnchorRegistry.Append memory one = proof.anchored;
        vm.assume(other != 0);
        part = part % 7;
        if (part == 0) one.stream ^= other;
        else if (part == 1) one.sequence ^= other;
        else if (part == 2) one.root ^= bytes32(uint256(other));
        else if (part == 3) one.size ^= other;
        else if (part == 4) one.previousTip ^= bytes32(uint256(other));
        else if (part == 5) proof.blockNumber ^= other;
        else proof.blockTime ^= other;
        assertFalse(holds(proof));
    }

    function testFuzz_odd_input_is_false_and_never_reverts(Proof memory proof) public view {
        assertFalse(holds(proof));
    }

    /// @dev The anchor is real, so that the walk up the tree is reached; what is wrong is its shape.
    function testFuzz_a_tree_of_any_size_never_reverts(uint64 size, uint64 index, bytes32[] memory path)
        public
    {
        vm.assume(size != 0 && path.length < 80);
        IAnchorRegistry.Append memory one = nextOf(registry, STREAM);
        one.size = size;
        send(anchorKey, registry, one);
        Proof memory proof =
            Proof(one, uint64(block.number), uint64(block.timestamp), keccak256("entry"), index, path);
        assertFalse(holds(proof));
        proof.index = index % size;
        assertFalse(holds(proof));
    }

    function test_index_beyond_the_largest_tree_is_false() public {
        IAnchorRegistry.Append memory one = nextOf(registry, STREAM);
        one.size = type(uint64).max;
        send(anchorKey, registry, one);
        uint64[3] memory indices = [type(uint64).max, type(uint64).max - 1, 0];
        for (uint256 i = 0; i < indices.length; ++i) {
            for (uint256 length = 0; length < 70; ++length) {
                Proof memory proof = Proof(
                    one, uint64(block.number), uint64(block.timestamp), 0, indices[i], new bytes32[](length)
                );
                assertFalse(holds(proof));
            }
        }
    }

    function holds(Proof memory proof) private view returns (bool) {
        return registry.verify(
            proof.anchored, proof.blockNumber, proof.blockTime, proof.entry, proof.index, proof.path
        );
    }

    /// @dev Anchors a tree of `size` leaves (bound to 1 to SIZE_MAX) as sequence 2, and moves on by some blocks.
    function anchoredProof(uint64 size, uint64 index) private returns (Proof memory proof) {
        size = uint64(bound(size, 1, SIZE_MAX));
        index = index % size;
        extend(anchorKey, STREAM);
        IAnchorRegistry.Append memory one = nextOf(registry, STREAM);
        (one.root, proof.path) = rootAndPath(size, index);
        one.size = size;
        send(anchorKey, registry, one);
        (proof.anchored, proof.entry, proof.index) = (one, entryAt(index), index);
        (proof.blockNumber, proof.blockTime) = (uint64(block.number), uint64(block.timestamp));
        vm.roll(block.number + 9);
        vm.warp(block.timestamp + 99);
    }

    /// @dev Level by level, the plainest way; nothing in common with the contract's walk.
    function rootAndPath(uint64 size, uint64 index) private pure returns (bytes32, bytes32[] memory path) {
        bytes32[] memory level = new bytes32[](size);
        for (uint64 i = 0; i < size; ++i) {
            level[i] = leafOf(entryAt(i));
        }
        path = new bytes32[](64);
        uint256 length = 0;
        while (level.length > 1) {
            if (index ^ 1 < level.length) path[length++] = level[index ^ 1];
            bytes32[] memory above = new bytes32[]((level.length + 1) / 2);
            for (uint256 i = 0; i < above.length; ++i) {
                bool paired = 2 * i + 1 < level.length;
                above[i] = paired ? sha256(abi.encodePacked(level[2 * i], level[2 * i + 1])) : level[2 * i];
            }
            level = above;
            index /= 2;
        }
        assembly {
            mstore(path, length)
        }
        return (level[0], path);
    }

    function entryAt(uint64 index) private pure returns (bytes32) {
        return sha256(abi.encode("entry", index));
    }

    function leafOf(bytes32 entry) private pure returns (bytes32) {
        return sha256(bytes.concat(hex"00", entry));
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAnchorRegistry} from "../src/interfaces/IAnchorRegistry.sol";
import {STATUS_ACTIVE, STATUS_REMOVED, STATUS_SUSPENDED} from "../src/interfaces/IConsortium.sol";
import {NetworkTest} from "./NetworkTest.sol";

contract AnchorRegistryTest is NetworkTest {
    function test_a_stream_begins_empty() public view {
        (uint64 sequence, bytes32 tip) = registry.head(STREAM);
        assertEq(sequence, 0);
        assertEq(tip, 0);
        assertEq(registry.records(STREAM, 1), 0);
        assertEq(registry.successor(), address(0));
        assertEq(registry.predecessor(), address(0));
        assertEq(registry.consortium(), address(consortium));
    }

    function test_an_anchor_is_stored_and_logged_with_all_its_parts() public {
        IAnchorRegistry.Append memory one = nextOf(registry, STREAM);
        vm.expectEmit(address(registry));
        emit IAnchorRegistry.Anchored(STREAM, 1, one.root, one.size, 0, tipOf(registry, one), anchorKey);
        send(anchorKey, registry, one);
        assertEq(registry.records(STREAM, 1), recordOf(registry, one));
        (uint64 sequence, bytes32 tip) = registry.head(STREAM);
        assertEq(sequence, 1);
        assertEq(tip, tipOf(registry, one));
    }

    function test_the_record_lies_at_the_documented_storage_slot() public {
        extend(anchorKey, STREAM);
        extend(anchorKey, STREAM);
        bytes32 outer = keccak256(abi.encode(uint256(STREAM), uint256(0)));
        bytes32 slot = keccak256(abi.encode(uint256(2), outer));
        assertEq(vm.load(address(registry), slot), registry.records(STREAM, 2));
    }

    function testFuzz_head_finds_every_length(uint8 count) public {
        for (uint64 sequence = 1; sequence <= count; ++sequence) {
            extend(anchorKey, STREAM);
        }
        (uint64 last,) = registry.head(STREAM);
        assertEq(last, count);
    }

    function testFuzz_an_anchor_is_computed_as_the_encoder_does(bytes32 root, uint64 size, uint32 wait)
        public
    {
        vm.assume(root != 0 && size != 0);
        extend(anchorKey, STREAM);
        vm.roll(block.number + wait);
        vm.warp(block.timestamp + wait);
        IAnchorRegistry.Append memory one = nextOf(registry, STREAM);
        (one.root, one.size) = (root, size);
        send(anchorKey, registry, one);
        assertEq(registry.records(STREAM, 2), recordOf(registry, one));
    }

    function testFuzz_any_sequence_but_the_next_is_refused(uint64 sequence, uint8 length) public {
        length = uint8(bound(length, 0, 20));
        vm.assume(sequence != length + 1);
        for (uint256 i = 0; i < length; ++i) {
            extend(anchorKey, STREAM);
        }
        IAnchorRegistry.Append memory one = nextOf(registry, STREAM);
        one.sequence = sequence;
        refuse(anchorKey, registry, one, outOfSequence(STREAM, length + 1, sequence));
    }

    function testFuzz_any_other_past_is_refused(bytes32 previousTip, bool first) public {
        if (!first) extend(anchorKey, STREAM);
        IAnchorRegistry.Append memory one = nextOf(registry, STREAM);
        vm.assume(previousTip != one.previousTip);
        bytes memory reason = abi.encodeWithSelector(
            IAnchorRegistry.AnchorRegistryTipMismatch.selector, STREAM, one.previousTip, previousTip
        );
        one.previousTip = previousTip;
        refuse(anchorKey, registry, one, reason);
    }

    function test_a_replay_is_refused() public {
        IAnchorRegistry.Append memory one = extend(anchorKey, STREAM);
        refuse(anchorKey, registry, one, outOfSequence(STREAM, 2, 1));
        one = extend(anchorKey, STREAM);
        extend(anchorKey, STREAM);
        refuse(anchorKey, registry, one, outOfSequence(STREAM, 4, 2));
    }

    function testFuzz_strangers_are_refused(address stranger) public {
        vm.assume(stranger != anchorKey && stranger != address(vm));
        IAnchorRegistry.Append memory one = nextOf(registry, STREAM);
        refuse(stranger, registry, one, unauthorized(stranger, STREAM));
    }

    function test_a_key_extends_only_streams_it_serves() public {
        refuse(foreignKey, registry, nextOf(registry, STREAM), unauthorized(foreignKey, STREAM));
        refuse(anchorKey, registry, nextOf(registry, FOREIGN_STREAM), unauthorized(anchorKey, FOREIGN_STREAM));
        refuse(signKey, registry, nextOf(registry, STREAM), unauthorized(signKey, STREAM));
        refuse(limitedKey, registry, nextOf(registry, STREAM), unauthorized(limitedKey, STREAM));
        extend(limitedKey, SECOND_STREAM);
        extend(anchorKey, SECOND_STREAM);
        extend(foreignKey, FOREIGN_STREAM);
    }

    function testFuzz_streams_without_a_participant_are_refused(uint64 stream) public {
        vm.assume(stream >> 16 != 1);
        refuse(anchorKey, registry, nextOf(registry, stream), unauthorized(anchorKey, stream));
    }

    function test_a_participant_number_is_not_cut_to_32_bits() public {
        uint64 stream = ((1 << 32) + 1) << 16; // its low 32 bits of participant are 1
        refuse(anchorKey, registry, nextOf(registry, stream), unauthorized(anchorKey, stream));
    }

    function test_a_suspended_participant_cannot_anchor_until_reinstated() public {
        consortium.setStatus(1, STATUS_SUSPENDED);
        refuse(anchorKey, registry, nextOf(registry, STREAM), unauthorized(anchorKey, STREAM));
        refuse(limitedKey, registry, nextOf(registry, SECOND_STREAM), unauthorized(limitedKey, SECOND_STREAM));
        extend(foreignKey, FOREIGN_STREAM);
        consortium.setStatus(1, STATUS_ACTIVE);
        extend(anchorKey, STREAM);
        consortium.setStatus(1, STATUS_REMOVED);
        refuse(anchorKey, registry, nextOf(registry, STREAM), unauthorized(anchorKey, STREAM));
    }

    function test_a_revoked_key_cannot_anchor() public {
        extend(anchorKey, STREAM);
        consortium.revokeKey(anchorKey, 0);
        refuse(anchorKey, registry, nextOf(registry, STREAM), unauthorized(anchorKey, STREAM));
        assertFalse(consortium.mayAnchor(address(0), STREAM)); // the slot of the newest key is empty now
    }

    function test_a_batch_has_a_root_and_a_leaf() public {
        IAnchorRegistry.Append memory one = nextOf(registry, STREAM);
        one.size = 0;
        bytes memory reason = abi.encodeWithSelector(IAnchorRegistry.AnchorRegistryEmptyBatch.selector);
        refuse(anchorKey, registry, one, reason);
        (one.size, one.root) = (1, 0);
        refuse(anchorKey, registry, one, reason);
    }

    function test_several_streams_and_sequences_go_in_one_call() public {
        IAnchorRegistry.Append[] memory appends = three();
        vm.prank(anchorKey);
        registry.anchor(appends);
        (uint64 sequence,) = registry.head(STREAM);
        assertEq(sequence, 2);
        assertEq(registry.records(STREAM, 2), recordOf(registry, appends[1]));
        (sequence,) = registry.head(SECOND_STREAM);
        assertEq(sequence, 1);
    }

    function test_one_bad_anchor_undoes_the_whole_call() public {
        for (uint256 bad = 0; bad < 3; ++bad) {
            IAnchorRegistry.Append[] memory appends = three();
            appends[bad].sequence += 7;
            vm.prank(anchorKey);
            vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryOutOfSequence.selector);
            registry.anchor(appends);
        }
        IAnchorRegistry.Append[] memory mixed = three();
        mixed[2] = nextOf(registry, FOREIGN_STREAM);
        vm.prank(anchorKey);
        vm.expectRevert(unauthorized(anchorKey, FOREIGN_STREAM));
        registry.anchor(mixed);
        assertEq(registry.records(STREAM, 1), 0);
        assertEq(registry.records(SECOND_STREAM, 1), 0);
    }

    function test_an_empty_call_is_refused() public {
        vm.expectRevert(IAnchorRegistry.AnchorRegistryNothing.selector);
        registry.anchor(new IAnchorRegistry.Append[](0));
    }

    function test_the_constructor_wants_contracts() public {
        bytes memory code = vm.getCode("AnchorRegistry.sol");
        address nobody = makeAddr("nobody");
        assertEq(created(bytes.concat(code, abi.encode(nobody, address(0)))), address(0));
        assertEq(created(bytes.concat(code, abi.encode(address(consortium), nobody))), address(0));
        assertNotEq(created(bytes.concat(code, abi.encode(address(consortium), address(0)))), address(0));
    }

    function created(bytes memory code) private returns (address made) {
        assembly {
            made := create(0, add(code, 0x20), mload(code))
        }
    }

    function test_gas_of_a_steady_anchor() public {
        extend(anchorKey, STREAM);
        IAnchorRegistry.Append memory one = nextOf(registry, STREAM);
        vm.prank(anchorKey);
        registry.anchorOne(one.stream, one.sequence, one.root, one.size, one.previousTip);
    }

    /// @dev Sequences 1 and 2 of one stream, and the first of another.
    function three() private view returns (IAnchorRegistry.Append[] memory appends) {
        appends = new IAnchorRegistry.Append[](3);
        appends[0] = IAnchorRegistry.Append(STREAM, 1, keccak256("a"), 16, 0);
        appends[1] = IAnchorRegistry.Append(STREAM, 2, keccak256("b"), 16, tipOf(registry, appends[0]));
        appends[2] = IAnchorRegistry.Append(SECOND_STREAM, 1, keccak256("c"), 16, 0);
    }
}

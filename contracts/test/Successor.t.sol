// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAnchorRegistry} from "../src/interfaces/IAnchorRegistry.sol";
import {NetworkTest} from "./NetworkTest.sol";

contract SuccessorTest is NetworkTest {
    IAnchorRegistry private next;

    function setUp() public override {
        super.setUp();
        next = registryAfter(address(registry));
        for (uint256 i = 0; i < 5; ++i) {
            extend(anchorKey, STREAM);
        }
    }

    function test_a_successor_answers_with_the_head_it_will_continue() public {
        assertSameHead(STREAM);
        extend(anchorKey, STREAM);
        assertSameHead(STREAM);
        assertSameHead(SECOND_STREAM);
    }

    function test_nothing_begins_before_it_is_named() public {
        bytes memory reason =
            abi.encodeWithSelector(IAnchorRegistry.AnchorRegistryNotNamed.selector, address(registry));
        refuse(anchorKey, next, nextOf(next, STREAM), reason);
        refuse(anchorKey, next, nextOf(next, SECOND_STREAM), reason);
        consortium.nameSuccessor(registry, address(registryAfter(address(registry))));
        refuse(anchorKey, next, nextOf(next, STREAM), reason);
    }

    function test_naming_stops_the_old_registry_at_once() public {
        vm.expectEmit(address(registry));
        emit IAnchorRegistry.SuccessorNamed(address(next));
        consortium.nameSuccessor(registry, address(next));
        assertEq(registry.successor(), address(next));
        bytes memory reason =
            abi.encodeWithSelector(IAnchorRegistry.AnchorRegistryStopped.selector, address(next));
        refuse(anchorKey, registry, nextOf(registry, STREAM), reason);
        IAnchorRegistry.Append[] memory appends = new IAnchorRegistry.Append[](1);
        appends[0] = nextOf(registry, SECOND_STREAM);
        vm.prank(anchorKey);
        vm.expectRevert(reason);
        registry.anchor(appends);
    }

    function test_the_successor_takes_sequence_and_tip() public {
        consortium.nameSuccessor(registry, address(next));
        (uint64 before, bytes32 tip) = registry.head(STREAM);
        IAnchorRegistry.Append memory one = nextOf(next, STREAM);
        assertEq(one.sequence, before + 1);
        assertEq(one.previousTip, tip);
        for (uint64 i = 1; i <= 20; ++i) {
            one = nextOf(next, STREAM);
            send(anchorKey, next, one);
            assertEq(next.records(STREAM, before + i), recordOf(next, one));
            assertEq(registry.records(STREAM, before + i), 0);
            (uint64 sequence,) = next.head(STREAM);
            assertEq(sequence, before + i);
        }
        assertEq(next.records(STREAM, before), 0);
        send(anchorKey, next, nextOf(next, SECOND_STREAM));
        assertEq(next.records(SECOND_STREAM, 1) == 0, false);
    }

    function test_a_successor_can_have_a_successor() public {
        IAnchorRegistry third = registryAfter(address(next));
        consortium.nameSuccessor(registry, address(next));
        consortium.nameSuccessor(next, address(third));
        IAnchorRegistry.Append memory one = nextOf(third, STREAM);
        assertEq(one.sequence, 6);
        send(anchorKey, third, one);
        assertEq(third.records(STREAM, 6), recordOf(third, one));
    }

    /// @dev Else the third would go on from the head of the first, while the first goes on too.
    function test_a_registry_that_was_not_named_names_none() public {
        IAnchorRegistry third = registryAfter(address(next));
        vm.expectRevert(
            abi.encodeWithSelector(IAnchorRegistry.AnchorRegistryNotNamed.selector, address(registry))
        );
        consortium.nameSuccessor(next, address(third));
        bytes memory reason =
            abi.encodeWithSelector(IAnchorRegistry.AnchorRegistryNotNamed.selector, address(next));
        refuse(anchorKey, third, nextOf(third, STREAM), reason);
        extend(anchorKey, STREAM);
    }

    function testFuzz_a_successor_refuses_another_past(uint64 sequence, bytes32 tip) public {
        consortium.nameSuccessor(registry, address(next));
        IAnchorRegistry.Append memory right = nextOf(next, STREAM);
        vm.assume(sequence != right.sequence && tip != right.previousTip);
        IAnchorRegistry.Append memory wrong =
            IAnchorRegistry.Append(STREAM, sequence, right.root, 16, right.previousTip);
        refuse(anchorKey, next, wrong, outOfSequence(STREAM, right.sequence, sequence));
        (wrong.sequence, wrong.previousTip) = (right.sequence, tip);
        vm.prank(anchorKey);
        vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryTipMismatch.selector);
        next.anchorOne(STREAM, wrong.sequence, wrong.root, 16, tip);
    }

    function testFuzz_only_the_consortium_names(address caller) public {
        vm.assume(caller != address(consortium));
        vm.prank(caller);
        vm.expectRevert(abi.encodeWithSelector(IAnchorRegistry.AnchorRegistryOnlyConsortium.selector, caller));
        registry.nameSuccessor(address(next));
    }

    function test_only_a_registry_that_continues_this_one_is_named_and_only_once() public {
        IAnchorRegistry unrelated = registryAfter(address(0));
        vm.expectRevert(invalid(address(unrelated)));
        consortium.nameSuccessor(registry, address(unrelated));
        vm.expectRevert(invalid(address(0)));
        consortium.nameSuccessor(registry, address(0));
        consortium.nameSuccessor(registry, address(next));
        vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryStopped.selector);
        consortium.nameSuccessor(registry, address(next));
    }

    function invalid(address successor) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IAnchorRegistry.AnchorRegistrySuccessorInvalid.selector, successor);
    }

    function assertSameHead(uint64 stream) private view {
        (uint64 sequence, bytes32 tip) = registry.head(stream);
        (uint64 same, bytes32 sameTip) = next.head(stream);
        assertEq(sequence, same);
        assertEq(tip, sameTip);
    }
}

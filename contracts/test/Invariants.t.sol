// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IAnchorRegistry} from "../src/interfaces/IAnchorRegistry.sol";
import {RegistryHandler} from "./RegistryHandler.sol";

/// @title C1 to C8 of contracts/README.md, after any sequence of calls
contract InvariantsTest is Test {
    RegistryHandler private handler;

    function setUp() public {
        handler = new RegistryHandler();
        bytes4[] memory calls = new bytes4[](9);
        calls[0] = RegistryHandler.anchorNext.selector;
        calls[1] = RegistryHandler.anchorWrong.selector;
        calls[2] = RegistryHandler.replay.selector;
        calls[3] = RegistryHandler.anchorSeveral.selector;
        calls[4] = RegistryHandler.toggleSuspension.selector;
        calls[5] = RegistryHandler.revoke.selector;
        calls[6] = RegistryHandler.nameSuccessor.selector;
        calls[7] = RegistryHandler.anchorInStopped.selector;
        calls[8] = RegistryHandler.pass.selector;
        targetSelector(FuzzSelector(address(handler), calls));
        targetContract(address(handler));
    }

    /// @dev One function, so that a sequence of calls is made once for all of them.
    function invariant_registry() public {
        C1_sequences_are_dense();
        C2_records_never_change();
        C3_only_the_owners_keys_extend_a_stream();
        C4_the_head_is_that_of_the_logs();
        C6_C7_each_stopped_registry_names_the_next();
        C8_verify_says_yes_to_what_was_anchored_only();
    }

    /// @dev Each (stream, sequence) from 1 to the head has a record in exactly one registry, and nothing lies beyond.
    function C1_sequences_are_dense() private view {
        for (uint256 s = 0; s < 4; ++s) {
            uint64 stream = handler.streams(s);
            uint64 length = uint64(handler.lengthOf(stream));
            for (uint64 sequence = 1; sequence <= length; ++sequence) {
                assertEq(holders(stream, sequence), 1);
            }
            assertEq(holders(stream, 0) + holders(stream, length + 1), 0);
        }
    }

    /// @dev Every record equals what the log and the block of its anchor gave when it was accepted.
    function C2_records_never_change() private view {
        for (uint256 i = 0; i < handler.acceptedCount(); ++i) {
            RegistryHandler.Accepted memory old = handler.accepted(i);
            bytes32 record = sha256(abi.encode(tipOf(old), old.blockNumber, old.blockTime));
            assertEq(old.registry.records(old.one.stream, old.one.sequence), record);
        }
    }

    function C3_only_the_owners_keys_extend_a_stream() private {
        for (uint256 i = 0; i < handler.acceptedCount(); ++i) {
            RegistryHandler.Accepted memory old = handler.accepted(i);
            bool owner = old.one.stream >> 16 == 2
                ? old.signer == makeAddr("anchor 2")
                : old.signer == makeAddr("anchor 1") || old.signer == makeAddr("limited 1");
            assertTrue(owner);
        }
    }

    /// @dev Rewrites, gaps, replays, forks and strangers were refused by name in the handler; what they asked for left
    ///      no trace: the head is the one that the accepted logs give.
    function C4_the_head_is_that_of_the_logs() private view {
        IAnchorRegistry current = handler.registries(handler.registryCount() - 1);
        for (uint256 s = 0; s < 4; ++s) {
            uint64 stream = handler.streams(s);
            (uint64 sequence, bytes32 tip) = current.head(stream);
            assertEq(sequence, handler.lengthOf(stream));
            assertEq(tip, handler.tipFromLogs(stream));
        }
    }

    /// @dev C6 and C7: registries form one chain; all but the last are stopped, and none but the last moves.
    function C6_C7_each_stopped_registry_names_the_next() private view {
        uint256 count = handler.registryCount();
        for (uint256 i = 0; i < count; ++i) {
            IAnchorRegistry one = handler.registries(i);
            address next = i + 1 < count ? address(handler.registries(i + 1)) : address(0);
            assertEq(one.successor(), next);
            assertEq(one.predecessor(), i == 0 ? address(0) : address(handler.registries(i - 1)));
            assertContinuous(one, next);
        }
    }

    /// @dev In the trees of one leaf the entry is found, in all others it is not.
    function C8_verify_says_yes_to_what_was_anchored_only() private view {
        bytes32[] memory path = new bytes32[](0);
        for (uint256 i = 0; i < handler.acceptedCount(); ++i) {
            RegistryHandler.Accepted memory old = handler.accepted(i);
            bytes32 entry = handler.entryOf(old.one.stream, old.one.sequence);
            bool found = old.registry.verify(old.one, old.blockNumber, old.blockTime, entry, 0, path);
            assertEq(found, old.one.root == sha256(bytes.concat(hex"00", entry)));
            assertFalse(old.registry.verify(old.one, old.blockNumber, old.blockTime + 1, entry, 0, path));
        }
    }

    /// @dev Without this a handler that never gets anywhere would pass all of the above.
    function afterInvariant() public view {
        assertGt(handler.acceptedCount() + handler.refusals(), 0);
    }

    function assertContinuous(IAnchorRegistry one, address next) private view {
        if (next == address(0)) return;
        for (uint256 s = 0; s < 4; ++s) {
            (uint64 sequence,) = one.head(handler.streams(s));
            (uint64 later,) = IAnchorRegistry(next).head(handler.streams(s));
            assertLe(sequence, later);
            assertEq(one.records(handler.streams(s), sequence + 1), 0);
        }
    }

    function holders(uint64 stream, uint64 sequence) private view returns (uint256 count) {
        for (uint256 i = 0; i < handler.registryCount(); ++i) {
            if (handler.registries(i).records(stream, sequence) != 0) ++count;
        }
    }

    function tipOf(RegistryHandler.Accepted memory old) private view returns (bytes32) {
        IAnchorRegistry.Append memory one = old.one;
        return sha256(
            abi.encode(
                block.chainid,
                address(old.registry),
                one.stream,
                one.sequence,
                one.root,
                one.size,
                one.previousTip
            )
        );
    }
}

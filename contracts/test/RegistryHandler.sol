// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {IAnchorRegistry} from "../src/interfaces/IAnchorRegistry.sol";
import {
    IConsortium,
    PURPOSE_ANCHOR,
    STATUS_ACTIVE,
    STATUS_SUSPENDED
} from "../src/interfaces/IConsortium.sol";
import {NetworkTest} from "./NetworkTest.sol";

/// @title Does what participants, thieves and the consortium may try, in any order
/// @dev It keeps its own account of who may anchor and of what was accepted, the latter from logs and blocks alone, and
///      fails a call at once if the registry decides otherwise. The invariants compare the whole afterwards.
contract RegistryHandler is NetworkTest {
    struct Accepted {
        IAnchorRegistry registry;
        IAnchorRegistry.Append one;
        address signer;
        uint64 blockNumber;
        uint64 blockTime;
    }

    uint256 private constant REGISTRIES_MAX = 4;

    uint64[4] public streams = [STREAM, SECOND_STREAM, FOREIGN_STREAM, FOREIGN_STREAM + 1];
    IAnchorRegistry[] public registries;
    mapping(uint64 stream => uint64[]) private _acceptedOf;
    Accepted[] private _accepted;
    mapping(uint64 stream => bytes32) public tipFromLogs;
    mapping(uint32 id => bool) private _suspended;
    mapping(address key => bool) private _revoked;
    uint256 public refusals;

    constructor() {
        setUp();
        registries.push(registry);
    }

    function acceptedCount() external view returns (uint256) {
        return _accepted.length;
    }

    function accepted(uint256 index) external view returns (Accepted memory) {
        return _accepted[index];
    }

    function entryOf(uint64 stream, uint64 sequence) public pure returns (bytes32) {
        return keccak256(abi.encode("entry", stream, sequence));
    }

    function lengthOf(uint64 stream) external view returns (uint256) {
        return _acceptedOf[stream].length;
    }

    function registryCount() external view returns (uint256) {
        return registries.length;
    }

    /// @notice Anyone tries the next anchor of any stream; accepted if and only if the model says so. Every other one
    ///         is a tree of one leaf, over `entryOf` its place.
    function anchorNext(uint256 who, uint256 where, uint64 size) external {
        (address key, uint64 stream) = (keyAt(who), streams[where % streams.length]);
        IAnchorRegistry.Append memory one = nextOf(registry, stream);
        one.size = size % 2 == 0 ? 1 : size;
        if (one.size == 1) one.root = sha256(bytes.concat(hex"00", entryOf(stream, one.sequence)));
        if (!mayAnchor(key, stream)) return refused(key, one, unauthorized(key, stream));
        vm.recordLogs();
        send(key, registry, one);
        keepLogs(key);
    }

    /// @notice A holder of the right key tries a gap, a rewrite, a replay or a fork.
    function anchorWrong(uint256 who, uint256 where, uint8 kind, uint64 any) external {
        (address key, uint64 stream) = (keyAt(who), streams[where % streams.length]);
        if (!mayAnchor(key, stream)) return;
        IAnchorRegistry.Append memory one = nextOf(registry, stream);
        uint64 expected = one.sequence;
        if (kind % 3 == 0) {
            one.sequence += any % 1000 + 1; // gap
        } else if (kind % 3 == 1) {
            one.sequence = any % one.sequence; // rewrite; 0 too
        } else {
            one.previousTip ^= bytes32(uint256(any) + 1); // fork
            refused(
                key,
                one,
                abi.encodeWithSelector(
                    IAnchorRegistry.AnchorRegistryTipMismatch.selector,
                    stream,
                    tipFromLogs[stream],
                    one.previousTip
                )
            );
            return;
        }
        refused(key, one, outOfSequence(stream, expected, one.sequence));
    }

    /// @notice An accepted anchor is sent once more, as it was.
    function replay(uint256 index) external {
        if (_accepted.length == 0) return;
        Accepted memory old = _accepted[index % _accepted.length];
        if (!mayAnchor(old.signer, old.one.stream)) return;
        (uint64 last,) = registry.head(old.one.stream);
        refused(old.signer, old.one, outOfSequence(old.one.stream, last + 1, old.one.sequence));
    }

    /// @notice Several streams in one call; with a foreign or ill-ordered one among them nothing may remain.
    function anchorSeveral(uint256 who, uint256 count, uint8 bad) external {
        address key = keyAt(who);
        uint64 stream = key == foreignKey ? FOREIGN_STREAM : STREAM;
        if (!mayAnchor(key, stream) || !mayAnchor(key, stream + 1)) return;
        IAnchorRegistry.Append[] memory appends = new IAnchorRegistry.Append[](count % 5 + 1);
        IAnchorRegistry.Append memory one = nextOf(registry, stream);
        for (uint256 i = 0; i + 1 < appends.length; ++i) {
            appends[i] = one;
            bytes32 root = keccak256(abi.encode(one.root));
            one = IAnchorRegistry.Append(stream, one.sequence + 1, root, 16, tipOf(registry, one));
        }
        appends[appends.length - 1] = nextOf(registry, stream + 1);
        if (bad % 2 == 0) {
            appends[bad % appends.length].sequence += 1;
            vm.prank(key);
            vm.expectPartialRevert(IAnchorRegistry.AnchorRegistryOutOfSequence.selector);
            registry.anchor(appends);
            ++refusals;
            return;
        }
        vm.recordLogs();
        vm.prank(key);
        registry.anchor(appends);
        keepLogs(key);
    }

    function toggleSuspension(uint256 id) external {
        uint32 chosen = uint32(id % 2) + 1;
        _suspended[chosen] = !_suspended[chosen];
        consortium.setStatus(chosen, _suspended[chosen] ? STATUS_SUSPENDED : STATUS_ACTIVE);
    }

    /// @notice Rare, and the second participant never, or the run would soon be over.
    function revoke(uint256 who, uint8 chance) external {
        address key = keyAt(who);
        if (chance % 16 != 0 || key == foreignKey || _revoked[key] || participantOf(key) == 0) return;
        _revoked[key] = true;
        consortium.revokeKey(key, 0);
    }

    function nameSuccessor(uint8 chance) external {
        if (chance % 8 != 0 || registries.length == REGISTRIES_MAX) return;
        IAnchorRegistry next = registryAfter(address(registry));
        consortium.nameSuccessor(registry, address(next));
        registries.push(next);
        registry = next;
    }

    /// @notice Whoever it is: a stopped registry takes nothing.
    function anchorInStopped(uint256 who, uint256 where, uint256 index) external {
        if (registries.length == 1) return;
        index = index % (registries.length - 1);
        IAnchorRegistry stopped = registries[index];
        bytes memory reason = abi.encodeWithSelector(
            IAnchorRegistry.AnchorRegistryStopped.selector, address(registries[index + 1])
        );
        refuse(keyAt(who), stopped, nextOf(stopped, streams[where % streams.length]), reason);
        ++refusals;
    }

    function pass(uint16 seconds_) external {
        vm.warp(block.timestamp + seconds_);
        vm.roll(block.number + seconds_ % 7);
    }

    function refused(address key, IAnchorRegistry.Append memory one, bytes memory reason) private {
        refuse(key, registry, one, reason);
        ++refusals;
    }

    /// @dev What an indexer would keep: nothing is read from the registry.
    function keepLogs(address signer) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertGt(logs.length, 0);
        for (uint256 i = 0; i < logs.length; ++i) {
            assertEq(logs[i].topics[0], IAnchorRegistry.Anchored.selector);
            (bytes32 root, uint64 size, bytes32 previousTip, bytes32 tip, address logged) =
                abi.decode(logs[i].data, (bytes32, uint64, bytes32, bytes32, address));
            uint64 stream = uint64(uint256(logs[i].topics[1]));
            uint64 sequence = uint64(uint256(logs[i].topics[2]));
            IAnchorRegistry.Append memory one =
                IAnchorRegistry.Append(stream, sequence, root, size, previousTip);
            assertEq(logged, signer);
            assertEq(previousTip, tipFromLogs[stream]);
            assertEq(tip, tipOf(registry, one));
            assertEq(sequence, _acceptedOf[stream].length + 1);
            tipFromLogs[stream] = tip;
            _acceptedOf[stream].push(sequence);
            _accepted.push(Accepted(registry, one, signer, uint64(block.number), uint64(block.timestamp)));
        }
    }

    function keyAt(uint256 who) private returns (address) {
        address[5] memory keys = [anchorKey, signKey, limitedKey, foreignKey, makeAddr("stranger")];
        return keys[who % keys.length];
    }

    function participantOf(address key) private view returns (uint32) {
        if (key == foreignKey) return 2;
        return key == anchorKey || key == signKey || key == limitedKey ? 1 : 0;
    }

    /// @dev The rule, told once more and without the consortium.
    function mayAnchor(address key, uint64 stream) private view returns (bool) {
        if (key != anchorKey && key != limitedKey && key != foreignKey) return false;
        if (key == limitedKey && stream != SECOND_STREAM) return false;
        uint32 id = participantOf(key);
        return stream >> 16 == id && !_suspended[id] && !_revoked[key];
    }
}

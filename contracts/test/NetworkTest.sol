// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {IAnchorRegistry} from "../src/interfaces/IAnchorRegistry.sol";
import {IConsortium, PURPOSE_ANCHOR, PURPOSE_SIGN, STATUS_ACTIVE} from "../src/interfaces/IConsortium.sol";
import {ITestConsortium} from "./ITestConsortium.sol";

/// @title Two participants, their keys, a registry, and the format's formulas in the encoder's own words
abstract contract NetworkTest is Test {
    uint64 internal constant STREAM = (1 << 16) + 1;
    uint64 internal constant SECOND_STREAM = (1 << 16) + 2;
    uint64 internal constant FOREIGN_STREAM = (2 << 16) + 1;
    uint64 internal constant DELAY = 7 days;
    uint64 internal constant LIFETIME = 30 days;

    address internal anchorKey = makeAddr("anchor 1");
    address internal signKey = makeAddr("sign 1");
    address internal limitedKey = makeAddr("limited 1");
    address internal foreignKey = makeAddr("anchor 2");

    ITestConsortium internal consortium;
    IAnchorRegistry internal registry;

    function setUp() public virtual {
        vm.chainId(4242);
        vm.warp(1_700_000_000);
        vm.roll(1000);
        consortium = ITestConsortium(deployCode("TestConsortium.sol"));
        IConsortium.InitialKey[] memory keys = new IConsortium.InitialKey[](3);
        keys[0] = keyOf(anchorKey, PURPOSE_ANCHOR);
        keys[1] = keyOf(signKey, PURPOSE_SIGN);
        keys[2] = limitedTo(limitedKey, SECOND_STREAM);
        consortium.admit(participantOf("first"), keys);
        keys = new IConsortium.InitialKey[](1);
        keys[0] = keyOf(foreignKey, PURPOSE_ANCHOR);
        consortium.admit(participantOf("second"), keys);
        registry = registryAfter(address(0));
    }

    /// @dev By name, so that tests need not go through the contracts' slow code generator.
    function registryAfter(address predecessor) internal returns (IAnchorRegistry) {
        bytes memory arguments = abi.encode(consortium, predecessor);
        return IAnchorRegistry(deployCode("AnchorRegistry.sol", arguments));
    }

    function participantOf(string memory slug) internal returns (IConsortium.Participant memory) {
        return IConsortium.Participant({
            slug: slug,
            name: string.concat("The ", slug),
            url: string.concat("https://", slug, ".example"),
            roles: 33,
            status: STATUS_ACTIVE,
            adminKey: makeAddr(string.concat("admin ", slug)),
            recoveryKey: makeAddr(string.concat("recovery ", slug))
        });
    }

    function keyOf(address account, uint8 purpose) internal pure returns (IConsortium.InitialKey memory) {
        return IConsortium.InitialKey(account, purpose, 0, 0, new uint64[](0));
    }

    function limitedTo(address account, uint64 stream)
        internal
        pure
        returns (IConsortium.InitialKey memory made)
    {
        made = IConsortium.InitialKey(account, PURPOSE_ANCHOR, 0, 0, new uint64[](1));
        made.streams[0] = stream;
    }

    /// @dev The anchor that is next in `stream`, with a root that nothing else has.
    function nextOf(IAnchorRegistry to, uint64 stream) internal view returns (IAnchorRegistry.Append memory) {
        (uint64 sequence, bytes32 tip) = to.head(stream);
        bytes32 root = keccak256(abi.encode("root", stream, sequence + 1));
        return IAnchorRegistry.Append(stream, sequence + 1, root, 16, tip);
    }

    function send(address key, IAnchorRegistry to, IAnchorRegistry.Append memory one) internal {
        vm.prank(key);
        to.anchorOne(one.stream, one.sequence, one.root, one.size, one.previousTip);
    }

    /// @dev Sends the next anchor of `stream` and returns it.
    function extend(address key, uint64 stream) internal returns (IAnchorRegistry.Append memory one) {
        one = nextOf(registry, stream);
        send(key, registry, one);
    }

    function refuse(address key, IAnchorRegistry to, IAnchorRegistry.Append memory one, bytes memory reason)
        internal
    {
        vm.prank(key);
        vm.expectRevert(reason);
        to.anchorOne(one.stream, one.sequence, one.root, one.size, one.previousTip);
    }

    function unauthorized(address key, uint64 stream) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IAnchorRegistry.AnchorRegistryUnauthorized.selector, key, stream);
    }

    function outOfSequence(uint64 stream, uint64 expected, uint64 given)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodeWithSelector(
            IAnchorRegistry.AnchorRegistryOutOfSequence.selector, stream, expected, given
        );
    }

    function tipOf(IAnchorRegistry to, IAnchorRegistry.Append memory one) internal view returns (bytes32) {
        return sha256(
            abi.encode(
                block.chainid, address(to), one.stream, one.sequence, one.root, one.size, one.previousTip
            )
        );
    }

    /// @dev The record of an anchor in this block.
    function recordOf(IAnchorRegistry to, IAnchorRegistry.Append memory one) internal view returns (bytes32) {
        return sha256(abi.encode(tipOf(to, one), block.number, block.timestamp));
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICodeRegistry} from "../src/interfaces/ICodeRegistry.sol";
import {CodesTest} from "./CodesTest.sol";

/// @title Prefixes and overlaps, against rules written down naively
contract CodePrefixTest is CodesTest {
    struct Given {
        string prefix;
        uint64 from;
        uint64 until; // the largest number if there is none
    }

    Given[] private _given;

    /// @dev Any text: granted if and only if it has the form, by a check of characters one by one.
    function testFuzz_only_the_two_forms_are_granted(uint256 seed, uint8 size, uint8 spoiled, bytes1 spoil)
        public
    {
        bytes memory text = digits(seed, size % 20);
        text = bytes.concat(bytes(seed % 2 == 0 ? "gs1:" : "cn:"), text);
        if (spoiled % 3 == 0) text[spoiled % text.length] = spoil;
        string memory prefix = string(text);
        if (wellFormed(text)) {
            give(prefix, FIRST);
            assertEq(codes.grantOf(1).prefix, prefix);
            assertEq(ownerNow(prefix), FIRST);
        } else {
            refuseGrant(prefix, FIRST, 0, 0, invalidPrefix(prefix));
        }
    }

    /// @dev Prefixes that mostly lie above or below each other, intervals that mostly touch: eight grants each time.
    function testFuzz_overlaps_are_refused_in_every_constellation(uint256 seed) public {
        for (uint256 i = 0; i < 8; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            string memory prefix = crowded(seed);
            uint64 from = time() + uint64(seed >> 64) % 8;
            uint64 until = uint64(seed >> 128) % 4 == 0 ? 0 : from + 1 + uint64(seed >> 192) % 5;
            if (isFree(prefix, from, until == 0 ? type(uint64).max : until)) {
                give(prefix, i % 2 == 0 ? FIRST : SECOND, from, until);
                _given.push(Given(prefix, from, until == 0 ? type(uint64).max : until));
            } else {
                vm.expectPartialRevert(ICodeRegistry.CodeRegistryOverlap.selector);
                give(prefix, FIRST, from, until);
            }
        }
        for (uint64 when = time(); when < time() + 15; ++when) {
            assertOwners("gs1:690111111111", when);
            assertOwners("gs1:690000000000", when);
            assertOwners("cn:6901111", when);
        }
    }

    function assertOwners(string memory code, uint64 when) private view {
        uint256 expected = 0;
        for (uint256 i = 0; i < _given.length; ++i) {
            bool holds = _given[i].from <= when && when < _given[i].until;
            if (holds && begins(bytes(code), bytes(_given[i].prefix))) expected = i + 1;
        }
        (uint256 id,) = codes.ownerAt(code, when);
        assertEq(id, expected);
    }

    function isFree(string memory prefix, uint64 from, uint64 until) private view returns (bool) {
        for (uint256 i = 0; i < _given.length; ++i) {
            Given storage other = _given[i];
            bytes memory theirs = bytes(other.prefix);
            bool nested = begins(bytes(prefix), theirs) || begins(theirs, bytes(prefix));
            if (nested && from < other.until && other.from < until) return false;
        }
        return true;
    }

    /// @dev `gs1:690` and then only zeros or only ones, or such a drug.
    function crowded(uint256 seed) private pure returns (string memory) {
        bytes memory text = bytes(seed % 7 == 0 ? "cn:690" : "gs1:690");
        uint256 count = seed % 7 == 0 ? 4 : 1 + (seed >> 8) % 9;
        for (uint256 i = 0; i < count; ++i) {
            text = bytes.concat(text, (seed >> 32) % 3 == 0 ? bytes1("0") : bytes1("1"));
        }
        return string(text);
    }

    function digits(uint256 seed, uint256 size) private pure returns (bytes memory text) {
        text = new bytes(size);
        for (uint256 i = 0; i < size; ++i) {
            text[i] = bytes1(uint8(0x30 + (seed >> (8 + 4 * i)) % 10));
        }
    }

    function wellFormed(bytes memory text) private pure returns (bool) {
        bool gs1 = begins(text, "gs1:") && text.length >= 8 && text.length <= 16;
        bool cn = begins(text, "cn:") && text.length == 10;
        if (!gs1 && !cn) return false;
        for (uint256 i = gs1 ? 4 : 3; i < text.length; ++i) {
            if (uint8(text[i]) < 48 || uint8(text[i]) > 57) return false;
        }
        return true;
    }

    function begins(bytes memory text, bytes memory start) private pure returns (bool) {
        if (start.length > text.length) return false;
        for (uint256 i = 0; i < start.length; ++i) {
            if (text[i] != start[i]) return false;
        }
        return true;
    }
}

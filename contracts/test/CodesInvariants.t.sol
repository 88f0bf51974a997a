// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {ICodeRegistry} from "../src/interfaces/ICodeRegistry.sol";
import {CodesHandler} from "./CodesHandler.sol";

/// @title P1 to P5 of contracts/README.md, after any sequence of calls
/// forge-config: default.invariant.runs = 24
/// forge-config: default.invariant.depth = 64
contract CodesInvariantsTest is Test {
    CodesHandler private handler;
    ICodeRegistry private codes;

    function setUp() public {
        handler = new CodesHandler();
        codes = handler.registry_();
        bytes4[] memory calls = new bytes4[](7);
        calls[0] = CodesHandler.grant.selector;
        calls[1] = CodesHandler.end.selector;
        calls[2] = CodesHandler.offerTo.selector;
        calls[3] = CodesHandler.takeBack.selector;
        calls[4] = CodesHandler.acceptOffer.selector;
        calls[5] = CodesHandler.toggleSuspension.selector;
        calls[6] = CodesHandler.pass.selector;
        targetSelector(FuzzSelector(address(handler), calls));
        targetContract(address(handler));
    }

    /// @dev One function, so that a sequence of calls is made once for all of them.
    function invariant_codes() public view {
        P1_no_code_has_two_owners();
        P2_the_past_never_changes();
        P3_grants_are_what_was_agreed();
        P4_logs_alone_rebuild_it();
        P5_grants_below_a_prefix_are_all_there();
    }

    /// @dev At the first second of any grant, and at its end, each sample has the one owner that the naive list gives;
    ///      two in that list would be a failure too.
    function P1_no_code_has_two_owners() private view {
        CodesHandler.Kept[] memory kept = handler.kept();
        for (uint256 i = 0; i < 6; ++i) {
            string memory code = handler.samples(i);
            CodesHandler.Kept[] memory above = thoseAbove(code, kept);
            for (uint256 j = 0; j < kept.length; ++j) {
                assertOwner(code, above, kept[j].from);
                assertOwner(code, above, kept[j].until);
                if (kept[j].until > 0) assertOwner(code, above, kept[j].until - 1);
            }
        }
    }

    /// @dev What was said of a second when its block was over is said still.
    function P2_the_past_never_changes() private view {
        CodesHandler.Said[] memory said = handler.said();
        for (uint256 i = 0; i < said.length; ++i) {
            (uint256 id, uint32 owner) = codes.ownerAt(said[i].code, said[i].second);
            assertEq(id, said[i].id);
            assertEq(owner, said[i].owner);
        }
    }

    /// @dev Who may do what was checked call by call in the handler; the grants are those that its list has.
    function P3_grants_are_what_was_agreed() private view {
        CodesHandler.Kept[] memory kept = handler.kept();
        assertEq(codes.grantCount(), kept.length);
        for (uint256 i = 0; i < kept.length; ++i) {
            CodesHandler.Kept memory one = kept[i];
            uint64 until = one.until == type(uint64).max ? 0 : one.until;
            ICodeRegistry.Grant memory expected = ICodeRegistry.Grant(one.prefix, one.owner, one.from, until);
            assertEq(abi.encode(codes.grantOf(i + 1)), abi.encode(expected));
            assertEq(codes.offerOf(i + 1).to, one.offeredTo);
        }
    }

    function P4_logs_alone_rebuild_it() private view {
        assertEq(abi.encode(handler.folded()), abi.encode(handler.kept()));
    }

    /// @dev The index of prefixes below a prefix misses none and has none twice.
    function P5_grants_below_a_prefix_are_all_there() private view {
        string[4] memory above = ["gs1:6900", "gs1:690000", "gs1:690000000001", "cn:6900000"];
        CodesHandler.Kept[] memory kept = handler.kept();
        for (uint256 i = 0; i < above.length; ++i) {
            uint256[] memory found = codes.grantsBelow(above[i]);
            uint256 expected = 0;
            for (uint256 j = 0; j < kept.length; ++j) {
                if (begins(kept[j].prefix, above[i])) ++expected;
            }
            assertEq(found.length, expected);
            for (uint256 j = 0; j < found.length; ++j) {
                assertTrue(begins(kept[found[j] - 1].prefix, above[i]));
                for (uint256 k = 0; k < j; ++k) {
                    assertNotEq(found[j], found[k]);
                }
            }
        }
    }

    /// @dev Without this a handler that never gets anywhere would pass all of the above.
    function afterInvariant() public view {
        assertGt(handler.count() + handler.refusals(), 0);
    }

    /// @dev The grants whose prefix `code` begins with; the others never hold.
    function thoseAbove(string memory code, CodesHandler.Kept[] memory kept)
        private
        pure
        returns (CodesHandler.Kept[] memory above)
    {
        above = new CodesHandler.Kept[](kept.length);
        for (uint256 i = 0; i < kept.length; ++i) {
            if (begins(code, kept[i].prefix)) above[i] = kept[i];
        }
    }

    function assertOwner(string memory code, CodesHandler.Kept[] memory above, uint64 time) private view {
        uint256 expected = 0;
        for (uint256 i = 0; i < above.length; ++i) {
            if (time < above[i].from) continue;
            if (time >= above[i].until && above[i].until != type(uint64).max) continue;
            assertEq(expected, 0);
            expected = i + 1;
        }
        (uint256 found, uint32 owner) = codes.ownerAt(code, time);
        assertEq(found, expected);
        assertEq(owner, expected == 0 ? 0 : above[expected - 1].owner);
    }

    function begins(string memory text, string memory start) private pure returns (bool) {
        (bytes memory whole, uint256 size) = (bytes(text), bytes(start).length);
        if (size > whole.length) return false;
        bytes32 mask = bytes32(~(type(uint256).max >> (8 * size))); // prefixes have at most 16 bytes
        return bytes32(whole) & mask == bytes32(bytes(start)) & mask;
    }
}

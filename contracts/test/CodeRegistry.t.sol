// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICodeRegistry} from "../src/interfaces/ICodeRegistry.sol";
import {STATUS_ACTIVE} from "../src/interfaces/IConsortium.sol";
import {CodesTest} from "./CodesTest.sol";

/// @title Who may commission what, and when
contract CodeRegistryTest is CodesTest {
    uint64 private constant NEVER = type(uint48).max;
    string private constant COMPANY = "gs1:4006381";
    string private constant GTIN = "gs1:400638133393";
    string private constant DRUG = "cn:8123456";

    function test_a_grant_is_readable_and_logged_with_all_its_parts() public {
        vm.expectEmit(address(codes));
        emit ICodeRegistry.PrefixGranted(1, FIRST, COMPANY, time() + 5, time() + 9);
        assertEq(give(COMPANY, FIRST, time() + 5, time() + 9), 1);
        assertEq(give(DRUG, SECOND, 0, 0), 2);
        ICodeRegistry.Grant memory expected = ICodeRegistry.Grant(COMPANY, FIRST, time() + 5, time() + 9);
        assertEq(abi.encode(codes.grantOf(1)), abi.encode(expected));
        expected = ICodeRegistry.Grant(DRUG, SECOND, time(), 0);
        assertEq(abi.encode(codes.grantOf(2)), abi.encode(expected));
        assertEq(codes.grantCount(), 2);
        assertEq(codes.consortium(), address(consortium));
    }

    function test_an_owner_owns_from_the_first_second_to_before_the_end() public {
        uint64 start = time();
        give(COMPANY, FIRST, start + 5, start + 9);
        assertEq(ownerAt(GTIN, start + 4), 0);
        assertEq(ownerAt(GTIN, start + 5), FIRST);
        assertEq(ownerAt(GTIN, start + 8), FIRST);
        assertEq(ownerAt(GTIN, start + 9), 0);
        vm.warp(start + 100);
        assertEq(ownerAt(GTIN, start + 4), 0);
        assertEq(ownerAt(GTIN, start + 5), FIRST);
        assertEq(ownerAt(GTIN, start + 8), FIRST);
        assertEq(ownerAt(GTIN, start + 9), 0);
    }

    function test_a_grant_without_end_has_no_last_second() public {
        give(COMPANY, FIRST);
        assertEq(ownerAt(GTIN, type(uint64).max), FIRST);
        assertEq(ownerAt(GTIN, NEVER), FIRST);
        give(DRUG, FIRST, 0, NEVER - 1);
        assertEq(ownerAt(DRUG, NEVER - 2), FIRST);
        assertEq(ownerAt(DRUG, NEVER - 1), 0);
    }

    function test_whole_codes_are_welcome_where_owners_are_asked_for() public {
        uint256 id = give(COMPANY, FIRST);
        give(DRUG, SECOND);
        (uint256 found, uint32 owner) = codes.ownerAt("gs1:40063813339300000000000000000000000001", time());
        assertEq(found, id);
        assertEq(owner, FIRST);
        assertEq(ownerNow("cn:81234560000000000017"), SECOND);
        assertEq(ownerNow("cn:81234570000000000017"), 0);
        assertEq(ownerNow("gs1:4006"), 0); // below it some codes are the first's, so it is nobody's
        string memory longest = "gs1:400638133393000000000000000000000000000000000000000000000000";
        assertEq(bytes(longest).length, 64);
        assertEq(ownerNow(longest), FIRST);
        vm.expectRevert(invalidPrefix(string.concat(longest, "0")));
        codes.ownerAt(string.concat(longest, "0"), time());
    }

    function test_only_the_consortium_grants_and_revokes() public {
        give(COMPANY, FIRST);
        bytes memory reason =
            abi.encodeWithSelector(ICodeRegistry.CodeRegistryOnlyConsortium.selector, admin(FIRST));
        vm.startPrank(admin(FIRST));
        vm.expectRevert(reason);
        codes.grant("gs1:4007", FIRST, 0, 0);
        vm.expectRevert(reason);
        codes.revoke(1, 0);
    }

    function test_malformed_prefixes_are_refused() public {
        string[21] memory malformed = [
            "",
            "gs1",
            "gs1:",
            "gs1:123",
            "gs1:1234567890123",
            "gs1:12a4567",
            "gs1:123 4567",
            "gs1:-123456",
            "gs1:12345/",
            "gs1:12345:",
            "gs1:1234\x00\x00",
            "GS1:1234567",
            "gs2:1234567",
            "1234567",
            ":1234567",
            "cn:",
            "cn:812345",
            "cn:81234567",
            "cn:812345x",
            "CN:8123456",
            unicode"gs1:１２３４"
        ];
        for (uint256 i = 0; i < malformed.length; ++i) {
            refuseGrant(malformed[i], FIRST, 0, 0, invalidPrefix(malformed[i]));
            vm.expectRevert(invalidPrefix(malformed[i]));
            codes.grantsBelow(malformed[i]);
        }
        assertEq(codes.grantCount(), 0);
    }

    function test_owners_are_asked_for_with_well_formed_codes_only() public {
        string[6] memory malformed =
            ["gs1:123", "cn:812345", "gs1:12345678901234x", "cn:8123456x", "gtin:40063813", ""];
        for (uint256 i = 0; i < malformed.length; ++i) {
            vm.expectRevert(invalidPrefix(malformed[i]));
            codes.ownerAt(malformed[i], time());
        }
    }

    function test_times_are_not_in_the_past_not_empty_and_fit() public {
        uint64 t = time();
        refuseGrant(COMPANY, FIRST, t - 1, 0, invalidTime(t - 1, 0));
        refuseGrant(COMPANY, FIRST, t, t, invalidTime(t, t));
        refuseGrant(COMPANY, FIRST, 0, t, invalidTime(t, t));
        refuseGrant(COMPANY, FIRST, t + 9, t + 8, invalidTime(t + 9, t + 8));
        refuseGrant(COMPANY, FIRST, 0, t - 5, invalidTime(t, t - 5));
        refuseGrant(COMPANY, FIRST, NEVER, 0, invalidTime(NEVER, 0));
        refuseGrant(COMPANY, FIRST, 0, NEVER, invalidTime(t, NEVER));
        give(COMPANY, FIRST, t, t + 1);
    }

    function test_only_active_participants_receive() public {
        suspend(FIRST);
        remove(SECOND);
        refuseGrant(COMPANY, FIRST, 0, 0, notActive(FIRST));
        refuseGrant(COMPANY, SECOND, 0, 0, notActive(SECOND));
        refuseGrant(COMPANY, UNKNOWN, 0, 0, notActive(UNKNOWN));
        refuseGrant(COMPANY, 0, 0, 0, notActive(0));
    }

    function test_a_prefix_above_below_or_equal_overlaps_and_a_neighbour_does_not() public {
        uint256 id = give("gs1:400638", FIRST);
        string[5] memory taken = ["gs1:400638", "gs1:4006", "gs1:40063", "gs1:4006381", "gs1:400638133393"];
        for (uint256 i = 0; i < taken.length; ++i) {
            refuseGrant(taken[i], SECOND, 0, 0, overlap(taken[i], id));
            refuseGrant(taken[i], FIRST, 0, 0, overlap(taken[i], id)); // nor twice to the same
        }
        give("gs1:400639", SECOND);
        give("gs1:400637999999", SECOND);
        give("gs1:4007", SECOND);
        assertEq(ownerNow("gs1:400638999999"), FIRST);
        assertEq(ownerNow("gs1:400639000000"), SECOND);
        assertEq(ownerNow("gs1:400637999998"), 0);
    }

    function test_all_prefixes_of_one_gtin_exclude_each_other() public {
        for (uint256 size = 8; size <= 16; ++size) {
            uint256 id = give(cut(GTIN, size), FIRST);
            for (uint256 other = 8; other <= 16; ++other) {
                string memory prefix = cut(GTIN, other);
                refuseGrant(prefix, SECOND, 0, 0, overlap(prefix, id));
            }
            revoke(id, 0);
        }
        assertEq(codes.grantsBelow(cut(GTIN, 8)).length, 9);
        assertEq(codes.grantsBelow(cut(GTIN, 15)).length, 2);
        assertEq(codes.grantsBelow(GTIN).length, 1);
    }

    function test_the_schemes_never_meet() public {
        give("gs1:8123456", FIRST);
        give("cn:8123456", SECOND);
        assertEq(ownerNow("gs1:812345600000"), FIRST);
        assertEq(ownerNow("cn:81234560000000000017"), SECOND);
        refuseGrant("cn:8123456", FIRST, 0, 0, overlap("cn:8123456", 2));
        assertEq(codes.grantsBelow("gs1:8123456").length, 1);
        assertEq(codes.grantsBelow("cn:8123456")[0], 2);
    }

    function test_intervals_may_touch_and_not_meet() public {
        uint64 t = time();
        uint256 id = give(COMPANY, FIRST, t + 10, t + 20);
        refuseGrant(GTIN, SECOND, 0, 0, overlap(GTIN, id));
        refuseGrant(GTIN, SECOND, 0, t + 11, overlap(GTIN, id));
        refuseGrant(GTIN, SECOND, t + 19, 0, overlap(GTIN, id));
        refuseGrant(GTIN, SECOND, t + 12, t + 13, overlap(GTIN, id));
        refuseGrant(GTIN, SECOND, t + 5, t + 25, overlap(GTIN, id));
        give(GTIN, SECOND, 0, t + 10);
        give(GTIN, SECOND, t + 20, 0);
        assertEq(ownerAt(GTIN, t + 9), SECOND);
        assertEq(ownerAt(GTIN, t + 10), FIRST);
        assertEq(ownerAt(GTIN, t + 20), SECOND);
    }

    function test_what_has_ended_is_no_obstacle() public {
        uint64 t = time();
        give("gs1:40063", FIRST, 0, t + 10);
        give(GTIN, FIRST, t + 10, t + 20);
        vm.warp(t + 20);
        assertEq(give(COMPANY, SECOND), 3);
        assertEq(ownerAt(GTIN, t), FIRST);
        assertEq(ownerAt(GTIN, t + 19), FIRST);
        assertEq(ownerNow(GTIN), SECOND);
        revoke(3, 0);
        assertEq(give("gs1:40063", THIRD), 4); // the list of the first grant is swept here
        assertEq(ownerNow(GTIN), THIRD);
        assertEq(ownerAt(GTIN, t), FIRST);
    }

    function test_revoking_ends_a_grant_now_or_later_and_never_earlier() public {
        uint64 t = time();
        uint256 id = give(COMPANY, FIRST, 0, t + 100);
        vm.warp(t + 10);
        vm.startPrank(address(consortium));
        vm.expectRevert(invalidTime(t, t + 9));
        codes.revoke(id, t + 9);
        vm.expectRevert(invalidTime(t, NEVER));
        codes.revoke(id, NEVER);
        vm.expectRevert(hasEnded(id, t + 100));
        codes.revoke(id, t + 100);
        vm.expectEmit(address(codes));
        emit ICodeRegistry.PrefixEnded(id, t + 50);
        codes.revoke(id, t + 50);
        assertEq(ownerAt(GTIN, t + 49), FIRST);
        assertEq(ownerAt(GTIN, t + 50), 0);
        vm.expectEmit(address(codes));
        emit ICodeRegistry.PrefixEnded(id, t + 10);
        codes.revoke(id, 0);
        vm.expectRevert(hasEnded(id, t + 10));
        codes.revoke(id, 0);
        vm.stopPrank();
        assertEq(ownerAt(GTIN, t + 9), FIRST);
        assertEq(ownerAt(GTIN, t + 10), 0);
        assertEq(codes.grantOf(id).until, t + 10);
    }

    function test_a_grant_revoked_before_it_began_never_held() public {
        uint64 t = time();
        uint256 id = give(COMPANY, FIRST, t + 100, t + 200);
        revoke(id, t + 50); // before its beginning, yet after now
        vm.prank(address(consortium));
        vm.expectRevert(hasEnded(id, t + 50));
        codes.revoke(id, 0);
        give(COMPANY, SECOND, 0, t + 150);
        assertEq(ownerAt(COMPANY, t + 60), SECOND);
        vm.warp(t + 300);
        assertEq(ownerAt(COMPANY, t + 120), SECOND);
        assertEq(ownerAt(COMPANY, t + 160), 0);
    }

    function test_an_owner_gives_up_its_own_only() public {
        uint256 id = give(COMPANY, FIRST);
        address[3] memory others = [admin(SECOND), stranger, admin(REGULATOR)];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.expectRevert(notAllowed(others[i], FIRST));
            vm.prank(others[i]);
            codes.surrender(id, 0);
        }
        surrender(FIRST, id, time() + 5);
        assertEq(codes.grantOf(id).until, time() + 5);
        suspend(FIRST);
        surrender(FIRST, id, time() + 4);
        remove(FIRST);
        surrender(FIRST, id, 0);
        assertEq(ownerNow(GTIN), 0);
    }

    function test_unknown_grants_are_named() public {
        give(COMPANY, FIRST);
        uint256[3] memory unknown = [uint256(0), 2, type(uint256).max];
        for (uint256 i = 0; i < unknown.length; ++i) {
            bytes memory reason = unknownGrant(unknown[i]);
            vm.expectRevert(reason);
            codes.grantOf(unknown[i]);
            vm.expectRevert(reason);
            codes.offerOf(unknown[i]);
            vm.startPrank(admin(FIRST));
            vm.expectRevert(reason);
            codes.surrender(unknown[i], 0);
            vm.expectRevert(reason);
            codes.offer(unknown[i], SECOND);
            vm.expectRevert(reason);
            codes.withdrawOffer(unknown[i]);
            vm.expectRevert(reason);
            codes.accept(unknown[i]);
            vm.stopPrank();
            vm.prank(address(consortium));
            vm.expectRevert(reason);
            codes.revoke(unknown[i], 0);
        }
    }

    function test_the_past_of_a_prefix_stays_with_many_owners() public {
        uint64 t = time();
        uint256 id = give(COMPANY, FIRST);
        for (uint64 i = 1; i <= 10; ++i) {
            vm.warp(t + 10 * i);
            (uint32 from, uint32 to) = i % 2 == 1 ? (FIRST, SECOND) : (SECOND, FIRST);
            offer(from, id, to);
            id = accept(to, id);
        }
        for (uint64 i = 0; i < 110; ++i) {
            assertEq(ownerAt(GTIN, t + i), i / 10 % 2 == 0 ? FIRST : SECOND);
        }
        assertEq(codes.grantsBelow("gs1:4006").length, 11);
    }

    function test_grants_below_are_listed_by_prefix() public {
        give("gs1:4006381", FIRST);
        give("gs1:400639", SECOND);
        revoke(1, 0);
        give("gs1:400638133393", THIRD);
        give("gs1:4006382", THIRD);
        surrender(THIRD, 3, 0);
        assertEq(give("gs1:4006381", SECOND), 5);
        assertEq(codes.grantsBelow("gs1:4006"), ids(1, 5, 2, 3, 4));
        assertEq(codes.grantsBelow("gs1:400638"), ids(1, 5, 3, 4));
        assertEq(codes.grantsBelow("gs1:4007").length, 0);
    }

    function test_the_constructor_takes_what_was_agreed_at_the_foundation() public {
        ICodeRegistry.Grant[] memory initial = new ICodeRegistry.Grant[](3);
        initial[0] = ICodeRegistry.Grant("gs1:4006381", FIRST, 0, 0);
        initial[1] = ICodeRegistry.Grant("cn:8123456", FIRST, 100, 200);
        initial[2] = ICodeRegistry.Grant("cn:8123456", SECOND, 200, 0);
        codes = registryOf(initial);
        assertEq(codes.grantOf(1).from, 0);
        assertEq(ownerAt("gs1:400638133393", 0), FIRST);
        assertEq(ownerAt("gs1:400638133393", type(uint64).max), FIRST);
        assertEq(ownerAt("cn:8123456", 99), 0);
        assertEq(ownerAt("cn:8123456", 199), FIRST);
        assertEq(ownerAt("cn:8123456", 200), SECOND);
        refuseGrant("cn:8123456", FIRST, 0, 0, overlap("cn:8123456", 3));
    }

    function test_the_constructor_refuses_what_the_consortium_would_not_grant() public {
        vm.expectRevert(abi.encodeWithSelector(ICodeRegistry.CodeRegistryNoContract.selector, stranger));
        deployCode("CodeRegistry.sol:CodeRegistry", abi.encode(stranger, new ICodeRegistry.Grant[](0)));
        refuseInitial(ICodeRegistry.Grant("gs1:40063", SECOND, 50, 60), overlap("gs1:40063", 1));
        refuseInitial(ICodeRegistry.Grant("gs1:123", SECOND, 0, 0), invalidPrefix("gs1:123"));
        refuseInitial(ICodeRegistry.Grant("gs1:1234", SECOND, 60, 60), invalidTime(60, 60));
        refuseInitial(ICodeRegistry.Grant("gs1:1234", UNKNOWN, 0, 0), notActive(UNKNOWN));
        suspend(SECOND);
        refuseInitial(ICodeRegistry.Grant("gs1:1234", SECOND, 0, 0), notActive(SECOND));
        consortium.setStatus(SECOND, STATUS_ACTIVE);
    }

    function refuseInitial(ICodeRegistry.Grant memory second, bytes memory reason) private {
        ICodeRegistry.Grant[] memory initial = new ICodeRegistry.Grant[](2);
        initial[0] = ICodeRegistry.Grant("gs1:4006381", FIRST, 0, 100);
        initial[1] = second;
        vm.expectRevert(reason);
        registryOf(initial);
    }

    function cut(string memory text, uint256 size) private pure returns (string memory) {
        bytes memory part = new bytes(size);
        for (uint256 i = 0; i < size; ++i) {
            part[i] = bytes(text)[i];
        }
        return string(part);
    }

    function ids(uint256 a, uint256 b, uint256 c, uint256 d, uint256 e)
        private
        pure
        returns (uint256[] memory list)
    {
        list = new uint256[](5);
        (list[0], list[1], list[2], list[3], list[4]) = (a, b, c, d, e);
    }

    function ids(uint256 a, uint256 b, uint256 c, uint256 d) private pure returns (uint256[] memory list) {
        list = new uint256[](4);
        (list[0], list[1], list[2], list[3]) = (a, b, c, d);
    }
}

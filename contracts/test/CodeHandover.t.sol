// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICodeRegistry} from "../src/interfaces/ICodeRegistry.sol";
import {STATUS_ACTIVE} from "../src/interfaces/IConsortium.sol";
import {CodesTest} from "./CodesTest.sol";

/// @title Handing over a prefix needs both parties
contract CodeHandoverTest is CodesTest {
    string private constant COMPANY = "gs1:4006381";
    uint64 private start;
    uint256 private id;

    function setUp() public override {
        super.setUp();
        start = time();
        id = give(COMPANY, FIRST, 0, start + 1000);
    }

    function test_both_parties_hand_over_and_all_is_logged() public {
        vm.warp(start + 10);
        vm.expectEmit(address(codes));
        emit ICodeRegistry.PrefixOffered(id, SECOND);
        offer(FIRST, id, SECOND);
        assertEq(codes.offerOf(id).to, SECOND);
        assertEq(codes.offerOf(id).offeredAt, start + 10);
        assertEq(ownerNow(COMPANY), FIRST);
        vm.warp(start + 20);
        vm.expectEmit(address(codes));
        emit ICodeRegistry.PrefixEnded(id, start + 20);
        vm.expectEmit(address(codes));
        emit ICodeRegistry.PrefixGranted(2, SECOND, COMPANY, start + 20, start + 1000);
        vm.expectEmit(address(codes));
        emit ICodeRegistry.PrefixHandedOver(id, 2, SECOND);
        assertEq(accept(SECOND, id), 2);
        assertEq(ownerAt(COMPANY, start + 19), FIRST);
        assertEq(ownerAt(COMPANY, start + 20), SECOND);
        assertEq(ownerAt(COMPANY, start + 1000), 0);
        assertEq(codes.offerOf(id).to, 0);
        assertEq(codes.offerOf(2).to, 0);
    }

    function test_a_grant_that_has_not_begun_is_handed_over_as_it_is() public {
        uint256 later = give("gs1:4007", FIRST, start + 500, 0);
        offer(FIRST, later, SECOND);
        uint256 newId = accept(SECOND, later);
        assertEq(codes.grantOf(newId).from, start + 500);
        assertEq(codes.grantOf(newId).until, 0);
        assertEq(ownerAt("gs1:4007", start + 499), 0);
        assertEq(ownerAt("gs1:4007", start + 500), SECOND);
        vm.warp(start + 600);
        assertEq(ownerAt("gs1:4007", start + 499), 0);
        assertEq(ownerAt("gs1:4007", start + 500), SECOND);
    }

    function test_what_was_received_is_the_receivers_to_offer() public {
        offer(FIRST, id, SECOND);
        uint256 newId = accept(SECOND, id);
        vm.expectRevert(notAllowed(admin(FIRST), SECOND));
        offer(FIRST, newId, THIRD);
        vm.expectRevert(hasEnded(id, start));
        offer(FIRST, id, THIRD);
        offer(SECOND, newId, FIRST);
        accept(FIRST, newId);
        assertEq(ownerNow(COMPANY), FIRST);
    }

    function test_only_the_owner_offers() public {
        vm.expectRevert(notAllowed(admin(SECOND), FIRST));
        offer(SECOND, id, SECOND);
        vm.expectRevert(notAllowed(stranger, FIRST));
        offer(UNKNOWN, id, SECOND);
        vm.prank(address(consortium));
        vm.expectRevert(notAllowed(address(consortium), FIRST));
        codes.offer(id, SECOND);
    }

    function test_nobody_offers_to_itself_or_to_one_that_is_not_active() public {
        vm.expectRevert(badOffer(id, FIRST));
        offer(FIRST, id, FIRST);
        vm.expectRevert(notActive(UNKNOWN));
        offer(FIRST, id, UNKNOWN);
        vm.expectRevert(notActive(0));
        offer(FIRST, id, 0);
        suspend(SECOND);
        vm.expectRevert(notActive(SECOND));
        offer(FIRST, id, SECOND);
        remove(THIRD);
        vm.expectRevert(notActive(THIRD));
        offer(FIRST, id, THIRD);
    }

    function test_a_suspended_or_removed_owner_hands_nothing_over() public {
        offer(FIRST, id, SECOND);
        suspend(FIRST);
        vm.expectRevert(notActive(FIRST));
        accept(SECOND, id);
        withdrawOffer(FIRST, id);
        vm.expectRevert(notActive(FIRST));
        offer(FIRST, id, SECOND);
        consortium.setStatus(FIRST, STATUS_ACTIVE);
        offer(FIRST, id, SECOND);
        remove(FIRST);
        vm.expectRevert(notActive(FIRST));
        accept(SECOND, id);
        assertEq(ownerNow(COMPANY), FIRST); // what was granted; its status is the consortium's to tell
    }

    function test_one_that_is_no_longer_active_accepts_nothing() public {
        offer(FIRST, id, SECOND);
        suspend(SECOND);
        vm.expectRevert(notActive(SECOND));
        accept(SECOND, id);
        remove(SECOND);
        vm.expectRevert(notActive(SECOND));
        accept(SECOND, id);
        withdrawOffer(SECOND, id); // refusing remains possible
    }

    function test_one_offer_at_a_time() public {
        offer(FIRST, id, SECOND);
        vm.expectRevert(badOffer(id, SECOND));
        offer(FIRST, id, THIRD);
        vm.expectRevert(badOffer(id, SECOND));
        offer(FIRST, id, SECOND);
        withdrawOffer(FIRST, id);
        offer(FIRST, id, THIRD);
        assertEq(codes.offerOf(id).to, THIRD);
    }

    function test_only_the_one_it_was_offered_to_accepts() public {
        vm.expectRevert(badOffer(id, 0));
        accept(SECOND, id);
        offer(FIRST, id, SECOND);
        vm.expectRevert(notAllowed(admin(THIRD), SECOND));
        accept(THIRD, id);
        vm.expectRevert(notAllowed(admin(FIRST), SECOND));
        accept(FIRST, id);
        vm.expectRevert(notAllowed(stranger, SECOND));
        accept(UNKNOWN, id);
        accept(SECOND, id);
        vm.expectRevert(badOffer(id, 0));
        accept(SECOND, id);
    }

    function test_both_parties_and_nobody_else_make_an_offer_void() public {
        vm.expectRevert(badOffer(id, 0));
        withdrawOffer(FIRST, id);
        offer(FIRST, id, SECOND);
        vm.expectRevert(notAllowed(admin(THIRD), FIRST));
        withdrawOffer(THIRD, id);
        vm.expectRevert(notAllowed(stranger, FIRST));
        withdrawOffer(UNKNOWN, id);
        vm.expectEmit(address(codes));
        emit ICodeRegistry.PrefixOfferWithdrawn(id);
        withdrawOffer(SECOND, id);
        assertEq(codes.offerOf(id).to, 0);
    }

    /// @dev Whichever of two transactions comes first decides; the other one is refused by name.
    function test_a_race_of_withdrawing_and_accepting_has_one_winner() public {
        offer(FIRST, id, SECOND);
        withdrawOffer(FIRST, id);
        vm.expectRevert(badOffer(id, 0));
        accept(SECOND, id);
        assertEq(ownerNow(COMPANY), FIRST);
        offer(FIRST, id, SECOND);
        accept(SECOND, id);
        vm.expectRevert(badOffer(id, 0));
        withdrawOffer(FIRST, id);
        assertEq(ownerNow(COMPANY), SECOND);
    }

    function test_nothing_is_accepted_once_the_grant_ended() public {
        offer(FIRST, id, SECOND);
        vm.warp(start + 1000);
        vm.expectRevert(hasEnded(id, start + 1000));
        accept(SECOND, id);
        vm.expectRevert(hasEnded(id, start + 1000));
        offer(FIRST, id, THIRD);
        withdrawOffer(SECOND, id);
    }

    function test_another_end_makes_an_offer_void() public {
        offer(FIRST, id, SECOND);
        vm.expectEmit(address(codes));
        emit ICodeRegistry.PrefixOfferWithdrawn(id);
        vm.expectEmit(address(codes));
        emit ICodeRegistry.PrefixEnded(id, start + 500);
        surrender(FIRST, id, start + 500);
        vm.expectRevert(badOffer(id, 0));
        accept(SECOND, id);
        offer(FIRST, id, SECOND);
        revoke(id, 0);
        vm.expectRevert(badOffer(id, 0));
        accept(SECOND, id);
        assertEq(ownerNow(COMPANY), 0);
    }

    function test_handing_over_does_not_make_later_grants_dearer() public {
        uint256 held = id;
        for (uint256 i = 0; i < 40; ++i) {
            (uint32 from, uint32 to) = i % 2 == 0 ? (FIRST, SECOND) : (SECOND, FIRST);
            offer(from, held, to);
            held = accept(to, held);
        }
        revoke(held, 0);
        uint256 before = gasleft();
        give(COMPANY, THIRD);
        uint256 used = before - gasleft();
        assertLt(used, 150_000);
        before = gasleft();
        assertEq(ownerNow("gs1:400638133393"), THIRD);
        assertLt(before - gasleft(), 60_000);
    }
}

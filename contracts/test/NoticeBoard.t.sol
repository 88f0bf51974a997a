// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICodeRegistry} from "../src/interfaces/ICodeRegistry.sol";
import {ROLE_MANUFACTURER, ROLE_REGULATOR} from "../src/interfaces/IConsortium.sol";
import {INoticeBoard} from "../src/interfaces/INoticeBoard.sol";
import {NoticesTest} from "./NoticesTest.sol";

/// @title Who may publish, escalate and lift a notice, and what it leaves behind
contract NoticeBoardTest is NoticesTest {
    function test_a_notice_is_readable_and_logged_with_all_its_parts() public {
        INoticeBoard.Scope memory scope = lotsOf(2);
        INoticeBoard.Wording memory wording = INoticeBoard.Wording(
            unicode"停止使用。", "Stop using it.", "https://example.org/n", keccak256("n")
        );
        vm.expectEmit(address(board));
        emit INoticeBoard.NoticePublished(1, FIRST, 2, false, false, scope, wording);
        assertEq(publish(FIRST, 2, scope, wording), 1);
        INoticeBoard.Notice memory expected = INoticeBoard.Notice(2, false, false, FIRST, time(), 0, scope);
        assertEq(abi.encode(board.notice(1)), abi.encode(expected));
        INoticeBoard.Wording[] memory wordings = board.wordingsOf(1);
        assertEq(wordings.length, 1);
        assertEq(abi.encode(wordings[0]), abi.encode(wording));
        assertEq(board.noticeCount(), 1);
        assertEq(board.noticesOf(GTIN).length, 1);
        assertEq(board.noticesOf(DRUG).length, 0);
        assertEq(board.consortium(), address(consortium));
        assertEq(board.codeRegistry(), address(codes));
    }

    function test_a_notice_goes_its_way_and_every_level_stays_readable() public {
        uint64 start = time();
        publish(FIRST, 3);
        vm.warp(start + 10);
        vm.expectEmit(address(board));
        emit INoticeBoard.NoticeEscalated(1, FIRST, 1, false, words("Worse."));
        escalate(FIRST, 1, 1);
        vm.warp(start + 20);
        vm.expectEmit(address(board));
        emit INoticeBoard.NoticeLifted(1, FIRST, false, words("All is well."));
        lift(FIRST, 1);
        assertEq(board.levelAt(1, start - 1), 0);
        assertEq(board.levelAt(1, start), 3);
        assertEq(board.levelAt(1, start + 9), 3);
        assertEq(board.levelAt(1, start + 10), 1);
        assertEq(board.levelAt(1, start + 19), 1);
        assertEq(board.levelAt(1, start + 20), 0);
        assertEq(board.levelAt(1, type(uint64).max), 0);
        assertEq(board.levelAt(2, start), 0);
        assertEq(board.notice(1).level, 1);
        assertEq(board.notice(1).liftedAt, start + 20);
        assertEq(board.wordingsOf(1).length, 3);
        assertEq(board.wordingsOf(1)[0].en, "Recalled.");
        assertEq(board.wordingsOf(1)[2].en, "All is well.");
    }

    function test_nobody_publishes_about_somebody_elses_product() public {
        uint32[3] memory others = [SECOND, THIRD, UNKNOWN];
        for (uint256 i = 0; i < others.length; ++i) {
            vm.expectRevert(forbidden(others[i], GTIN));
            publish(others[i], 1);
        }
        vm.expectRevert(forbidden(FIRST, FREE));
        publish(FIRST, 1, whole(FREE), words("Not mine."));
        assertEq(board.noticeCount(), 0);
    }

    function test_ownership_counts_as_of_now() public {
        publish(FIRST, 3);
        offer(FIRST, 1, SECOND);
        accept(SECOND, 1);
        vm.expectRevert(forbidden(FIRST, GTIN));
        publish(FIRST, 1);
        vm.expectRevert(forbidden(FIRST, GTIN));
        lift(FIRST, 1);
        escalate(SECOND, 1, 2);
        lift(SECOND, 1);
        give(FREE, THIRD, time() + 5, 0);
        vm.expectRevert(forbidden(THIRD, FREE));
        publish(THIRD, 1, whole(FREE), words("Not yet mine."));
        vm.warp(time() + 5);
        publish(THIRD, 1, whole(FREE), words("Mine."));
    }

    function test_a_suspended_owner_may_warn_and_a_removed_one_may_not() public {
        suspend(FIRST);
        publish(FIRST, 3);
        escalate(FIRST, 1, 2);
        lift(FIRST, 1);
        publish(FIRST, 3);
        remove(FIRST);
        vm.expectRevert(forbidden(FIRST, GTIN));
        publish(FIRST, 3);
        vm.expectRevert(forbidden(FIRST, GTIN));
        escalate(FIRST, 2, 2);
        vm.expectRevert(forbidden(FIRST, GTIN));
        lift(FIRST, 2);
        lift(REGULATOR, 2); // so no notice stays for ever
    }

    function test_a_regulator_warns_of_any_product_while_it_is_active() public {
        vm.expectEmit(address(board));
        emit INoticeBoard.NoticePublished(1, REGULATOR, 1, false, true, whole(GTIN), words("Recalled."));
        publish(REGULATOR, 1);
        assertTrue(board.notice(1).byRegulator);
        publish(REGULATOR, 1, whole(FREE), words("Nobody's."));
        suspend(REGULATOR);
        vm.expectRevert(forbidden(REGULATOR, GTIN));
        publish(REGULATOR, 1);
        vm.expectRevert(forbidden(REGULATOR, GTIN));
        lift(REGULATOR, 1);
        remove(REGULATOR);
        vm.expectRevert(forbidden(REGULATOR, GTIN));
        lift(REGULATOR, 1);
    }

    function test_only_a_regulator_lifts_what_a_regulator_published() public {
        publish(REGULATOR, 3);
        vm.expectRevert(forbidden(FIRST, GTIN));
        lift(FIRST, 1);
        vm.expectRevert(forbidden(FIRST, GTIN));
        escalate(FIRST, 1, 2);
        escalate(REGULATOR, 1, 2);
        lift(REGULATOR, 1);
    }

    function test_only_a_regulator_lifts_what_a_regulator_escalated() public {
        publish(FIRST, 3);
        vm.expectEmit(address(board));
        emit INoticeBoard.NoticeEscalated(1, REGULATOR, 2, true, words("Worse."));
        escalate(REGULATOR, 1, 2);
        assertTrue(board.notice(1).byRegulator);
        assertEq(board.notice(1).publisher, FIRST);
        vm.expectRevert(forbidden(FIRST, GTIN));
        lift(FIRST, 1);
        vm.expectEmit(address(board));
        emit INoticeBoard.NoticeLifted(1, REGULATOR, true, words("All is well."));
        lift(REGULATOR, 1);
    }

    function test_a_regulator_may_lift_what_an_owner_published() public {
        publish(FIRST, 3);
        lift(REGULATOR, 1);
        assertEq(board.notice(1).liftedAt, time());
    }

    function test_an_owner_that_is_a_regulator_too_acts_as_owner_where_it_can() public {
        uint32 both = admitAs("both", ROLE_REGULATOR | ROLE_MANUFACTURER);
        give(FREE, both);
        address key = makeAddr("admin both");
        vm.startPrank(key);
        board.publish(3, false, whole(FREE), words("Own."));
        assertFalse(board.notice(1).byRegulator);
        board.publish(3, false, whole(GTIN), words("The first's."));
        assertTrue(board.notice(2).byRegulator);
        vm.stopPrank();
        publish(REGULATOR, 3, whole(FREE), words("By another."));
        vm.prank(key);
        board.lift(3, words("As a regulator."));
        assertEq(board.notice(3).liftedAt, time());
    }

    function test_levels_are_one_to_three_and_become_graver_only() public {
        vm.expectRevert(badLevel(0));
        publish(FIRST, 0);
        vm.expectRevert(badLevel(4));
        publish(FIRST, 4);
        publish(FIRST, 2);
        uint8[4] memory wrong = [0, 2, 3, 255];
        for (uint256 i = 0; i < wrong.length; ++i) {
            vm.expectRevert(badLevel(wrong[i]));
            escalate(FIRST, 1, wrong[i]);
        }
        escalate(FIRST, 1, 1);
        vm.expectRevert(badLevel(1));
        escalate(FIRST, 1, 1);
    }

    function test_what_is_lifted_stays_lifted() public {
        publish(FIRST, 3);
        lift(FIRST, 1);
        uint64 when = time();
        vm.warp(when + 10);
        vm.expectRevert(isLifted(1, when));
        lift(FIRST, 1);
        vm.expectRevert(isLifted(1, when));
        escalate(FIRST, 1, 1);
        vm.expectRevert(isLifted(1, when));
        lift(REGULATOR, 1);
        assertEq(publish(FIRST, 1), 2); // a new one it must be
        assertEq(board.noticesOf(GTIN).length, 2);
    }

    function test_a_drill_goes_the_same_way_and_stays_a_drill() public {
        vm.expectEmit(address(board));
        emit INoticeBoard.NoticePublished(1, FIRST, 3, true, false, whole(DRUG), words("An exercise."));
        vm.prank(admin(FIRST));
        board.publish(3, true, whole(DRUG), words("An exercise."));
        escalate(FIRST, 1, 1);
        assertTrue(board.notice(1).drill);
        lift(FIRST, 1);
        assertTrue(board.notice(1).drill);
        vm.prank(admin(SECOND));
        vm.expectRevert(forbidden(SECOND, DRUG));
        board.publish(3, true, whole(DRUG), words("Not even as an exercise."));
    }

    function test_two_changes_in_one_block_leave_both_wordings() public {
        publish(FIRST, 3);
        escalate(FIRST, 1, 2);
        lift(FIRST, 1);
        assertEq(board.levelAt(1, time()), 0);
        assertEq(board.wordingsOf(1).length, 3);
    }

    function test_unknown_notices_are_named() public {
        publish(FIRST, 3);
        uint256[3] memory unknown = [uint256(0), 2, type(uint256).max];
        for (uint256 i = 0; i < unknown.length; ++i) {
            vm.expectRevert(unknownNotice(unknown[i]));
            board.notice(unknown[i]);
            vm.expectRevert(unknownNotice(unknown[i]));
            board.wordingsOf(unknown[i]);
            vm.expectRevert(unknownNotice(unknown[i]));
            escalate(FIRST, unknown[i], 1);
            vm.expectRevert(unknownNotice(unknown[i]));
            lift(FIRST, unknown[i]);
        }
    }

    function test_the_constructor_wants_contracts_of_one_consortium() public {
        refuseConstruction(
            stranger,
            address(codes),
            abi.encodeWithSelector(INoticeBoard.NoticeBoardNoContract.selector, stranger)
        );
        refuseConstruction(
            address(consortium),
            stranger,
            abi.encodeWithSelector(INoticeBoard.NoticeBoardNoContract.selector, stranger)
        );
        address other = deployCode("TestConsortium.sol");
        refuseConstruction(
            other,
            address(codes),
            abi.encodeWithSelector(INoticeBoard.NoticeBoardForeignRegistry.selector, address(codes))
        );
        board = INoticeBoard(deployCode("NoticeBoard.sol:NoticeBoard", abi.encode(consortium, codes)));
        assertEq(ICodeRegistry(board.codeRegistry()).consortium(), board.consortium());
    }

    function refuseConstruction(address one, address two, bytes memory reason) private {
        vm.expectRevert(reason);
        deployCode("NoticeBoard.sol:NoticeBoard", abi.encode(one, two));
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {INoticeBoard} from "../src/interfaces/INoticeBoard.sol";
import {NoticesHandler} from "./NoticesHandler.sol";

/// @title N1 to N3 of contracts/README.md, after any sequence of calls
/// forge-config: default.invariant.runs = 24
/// forge-config: default.invariant.depth = 64
contract NoticesInvariantsTest is Test {
    NoticesHandler private handler;
    INoticeBoard private board;

    function setUp() public {
        handler = new NoticesHandler();
        board = handler.board_();
        bytes4[] memory calls = new bytes4[](6);
        calls[0] = NoticesHandler.publishAny.selector;
        calls[1] = NoticesHandler.escalateAny.selector;
        calls[2] = NoticesHandler.liftAny.selector;
        calls[3] = NoticesHandler.toggleSuspension.selector;
        calls[4] = NoticesHandler.handOver.selector;
        calls[5] = NoticesHandler.pass.selector;
        targetSelector(FuzzSelector(address(handler), calls));
        targetContract(address(handler));
    }

    /// @dev One function, so that a sequence of calls is made once for all of them.
    function invariant_notices() public view {
        N1_notices_are_what_the_logs_say();
        N2_history_is_only_added_to();
        N3_a_notice_only_becomes_graver_until_it_is_lifted();
    }

    /// @dev Who may act is checked call by call in the handler; what stands is what the logs of those calls give.
    function N1_notices_are_what_the_logs_say() private view {
        INoticeBoard.Notice[] memory kept = handler.kept();
        assertEq(board.noticeCount(), kept.length);
        for (uint256 i = 0; i < kept.length; ++i) {
            assertEq(abi.encode(board.notice(i + 1)), abi.encode(kept[i]));
        }
    }

    /// @dev Every wording that ever stood there stands there still, in its order, and every level at its time.
    function N2_history_is_only_added_to() private view {
        for (uint256 id = 1; id <= board.noticeCount(); ++id) {
            NoticesHandler.Step[] memory steps = handler.steps(id);
            INoticeBoard.Wording[] memory wordings = board.wordingsOf(id);
            assertEq(wordings.length, steps.length);
            assertEq(board.levelAt(id, steps[0].since - 1), 0);
            for (uint256 i = 0; i < steps.length; ++i) {
                assertEq(keccak256(abi.encode(wordings[i])), steps[i].wording);
                if (i + 1 < steps.length && steps[i + 1].since == steps[i].since) continue;
                assertEq(board.levelAt(id, steps[i].since), steps[i].level);
                if (i + 1 < steps.length) {
                    assertEq(board.levelAt(id, steps[i + 1].since - 1), steps[i].level);
                }
            }
        }
    }

    /// @dev Levels only become graver until the lifting, which is the last step.
    function N3_a_notice_only_becomes_graver_until_it_is_lifted() private view {
        for (uint256 id = 1; id <= board.noticeCount(); ++id) {
            NoticesHandler.Step[] memory steps = handler.steps(id);
            assertTrue(steps[0].level >= 1 && steps[0].level <= 3);
            for (uint256 i = 1; i < steps.length; ++i) {
                assertLt(steps[i].level, steps[i - 1].level);
            }
            assertEq(board.notice(id).liftedAt != 0, steps[steps.length - 1].level == 0);
        }
    }

    /// @dev Without this a handler that never gets anywhere would pass all of the above.
    function afterInvariant() public view {
        assertGt(board.noticeCount() + handler.refusals(), 0);
    }
}

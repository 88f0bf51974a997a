// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {INoticeBoard} from "../src/interfaces/INoticeBoard.sol";
import {NoticesTest} from "./NoticesTest.sol";

/// @title What a notice may say, and about what
contract NoticeTextTest is NoticesTest {
    bytes32 private constant LIST = keccak256("a list");

    function test_texts_have_at_most_2048_bytes() public {
        say(INoticeBoard.Wording(textOf(2048), textOf(2048), "", 0));
        refuse(INoticeBoard.Wording(textOf(2049), "", "", 0));
        refuse(INoticeBoard.Wording("", textOf(2049), "", 0));
        bytes memory han; // three bytes each
        for (uint256 i = 0; i < 682; ++i) {
            han = bytes.concat(han, unicode"药");
        }
        say(INoticeBoard.Wording(string.concat(string(han), "ab"), "", "", 0)); // 2,048
        refuse(INoticeBoard.Wording(string.concat(string(han), unicode"药"), "", "", 0)); // 2,049
    }

    function test_one_language_is_enough_and_none_is_not() public {
        say(INoticeBoard.Wording(unicode"召回", "", "", 0));
        say(INoticeBoard.Wording("", "Recall", "", 0));
        refuse(INoticeBoard.Wording("", "", "https://example.org", LIST));
    }

    function test_an_address_and_its_digest_go_together() public {
        say(INoticeBoard.Wording("", "x", "https://example.org/a", LIST));
        refuse(INoticeBoard.Wording("", "x", "https://example.org/a", 0));
        refuse(INoticeBoard.Wording("", "x", "", LIST));
        say(INoticeBoard.Wording("", "x", textOf(512), LIST));
        refuse(INoticeBoard.Wording("", "x", textOf(513), LIST));
        string[6] memory wrong =
            ["a b", " ", unicode"https://例.example", "a\n", "a\x00", "https://example.org/\x7f"];
        for (uint256 i = 0; i < wrong.length; ++i) {
            refuse(INoticeBoard.Wording("", "x", wrong[i], LIST));
        }
        say(INoticeBoard.Wording("", "x", "!~", LIST)); // the first and the last that are allowed
    }

    /// @dev Text goes on into JSON, pages and databases; what cannot go there is stopped here.
    function test_text_is_well_formed_utf8_without_control_characters() public {
        bytes[13] memory good = [
            bytes("a\nb"),
            bytes(" ~"),
            hex"c280",
            hex"dfbf",
            hex"e0a080",
            hex"ed9fbf",
            hex"ee8080",
            hex"efbfbf",
            hex"f0908080",
            hex"f48fbfbf",
            hex"f3808080",
            bytes(unicode"停用 🚫 é"),
            hex"e1808061c3a9"
        ];
        for (uint256 i = 0; i < good.length; ++i) {
            say(INoticeBoard.Wording(string(good[i]), "", "", 0));
            say(INoticeBoard.Wording("", string(good[i]), "", 0));
        }
        bytes[27] memory bad = [
            bytes(hex"00"),
            hex"09",
            hex"0d",
            hex"1f",
            hex"7f",
            hex"80",
            hex"bf",
            hex"c0af",
            hex"c1bf",
            hex"c2",
            hex"c27f",
            hex"c2c0",
            hex"e09fbf", // shorter form exists
            hex"e0a0",
            hex"e0a07f",
            hex"e1807f",
            hex"eda080", // surrogate
            hex"edbfbf",
            hex"f08fbfbf",
            hex"f0908041",
            hex"f09080",
            hex"f4908080", // beyond U+10FFFF
            hex"f5808080",
            hex"ff",
            hex"fe",
            hex"61c3",
            hex"f0904180"
        ];
        for (uint256 i = 0; i < bad.length; ++i) {
            refuse(INoticeBoard.Wording(string(bad[i]), "", "", 0));
            refuse(INoticeBoard.Wording("x", string(bad[i]), "", 0));
        }
    }

    function test_escalating_and_lifting_keep_the_same_rules_of_text() public {
        publish(FIRST, 3);
        INoticeBoard.Wording memory wrong = words(textOf(2049));
        vm.startPrank(admin(FIRST));
        vm.expectRevert(badWording(0, 2049, 0));
        board.escalate(1, 2, wrong);
        vm.expectRevert(badWording(0, 2049, 0));
        board.lift(1, wrong);
        wrong = INoticeBoard.Wording("", "", "", 0);
        vm.expectRevert(badWording(0, 0, 0));
        board.escalate(1, 2, wrong);
        vm.expectRevert(badWording(0, 0, 0));
        board.lift(1, wrong);
    }

    function test_a_notice_is_about_one_product() public {
        string[9] memory wrong = [
            "gs1:40063813339", // 11 digits: a company prefix
            "gs1:4006381",
            "gs1:4006381333931", // 13
            "gs1:40063813339x",
            "cn:812345",
            "cn:81234567",
            "cn:81234560000000000017",
            "",
            "gtin:400638133393"
        ];
        for (uint256 i = 0; i < wrong.length; ++i) {
            refuse(whole(wrong[i]));
            vm.expectRevert(badScope(wrong[i]));
            board.noticesOf(wrong[i]);
        }
        publish(FIRST, 1, whole(GTIN), words("x"));
        publish(FIRST, 1, whole(DRUG), words("x"));
    }

    function test_lots_are_few_short_plain_and_none_twice() public {
        publish(FIRST, 1, lotsOf(64), words("x"));
        assertEq(board.notice(1).scope.lots.length, 64);
        assertEq(board.notice(1).scope.lots[63], "LOT-63");
        refuse(lotsOf(65));
        INoticeBoard.Scope memory scope = lotsOf(64);
        scope.lots[63] = "LOT-0";
        refuse(scope);
        scope = lotsOf(3);
        string[4] memory wrong = ["", textOf(65), "a\n", string(bytes.concat(hex"80"))];
        for (uint256 i = 0; i < wrong.length; ++i) {
            scope.lots[1] = wrong[i];
            refuse(scope);
        }
        scope.lots[1] = textOf(64);
        publish(FIRST, 1, scope, words("x"));
        scope.lots[1] = unicode"批次 7/A";
        publish(FIRST, 1, scope, words("x"));
    }

    function test_a_list_is_named_instead_of_lots() public {
        INoticeBoard.Scope memory scope = whole(GTIN);
        scope.list = LIST;
        publish(FIRST, 1, scope, words("x"));
        assertEq(board.notice(1).scope.list, LIST);
        scope = lotsOf(1);
        scope.list = LIST;
        refuse(scope);
    }

    /// @dev Against a decoder written another way.
    function testFuzz_text_is_accepted_if_and_only_if_it_decodes(
        bytes calldata any,
        uint256 where,
        bytes4 planted
    ) public {
        vm.assume(any.length > 0);
        bytes memory text = any.length > 200 ? any[:200] : any;
        for (uint256 i = 0; i < text.length; ++i) {
            text[i] = bytes1(uint8(0x20 + uint8(text[i]) % 0x5f)); // mostly plain
        }
        for (uint256 i = 0; i < 4; ++i) {
            if (where % text.length + i < text.length) text[where % text.length + i] = planted[i];
        }
        INoticeBoard.Wording memory wording = INoticeBoard.Wording("", string(text), "", 0);
        if (decodes(text)) say(wording);
        else refuse(wording);
    }

    function decodes(bytes memory text) private pure returns (bool) {
        uint256 more = 0;
        uint256 point = 0;
        uint256 least = 0;
        for (uint256 i = 0; i < text.length; ++i) {
            uint256 unit = uint8(text[i]);
            if (more > 0) {
                if (unit >> 6 != 2) return false;
                point = point << 6 | (unit & 63);
                if (--more > 0) continue;
                if (point < least || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return false;
                continue;
            }
            if (unit < 128) {
                if (unit == 127 || (unit < 32 && unit != 10)) return false;
            } else if (unit >> 5 == 6) {
                (more, point, least) = (1, unit & 31, 0x80);
            } else if (unit >> 4 == 14) {
                (more, point, least) = (2, unit & 15, 0x800);
            } else if (unit >> 3 == 30) {
                (more, point, least) = (3, unit & 7, 0x10000);
            } else {
                return false;
            }
        }
        return more == 0;
    }

    function say(INoticeBoard.Wording memory wording) private {
        uint256 id = publish(FIRST, 3, whole(GTIN), wording);
        assertEq(abi.encode(board.wordingsOf(id)[0]), abi.encode(wording));
    }

    function refuse(INoticeBoard.Wording memory wording) private {
        vm.expectRevert(
            badWording(bytes(wording.zh).length, bytes(wording.en).length, bytes(wording.uri).length)
        );
        publish(FIRST, 3, whole(GTIN), wording);
    }

    function refuse(INoticeBoard.Scope memory scope) private {
        vm.expectRevert(badScope(scope.product));
        publish(FIRST, 3, scope, words("x"));
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {INoticeBoard} from "../src/interfaces/INoticeBoard.sol";
import {CodesTest} from "./CodesTest.sol";

/// @title A notice board; the first participant owns `GTIN` and `DRUG`
abstract contract NoticesTest is CodesTest {
    string internal constant GTIN = "gs1:400638133393";
    string internal constant DRUG = "cn:8123456";
    string internal constant FREE = "cn:8123457"; // nobody's

    function setUp() public virtual override {
        super.setUp();
        give("gs1:4006381", FIRST);
        give(DRUG, FIRST);
    }

    function whole(string memory product) internal pure returns (INoticeBoard.Scope memory) {
        return INoticeBoard.Scope(product, new string[](0), 0);
    }

    function lotsOf(uint256 count) internal pure returns (INoticeBoard.Scope memory scope) {
        scope = INoticeBoard.Scope(GTIN, new string[](count), 0);
        for (uint256 i = 0; i < count; ++i) {
            scope.lots[i] = string.concat("LOT-", vm.toString(i));
        }
    }

    function words(string memory en) internal pure returns (INoticeBoard.Wording memory) {
        return INoticeBoard.Wording("", en, "", 0);
    }

    function textOf(uint256 size) internal pure returns (string memory) {
        bytes memory text = new bytes(size);
        for (uint256 i = 0; i < size; ++i) {
            text[i] = "a";
        }
        return string(text);
    }

    function publish(
        uint32 by,
        uint8 level,
        INoticeBoard.Scope memory scope,
        INoticeBoard.Wording memory wording
    ) internal returns (uint256) {
        vm.prank(admin(by));
        return board.publish(level, false, scope, wording);
    }

    function publish(uint32 by, uint8 level) internal returns (uint256) {
        return publish(by, level, whole(GTIN), words("Recalled."));
    }

    function escalate(uint32 by, uint256 id, uint8 level) internal {
        vm.prank(admin(by));
        board.escalate(id, level, words("Worse."));
    }

    function lift(uint32 by, uint256 id) internal {
        vm.prank(admin(by));
        board.lift(id, words("All is well."));
    }

    function forbidden(uint32 by, string memory product) internal returns (bytes memory) {
        return abi.encodeWithSelector(INoticeBoard.NoticeBoardNotAllowed.selector, admin(by), product);
    }

    function badLevel(uint8 level) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(INoticeBoard.NoticeBoardInvalidLevel.selector, level);
    }

    function badScope(string memory product) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(INoticeBoard.NoticeBoardInvalidScope.selector, product);
    }

    function badWording(uint256 zh, uint256 en, uint256 uri) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(INoticeBoard.NoticeBoardInvalidWording.selector, zh, en, uri);
    }

    function isLifted(uint256 id, uint64 when) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(INoticeBoard.NoticeBoardLifted.selector, id, when);
    }

    function unknownNotice(uint256 id) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(INoticeBoard.NoticeBoardUnknownNotice.selector, id);
    }
}

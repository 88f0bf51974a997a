// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICodeRegistry} from "../src/interfaces/ICodeRegistry.sol";
import {
    IConsortium,
    ROLE_MANUFACTURER,
    ROLE_REGULATOR,
    ROLE_VOTER,
    STATUS_REMOVED,
    STATUS_SUSPENDED
} from "../src/interfaces/IConsortium.sol";
import {INoticeBoard} from "../src/interfaces/INoticeBoard.sol";
import {NetworkTest} from "./NetworkTest.sol";

/// @title Two makers, a regulator and a third maker, with a code registry and a notice board
abstract contract CodesTest is NetworkTest {
    uint32 internal constant FIRST = 1;
    uint32 internal constant SECOND = 2;
    uint32 internal constant REGULATOR = 3;
    uint32 internal constant THIRD = 4;
    uint32 internal constant UNKNOWN = 5;

    address internal stranger = makeAddr("stranger");

    ICodeRegistry internal codes;
    INoticeBoard internal board;

    function setUp() public virtual override {
        super.setUp();
        admitAs("regulator", ROLE_REGULATOR);
        admitAs("third", ROLE_MANUFACTURER);
        codes = registryOf(new ICodeRegistry.Grant[](0));
        board = INoticeBoard(deployCode("NoticeBoard.sol:NoticeBoard", abi.encode(consortium, codes)));
    }

    function registryOf(ICodeRegistry.Grant[] memory initial) internal returns (ICodeRegistry) {
        return ICodeRegistry(deployCode("CodeRegistry.sol:CodeRegistry", abi.encode(consortium, initial)));
    }

    function admitAs(string memory slug, uint32 roles) internal returns (uint32) {
        IConsortium.Participant memory newcomer = participantOf(slug);
        newcomer.roles = roles;
        return consortium.admit(newcomer, new IConsortium.InitialKey[](0));
    }

    function admin(uint32 id) internal returns (address) {
        string[4] memory slugs = ["first", "second", "regulator", "third"];
        return id > 0 && id < UNKNOWN ? makeAddr(string.concat("admin ", slugs[id - 1])) : stranger;
    }

    function suspend(uint32 id) internal {
        consortium.setStatus(id, STATUS_SUSPENDED);
    }

    function remove(uint32 id) internal {
        consortium.setStatus(id, STATUS_REMOVED);
    }

    function time() internal view returns (uint64) {
        return uint64(block.timestamp);
    }

    /// @dev As the consortium contract, that is by vote.
    function give(string memory prefix, uint32 to, uint64 from, uint64 until) internal returns (uint256) {
        vm.prank(address(consortium));
        return codes.grant(prefix, to, from, until);
    }

    function give(string memory prefix, uint32 to) internal returns (uint256) {
        return give(prefix, to, 0, 0);
    }

    function refuseGrant(string memory prefix, uint32 to, uint64 from, uint64 until, bytes memory reason)
        internal
    {
        vm.expectRevert(reason);
        give(prefix, to, from, until);
    }

    function revoke(uint256 id, uint64 until) internal {
        vm.prank(address(consortium));
        codes.revoke(id, until);
    }

    function surrender(uint32 by, uint256 id, uint64 until) internal {
        vm.prank(admin(by));
        codes.surrender(id, until);
    }

    function offer(uint32 by, uint256 id, uint32 to) internal {
        vm.prank(admin(by));
        codes.offer(id, to);
    }

    function withdrawOffer(uint32 by, uint256 id) internal {
        vm.prank(admin(by));
        codes.withdrawOffer(id);
    }

    function accept(uint32 by, uint256 id) internal returns (uint256) {
        vm.prank(admin(by));
        return codes.accept(id);
    }

    function ownerAt(string memory code, uint64 when) internal view returns (uint32 owner) {
        (, owner) = codes.ownerAt(code, when);
    }

    function ownerNow(string memory code) internal view returns (uint32) {
        return ownerAt(code, time());
    }

    function overlap(string memory prefix, uint256 id) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ICodeRegistry.CodeRegistryOverlap.selector, prefix, id);
    }

    function invalidTime(uint64 from, uint64 until) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ICodeRegistry.CodeRegistryInvalidTime.selector, from, until);
    }

    function invalidPrefix(string memory prefix) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ICodeRegistry.CodeRegistryInvalidPrefix.selector, prefix);
    }

    function notActive(uint32 id) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ICodeRegistry.CodeRegistryParticipant.selector, id);
    }

    function notAllowed(address caller, uint32 id) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ICodeRegistry.CodeRegistryNotAllowed.selector, caller, id);
    }

    function hasEnded(uint256 id, uint64 until) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ICodeRegistry.CodeRegistryEnded.selector, id, until);
    }

    function unknownGrant(uint256 id) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ICodeRegistry.CodeRegistryUnknownGrant.selector, id);
    }

    function badOffer(uint256 id, uint32 to) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(ICodeRegistry.CodeRegistryOffer.selector, id, to);
    }
}

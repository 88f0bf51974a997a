// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {STATUS_ACTIVE, STATUS_SUSPENDED} from "../src/interfaces/IConsortium.sol";
import {INoticeBoard} from "../src/interfaces/INoticeBoard.sol";
import {NoticesTest} from "./NoticesTest.sol";

/// @title Owners, regulators and strangers publish, escalate and lift, while owners change and are suspended
/// @dev It knows who may do what without asking the board, and keeps what the logs say of every notice.
contract NoticesHandler is NoticesTest {
    struct Step {
        uint64 since;
        uint8 level;
        bytes32 wording;
    }

    INoticeBoard.Notice[] private _kept; // folded from logs
    mapping(uint256 id => Step[]) private _steps;
    mapping(uint32 id => bool) private _suspended;
    uint256 private _grantOfGtin = 1;
    uint256 public refusals;

    constructor() {
        setUp();
    }

    function board_() external view returns (INoticeBoard) {
        return board;
    }

    function kept() external view returns (INoticeBoard.Notice[] memory) {
        return _kept;
    }

    function steps(uint256 id) external view returns (Step[] memory) {
        return _steps[id];
    }

    function publishAny(uint8 who, uint8 level, bool drill, bool free) external {
        uint32 by = who % 5 + 1;
        string memory product = free ? FREE : GTIN;
        INoticeBoard.Wording memory wording = words(vm.toString(_kept.length));
        bytes memory reason;
        if (level % 5 == 0 || level % 5 > 3) reason = badLevel(level % 5);
        else if (!mayAct(by, product, false)) reason = forbidden(by, product);
        if (expect(reason)) vm.recordLogs();
        vm.prank(admin(by));
        board.publish(level % 5, drill, whole(product), wording);
        if (reason.length == 0) fold();
    }

    function escalateAny(uint8 who, uint256 which, uint8 level) external {
        if (_kept.length == 0) return;
        uint256 id = which % _kept.length + 1;
        INoticeBoard.Notice storage one = _kept[id - 1];
        uint32 by = who % 5 + 1;
        bytes memory reason;
        if (one.liftedAt != 0) reason = isLifted(id, one.liftedAt);
        else if (level % 4 == 0 || level % 4 >= one.level) reason = badLevel(level % 4);
        else if (!mayAct(by, one.scope.product, one.byRegulator)) reason = forbidden(by, one.scope.product);
        if (expect(reason)) vm.recordLogs();
        vm.prank(admin(by));
        board.escalate(id, level % 4, words("Worse."));
        if (reason.length == 0) fold();
    }

    function liftAny(uint8 who, uint256 which) external {
        if (_kept.length == 0) return;
        uint256 id = which % _kept.length + 1;
        INoticeBoard.Notice storage one = _kept[id - 1];
        uint32 by = who % 5 + 1;
        bytes memory reason;
        if (one.liftedAt != 0) reason = isLifted(id, one.liftedAt);
        else if (!mayAct(by, one.scope.product, one.byRegulator)) reason = forbidden(by, one.scope.product);
        if (expect(reason)) vm.recordLogs();
        vm.prank(admin(by));
        board.lift(id, words("Over."));
        if (reason.length == 0) fold();
    }

    function toggleSuspension(uint8 who) external {
        uint32 id = who % 3 + 1;
        _suspended[id] = !_suspended[id];
        consortium.setStatus(id, _suspended[id] ? STATUS_SUSPENDED : STATUS_ACTIVE);
    }

    function handOver() external {
        uint32 owner = codes.grantOf(_grantOfGtin).participant;
        uint32 to = owner == FIRST ? SECOND : FIRST;
        if (_suspended[owner] || _suspended[to]) return;
        offer(owner, _grantOfGtin, to);
        _grantOfGtin = accept(to, _grantOfGtin);
    }

    function pass(uint16 seconds_) external {
        vm.warp(block.timestamp + seconds_ % 500);
        vm.roll(block.number + 1);
    }

    function expect(bytes memory reason) private returns (bool) {
        if (reason.length == 0) return true;
        ++refusals;
        vm.expectRevert(reason);
        return false;
    }

    /// @dev The rule, told once more and without the board.
    function mayAct(uint32 by, string memory product, bool regulatorsOnly) private view returns (bool) {
        if (by == REGULATOR) return !_suspended[by];
        bool owner = keccak256(bytes(product)) == keccak256(bytes(GTIN))
            && by == codes.grantOf(_grantOfGtin).participant;
        return owner && !regulatorsOnly;
    }

    /// @dev What a follower keeps: nothing is read from the board.
    function fold() private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 1);
        bytes32 topic = logs[0].topics[0];
        uint256 id = uint256(logs[0].topics[1]);
        uint32 by = uint32(uint256(logs[0].topics[2]));
        if (topic == INoticeBoard.NoticePublished.selector) {
            assertEq(id, _kept.length + 1);
            (
                uint8 level,
                bool drill,
                bool byRegulator,
                INoticeBoard.Scope memory scope,
                INoticeBoard.Wording memory wording
            ) = abi.decode(logs[0].data, (uint8, bool, bool, INoticeBoard.Scope, INoticeBoard.Wording));
            assertEq(byRegulator, by == REGULATOR);
            _kept.push(INoticeBoard.Notice(level, drill, byRegulator, by, time(), 0, scope));
            _steps[id].push(Step(time(), level, keccak256(abi.encode(wording))));
        } else if (topic == INoticeBoard.NoticeEscalated.selector) {
            (uint8 level, bool byRegulator, INoticeBoard.Wording memory wording) =
                abi.decode(logs[0].data, (uint8, bool, INoticeBoard.Wording));
            (_kept[id - 1].level, _kept[id - 1].byRegulator) = (level, byRegulator);
            _steps[id].push(Step(time(), level, keccak256(abi.encode(wording))));
        } else {
            assertEq(topic, INoticeBoard.NoticeLifted.selector);
            (, INoticeBoard.Wording memory wording) = abi.decode(logs[0].data, (bool, INoticeBoard.Wording));
            _kept[id - 1].liftedAt = time();
            _steps[id].push(Step(time(), 0, keccak256(abi.encode(wording))));
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {ICodeRegistry} from "../src/interfaces/ICodeRegistry.sol";
import {STATUS_ACTIVE, STATUS_SUSPENDED} from "../src/interfaces/IConsortium.sol";
import {CodesTest} from "./CodesTest.sol";

/// @title Does what participants, strangers and voters may try with prefixes, in any order
/// @dev It keeps a naive list of grants, says before each call what must happen, by which error, and fails at once if the
///      registry decides otherwise. Beside it, it folds the logs as a follower does, and keeps what was answered about
///      each second that has passed.
contract CodesHandler is CodesTest {
    struct Kept {
        string prefix;
        uint32 owner;
        uint64 from;
        uint64 until; // the largest number if there is none
        uint32 offeredTo;
    }

    /// @dev What the registry said of a second when it had passed.
    struct Said {
        string code;
        uint64 second;
        uint256 id;
        uint32 owner;
    }

    uint64 private constant FOREVER = type(uint64).max;
    uint256 private constant SAID_MAX = 120;

    Kept[] private _kept; // by the model
    Kept[] private _folded; // by the logs
    Said[] private _said;
    mapping(uint32 id => bool) private _suspended;
    uint256 public refusals;

    string[6] public samples = [
        "gs1:690000000000",
        "gs1:690000000001",
        "gs1:690001111111",
        "gs1:690010000000",
        "cn:6900000",
        "cn:6900001"
    ];
    string[11] private _prefixes = [
        "gs1:6900",
        "gs1:69000",
        "gs1:690000",
        "gs1:6900000",
        "gs1:690001",
        "gs1:690010000000",
        "gs1:69000000000",
        "gs1:690000000000",
        "gs1:690000000001",
        "cn:6900000",
        "cn:6900001"
    ];

    constructor() {
        setUp();
    }

    function count() external view returns (uint256) {
        return _kept.length;
    }

    /// @notice Grant `id` stands at `id` - 1.
    function kept() external view returns (Kept[] memory) {
        return _kept;
    }

    function folded() external view returns (Kept[] memory) {
        return _folded;
    }

    function said() external view returns (Said[] memory) {
        return _said;
    }

    function registry_() external view returns (ICodeRegistry) {
        return codes;
    }

    function grant(uint256 which, uint8 to, uint16 wait, uint16 length) external {
        uint32 owner = to % 3 + 1 == 3 ? THIRD : to % 3 + 1;
        string memory prefix = _prefixes[which % _prefixes.length];
        uint64 from = wait % 4 == 0 ? time() + wait % 500 : 0;
        uint64 start = from == 0 ? time() : from;
        uint64 until = length % 3 == 0 ? 0 : start + length % 900;
        bytes memory reason = whyNotGrant(prefix, owner, start, until);
        if (reason.length != 0) {
            ++refusals;
            return refuseGrant(prefix, owner, from, until, reason);
        }
        vm.recordLogs();
        assertEq(give(prefix, owner, from, until), _kept.length + 1);
        _kept.push(Kept(prefix, owner, start, until == 0 ? FOREVER : until, 0));
        fold();
    }

    function end(uint256 which, uint8 by, uint16 wait) external {
        if (_kept.length == 0) return;
        uint256 id = pick(which);
        Kept storage one = _kept[id - 1];
        uint64 until = wait % 3 == 0 ? 0 : time() - 20 + wait % 400;
        address caller = by % 4 == 0 ? address(consortium) : admin(by % 4);
        bytes memory reason = whyNotEnd(id, one, until);
        if (by % 4 != 0 && by % 4 != one.owner) reason = notAllowed(caller, one.owner);
        vm.prank(caller);
        if (reason.length != 0) {
            ++refusals;
            vm.expectRevert(reason);
        } else {
            one.until = until == 0 ? time() : until;
            one.offeredTo = 0;
            vm.recordLogs();
        }
        if (by % 4 == 0) codes.revoke(id, until);
        else codes.surrender(id, until);
        if (reason.length == 0) fold();
    }

    function offerTo(uint256 which, uint8 by, uint8 to_) external {
        if (_kept.length == 0) return;
        uint256 id = pick(which);
        Kept storage one = _kept[id - 1];
        uint32 caller = by % 8 == 0 ? UNKNOWN : one.owner;
        uint32 to = to_ % 4 + 1;
        bytes memory reason = whyNotOffer(id, one, caller, to);
        if (reason.length != 0) {
            ++refusals;
            vm.expectRevert(reason);
            return offer(caller, id, to);
        }
        vm.recordLogs();
        offer(caller, id, to);
        one.offeredTo = to;
        fold();
    }

    function takeBack(uint256 which, uint8 by) external {
        if (_kept.length == 0 || by % 4 != 0) return;
        uint256 id = pick(which);
        Kept storage one = _kept[id - 1];
        uint32 caller = by % 3 == 0 ? one.owner : by % 3 == 1 ? one.offeredTo : UNKNOWN;
        bytes memory reason;
        if (one.offeredTo == 0) reason = badOffer(id, 0);
        else if (caller == UNKNOWN) reason = notAllowed(stranger, one.owner);
        if (reason.length != 0) {
            ++refusals;
            vm.expectRevert(reason);
            return withdrawOffer(caller, id);
        }
        vm.recordLogs();
        withdrawOffer(caller, id);
        one.offeredTo = 0;
        fold();
    }

    function acceptOffer(uint256 which, uint8 by) external {
        if (_kept.length == 0) return;
        uint256 id = pick(which);
        Kept storage one = _kept[id - 1];
        uint32 caller = by % 8 == 0 ? UNKNOWN : one.offeredTo;
        bytes memory reason = whyNotAccept(id, one, caller);
        if (reason.length != 0) {
            ++refusals;
            vm.expectRevert(reason);
            accept(caller, id);
            return;
        }
        vm.recordLogs();
        assertEq(accept(caller, id), _kept.length + 1);
        Kept memory next = Kept(one.prefix, caller, one.from, one.until, 0);
        if (next.from < time()) next.from = time();
        (one.until, one.offeredTo) = (time(), 0);
        _kept.push(next);
        fold();
    }

    function toggleSuspension(uint8 which) external {
        if (which % 4 != 0) return;
        uint32 id = which % 8 == 0 ? FIRST : SECOND;
        _suspended[id] = !_suspended[id];
        consortium.setStatus(id, _suspended[id] ? STATUS_SUSPENDED : STATUS_ACTIVE);
    }

    /// @notice The block is over: what is said of its second must be said for ever.
    function pass(uint16 seconds_) external {
        for (uint256 i = 0; i < samples.length && _said.length < SAID_MAX; i += 1 + seconds_ % 3) {
            (uint256 id, uint32 owner) = codes.ownerAt(samples[i], time());
            _said.push(Said(samples[i], time(), id, owner));
        }
        vm.warp(block.timestamp + 1 + seconds_ % 300);
        vm.roll(block.number + 1);
    }

    /// @dev The newest grants more often: the older ones have mostly ended.
    function pick(uint256 which) private view returns (uint256) {
        uint256 back = which % 3 == 0 ? which % _kept.length : which % (_kept.length < 3 ? _kept.length : 3);
        return _kept.length - back;
    }

    function whyNotGrant(string memory prefix, uint32 owner, uint64 from, uint64 until)
        private
        returns (bytes memory)
    {
        if (_suspended[owner]) return notActive(owner);
        if (until != 0 && until <= from) return invalidTime(from, until);
        for (uint256 i = 0; i < _kept.length; ++i) {
            Kept storage other = _kept[i];
            bool empty = other.until <= other.from;
            bool meet = from < other.until && (until == 0 || other.from < until);
            if (!empty && meet && (begins(prefix, other.prefix) || begins(other.prefix, prefix))) {
                // Several may be in the way; which one is named is the registry's choice.
                return overlap(prefix, named(prefix, from, until));
            }
        }
        return "";
    }

    /// @dev The grant that the registry names: above it from the shortest prefix on, then at and below it.
    function named(string memory prefix, uint64 from, uint64 until) private returns (uint256 found) {
        vm.startPrank(address(consortium));
        (bool ok, bytes memory answer) =
            address(codes).staticcall(abi.encodeCall(ICodeRegistry.grant, (prefix, THIRD, from, until)));
        vm.stopPrank();
        assertFalse(ok);
        if (bytes4(answer) != ICodeRegistry.CodeRegistryOverlap.selector) return 0;
        assembly ("memory-safe") {
            found := mload(add(answer, 0x44))
        }
        Kept storage other = _kept[found - 1];
        assertTrue(begins(prefix, other.prefix) || begins(other.prefix, prefix));
        assertTrue(from < other.until && (until == 0 || other.from < until) && other.from < other.until);
    }

    function whyNotEnd(uint256 id, Kept storage one, uint64 until) private view returns (bytes memory) {
        if (isOver(one)) return hasEnded(id, one.until);
        if (until != 0 && until < time()) return invalidTime(one.from, until);
        if (until != 0 && until >= one.until) return hasEnded(id, one.until);
        return "";
    }

    function whyNotOffer(uint256 id, Kept storage one, uint32 caller, uint32 to)
        private
        returns (bytes memory)
    {
        if (caller != one.owner) return notAllowed(admin(caller), one.owner);
        if (_suspended[caller]) return notActive(caller);
        if (_suspended[to]) return notActive(to);
        if (isOver(one)) return hasEnded(id, one.until);
        if (to == one.owner) return badOffer(id, to);
        if (one.offeredTo != 0) return badOffer(id, one.offeredTo);
        return "";
    }

    function whyNotAccept(uint256 id, Kept storage one, uint32 caller) private returns (bytes memory) {
        if (one.offeredTo == 0) return badOffer(id, 0);
        if (caller != one.offeredTo) return notAllowed(admin(caller), one.offeredTo);
        if (_suspended[caller]) return notActive(caller);
        if (_suspended[one.owner]) return notActive(one.owner);
        if (isOver(one)) return hasEnded(id, one.until);
        return "";
    }

    function isOver(Kept storage one) private view returns (bool) {
        return one.until <= time() || one.until <= one.from;
    }

    function begins(string memory text, string memory start) private pure returns (bool) {
        if (bytes(start).length > bytes(text).length) return false;
        for (uint256 i = 0; i < bytes(start).length; ++i) {
            if (bytes(text)[i] != bytes(start)[i]) return false;
        }
        return true;
    }

    /// @dev What a follower keeps: nothing is read from the registry.
    function fold() private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertGt(logs.length, 0);
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32 topic = logs[i].topics[0];
            uint256 id = uint256(logs[i].topics[1]);
            if (topic == ICodeRegistry.PrefixGranted.selector) {
                (string memory prefix, uint64 from, uint64 until) =
                    abi.decode(logs[i].data, (string, uint64, uint64));
                assertEq(id, _folded.length + 1);
                uint32 owner = uint32(uint256(logs[i].topics[2]));
                _folded.push(Kept(prefix, owner, from, until == 0 ? FOREVER : until, 0));
            } else if (topic == ICodeRegistry.PrefixEnded.selector) {
                _folded[id - 1].until = abi.decode(logs[i].data, (uint64));
            } else if (topic == ICodeRegistry.PrefixOffered.selector) {
                _folded[id - 1].offeredTo = uint32(uint256(logs[i].topics[2]));
            } else if (topic == ICodeRegistry.PrefixOfferWithdrawn.selector) {
                _folded[id - 1].offeredTo = 0;
            } else {
                assertEq(topic, ICodeRegistry.PrefixHandedOver.selector);
                _folded[id - 1].offeredTo = 0;
                assertEq(_folded[uint256(logs[i].topics[2]) - 1].from >= time(), true);
            }
        }
    }
}

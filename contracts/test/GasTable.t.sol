// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAnchorRegistry} from "../src/interfaces/IAnchorRegistry.sol";
import {ICodeRegistry} from "../src/interfaces/ICodeRegistry.sol";
import {IConsortium, PURPOSE_SIGN, ROLE_REGULATOR, ROLE_VOTER} from "../src/interfaces/IConsortium.sol";
import {IConsortiumGovernance as IGov} from "../src/interfaces/IConsortiumGovernance.sol";
import {INoticeBoard} from "../src/interfaces/INoticeBoard.sol";
import {GovernanceTest} from "./GovernanceTest.sol";

/// @title What every call costs as a transaction of its own, intrinsic gas and calldata included
/// @dev Writes snapshots/Gas.json; contracts/README.md repeats it. Five voters, so three decide ordinary actions and four
///      heavy ones. It is also the way of a prefix and of a notice through the contracts as they are deployed.
/// forge-config: default.isolate = true
contract GasTableTest is GovernanceTest {
    string private constant GTIN = "gs1:400638133393";

    ICodeRegistry private codes;
    INoticeBoard private board;

    function setUp() public override {
        super.setUp();
        found(5);
        codes = ICodeRegistry(
            deployCode("CodeRegistry.sol:CodeRegistry", abi.encode(governed, new ICodeRegistry.Grant[](0)))
        );
        board = INoticeBoard(deployCode("NoticeBoard.sol:NoticeBoard", abi.encode(governed, codes)));
    }

    function test_gas_of_deployments() public {
        IConsortium.Participant[] memory first = new IConsortium.Participant[](5);
        IConsortium.InitialKey[][] memory keys = new IConsortium.InitialKey[][](5);
        for (uint32 i = 0; i < 5; ++i) {
            first[i] = participantOf(slugOf(i + 1));
            keys[i] = new IConsortium.InitialKey[](1);
            keys[i][0] = keyOf(anchorOf(i + 1), 1);
        }
        deployed("Consortium, five participants", "Consortium.sol", abi.encode(first, keys, DELAY, LIFETIME));
        deployed("AnchorRegistry", "AnchorRegistry.sol", abi.encode(governed, address(0)));
        deployed(
            "CodeRegistry",
            "CodeRegistry.sol:CodeRegistry",
            abi.encode(governed, new ICodeRegistry.Grant[](0))
        );
        ICodeRegistry.Grant[] memory five = new ICodeRegistry.Grant[](5);
        for (uint32 i = 0; i < 5; ++i) {
            five[i] = ICodeRegistry.Grant(string.concat("gs1:400638", vm.toString(i)), i + 1, 0, 0);
        }
        deployed("CodeRegistry, five grants", "CodeRegistry.sol:CodeRegistry", abi.encode(governed, five));
        deployed("NoticeBoard", "NoticeBoard.sol:NoticeBoard", abi.encode(governed, codes));
    }

    function test_gas_of_anchors() public {
        uint64 stream = (1 << 16) + 1;
        send(anchorOf(1), registry, nextOf(registry, stream));
        vm.snapshotGasLastCall("Gas", "AnchorRegistry.anchorOne, first of a stream");
        send(anchorOf(1), registry, nextOf(registry, stream));
        vm.snapshotGasLastCall("Gas", "AnchorRegistry.anchorOne, steady");
        IAnchorRegistry.Append[] memory two = new IAnchorRegistry.Append[](2);
        (two[0], two[1]) = (nextOf(registry, stream), nextOf(registry, stream + 1));
        vm.prank(anchorOf(1));
        registry.anchor(two);
        vm.snapshotGasLastCall("Gas", "AnchorRegistry.anchor, steady and first of a stream");
    }

    function test_gas_of_decisions() public {
        act("Suspend", IGov.Action.Suspend, abi.encode(uint32(5)));
        act("Reinstate", IGov.Action.Reinstate, abi.encode(uint32(5)));
        act("ChangeRoles", IGov.Action.ChangeRoles, abi.encode(uint32(4), ROLE_REGULATOR | ROLE_VOTER));
        act("Admit", IGov.Action.Admit, admission("newcomer"));
        act("ChangeVoter", IGov.Action.ChangeVoter, abi.encode(uint32(6), false));
        address newAdmin = makeAddr("new admin");
        act("ReplaceAdminKey", IGov.Action.ReplaceAdminKey, abi.encode(uint32(6), newAdmin, address(0)));
        act("Remove", IGov.Action.Remove, abi.encode(uint32(6)));
        IAnchorRegistry next = registryAfter(address(registry));
        act("NameSuccessor", IGov.Action.NameSuccessor, abi.encode(registry, next));
        assertEq(registry.successor(), address(next));
        uint256 id = propose(1, IGov.Action.Suspend, abi.encode(uint32(5)));
        approve(2, id);
        withdraw(2, id);
        vm.snapshotGasLastCall("Gas", "Consortium.withdraw");
        id = proposeBy(4, IGov.Action.ReplaceAdminKey, abi.encode(uint32(5), makeAddr("other"), address(0)));
        address admin = adminOf(5);
        vm.prank(admin);
        governed.veto(id);
        vm.snapshotGasLastCall("Gas", "Consortium.veto");
    }

    function test_gas_of_own_affairs() public {
        (address admin, address recovery) = (adminOf(1), recoveryOf(1));
        IConsortium.InitialKey memory added = keyOf(makeAddr("sign v1"), PURPOSE_SIGN);
        added.validFrom = now_();
        vm.startPrank(admin);
        governed.addKey(added);
        vm.snapshotGasLastCall("Gas", "Consortium.addKey");
        governed.revokeKey(added.key, 0);
        vm.snapshotGasLastCall("Gas", "Consortium.revokeKey");
        governed.setUrl("https://gateway.v1.example");
        vm.snapshotGasLastCall("Gas", "Consortium.setUrl");
        vm.stopPrank();
        vm.startPrank(recovery);
        governed.replaceAdminKey(1, makeAddr("second admin"));
        vm.snapshotGasLastCall("Gas", "Consortium.replaceAdminKey");
        governed.replaceRecoveryKey(1, makeAddr("second recovery"));
        vm.snapshotGasLastCall("Gas", "Consortium.replaceRecoveryKey");
        vm.stopPrank();
    }

    function test_gas_of_prefixes() public {
        act("GrantPrefix", IGov.Action.GrantPrefix, granting("gs1:4006381", 1));
        assertEq(ownerOf(GTIN), 1);
        decide(IGov.Action.GrantPrefix, granting("gs1:400638200000", 1));
        vm.snapshotGasLastCall("Gas", "Consortium.execute, GrantPrefix, 12 digits");
        address admin = adminOf(1);
        vm.prank(admin);
        codes.offer(1, 2);
        vm.snapshotGasLastCall("Gas", "CodeRegistry.offer");
        vm.prank(admin);
        codes.withdrawOffer(1);
        vm.snapshotGasLastCall("Gas", "CodeRegistry.withdrawOffer");
        vm.prank(admin);
        codes.offer(1, 2);
        admin = adminOf(2);
        vm.prank(admin);
        codes.accept(1);
        vm.snapshotGasLastCall("Gas", "CodeRegistry.accept");
        assertEq(ownerOf(GTIN), 2);
        act("RevokePrefix", IGov.Action.RevokePrefix, abi.encode(codes, uint256(3), uint64(0)));
        assertEq(ownerOf(GTIN), 0);
        admin = adminOf(1);
        vm.prank(admin);
        codes.surrender(2, 0);
        vm.snapshotGasLastCall("Gas", "CodeRegistry.surrender");
        assertEq(codes.grantOf(2).until, now_());
    }

    /// @dev An overlapping grant is voted for: the proposal fails and nothing of it took effect.
    function test_an_overlapping_grant_fails_when_it_is_executed() public {
        assertTrue(decide(IGov.Action.GrantPrefix, granting("gs1:4006381", 1)));
        assertFalse(decide(IGov.Action.GrantPrefix, granting(GTIN, 2)));
        assertState(2, IGov.ProposalState.Failed);
        assertEq(codes.grantCount(), 1);
        assertEq(ownerOf(GTIN), 1);
    }

    /// @dev Roles change by vote, and with them who may warn.
    function test_a_regulator_is_one_from_the_vote_on_and_no_longer() public {
        address admin = adminOf(4);
        INoticeBoard.Scope memory scope = INoticeBoard.Scope(GTIN, new string[](0), 0);
        bytes memory reason = abi.encodeWithSelector(INoticeBoard.NoticeBoardNotAllowed.selector, admin, GTIN);
        vm.prank(admin);
        vm.expectRevert(reason);
        board.publish(1, false, scope, wording(9));
        decide(IGov.Action.ChangeRoles, abi.encode(uint32(4), ROLE_REGULATOR | ROLE_VOTER));
        vm.prank(admin);
        board.publish(1, false, scope, wording(9));
        decide(IGov.Action.ChangeRoles, abi.encode(uint32(4), 1 | ROLE_VOTER));
        vm.prank(admin);
        vm.expectRevert(reason);
        board.lift(1, wording(9));
    }

    function test_gas_of_notices() public {
        decide(IGov.Action.GrantPrefix, granting("gs1:4006381", 1));
        INoticeBoard.Scope memory scope = INoticeBoard.Scope(GTIN, new string[](1), 0);
        scope.lots[0] = "LOT-2026-001";
        address admin = adminOf(1);
        vm.startPrank(admin);
        board.publish(2, false, scope, wording(200));
        vm.snapshotGasLastCall("Gas", "NoticeBoard.publish, one lot, 200 bytes");
        board.escalate(1, 1, wording(200));
        vm.snapshotGasLastCall("Gas", "NoticeBoard.escalate, 200 bytes");
        board.lift(1, wording(200));
        vm.snapshotGasLastCall("Gas", "NoticeBoard.lift, 200 bytes");
        scope.lots = new string[](64);
        for (uint256 i = 0; i < 64; ++i) {
            scope.lots[i] = string.concat("LOT-2026-", vm.toString(i));
        }
        INoticeBoard.Wording memory most = wording(2048);
        (most.zh, most.uri, most.uriDigest) = (most.en, textOf(512), keccak256("uri"));
        board.publish(2, false, scope, most);
        vm.snapshotGasLastCall("Gas", "NoticeBoard.publish, 64 lots, all texts full");
        vm.stopPrank();
    }

    /// @dev Proposed, approved and executed, each measured.
    function act(string memory name, IGov.Action action, bytes memory arguments) private {
        uint256 id = propose(1, action, arguments);
        vm.snapshotGasLastCall("Gas", string.concat("Consortium.propose, ", name));
        uint32 needed = governed.approvalsNeeded(action);
        for (uint32 who = 2; who <= needed; ++who) {
            approve(who, id);
            if (id == 1 && who == 2) vm.snapshotGasLastCall("Gas", "Consortium.approve");
            if (id == 1 && who == needed) {
                vm.snapshotGasLastCall("Gas", "Consortium.approve, the deciding one");
            }
        }
        if (governed.isHeavy(action)) vm.warp(vm.getBlockTimestamp() + DELAY);
        bool done = governed.execute(id);
        vm.snapshotGasLastCall("Gas", string.concat("Consortium.execute, ", name));
        assertTrue(done);
    }

    function deployed(string memory name, string memory what, bytes memory arguments) private {
        bytes memory code = bytes.concat(vm.getCode(what), arguments);
        address made;
        vm.startSnapshotGas("Gas", string.concat("deploy ", name));
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), mload(code))
        }
        vm.stopSnapshotGas();
        assertGt(made.code.length, 0);
    }

    function granting(string memory prefix, uint32 to) private view returns (bytes memory) {
        return abi.encode(codes, prefix, to, uint64(0), uint64(0));
    }

    function ownerOf(string memory code) private view returns (uint32 owner) {
        (, owner) = codes.ownerAt(code, now_());
    }

    function wording(uint256 size) private pure returns (INoticeBoard.Wording memory) {
        return INoticeBoard.Wording("", textOf(size), "", 0);
    }

    function textOf(uint256 size) private pure returns (string memory) {
        bytes memory text = new bytes(size);
        for (uint256 i = 0; i < size; ++i) {
            text[i] = "a";
        }
        return string(text);
    }
}

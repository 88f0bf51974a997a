// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    IConsortium,
    PURPOSE_ANCHOR,
    PURPOSE_SIGN,
    STATUS_ACTIVE,
    STATUS_REMOVED,
    STATUS_SUSPENDED
} from "../src/interfaces/IConsortium.sol";
import {NetworkTest} from "./NetworkTest.sol";

contract ConsortiumTest is NetworkTest {
    uint64 private begin;

    function setUp() public override {
        super.setUp();
        begin = uint64(block.timestamp);
    }

    function test_participants_get_dense_ids_and_are_active() public {
        assertEq(consortium.participantCount(), 2);
        IConsortium.Participant memory expected = participantOf("second");
        assertEq(abi.encode(consortium.participant(2)), abi.encode(expected));
        assertEq(consortium.participantBySlug("second"), 2);
        assertEq(consortium.participantBySlug("third"), 0);
        assertEq(consortium.participantByAdminKey(expected.adminKey), 2);
        assertEq(consortium.participantByAdminKey(expected.recoveryKey), 0);
        assertEq(consortium.keyEpoch(2), 1);
        assertEq(consortium.keyEpoch(3), 0);
        for (uint32 id = 0; id < 4; id += 3) {
            vm.expectRevert(abi.encodeWithSelector(IConsortium.ConsortiumUnknownParticipant.selector, id));
            consortium.participant(id);
        }
    }

    function test_admission_is_logged_with_all_its_parts() public {
        IConsortium.Participant memory third = participantOf("third");
        IConsortium.InitialKey[] memory keys = new IConsortium.InitialKey[](1);
        keys[0] = limitedTo(makeAddr("third anchor"), (3 << 16) + 4);
        vm.expectEmit(address(consortium));
        emit IConsortium.ParticipantAdmitted(
            3, third.slug, third.name, third.url, third.roles, third.adminKey, third.recoveryKey
        );
        vm.expectEmit(address(consortium));
        emit IConsortium.KeyAdded(3, keys[0].key, PURPOSE_ANCHOR, 0, 0, keys[0].streams);
        assertEq(consortium.admit(third, keys), 3);
    }

    function test_keys_are_listed_with_what_they_may_do() public view {
        address[] memory keys = consortium.keysOf(1);
        assertEq(keys.length, 3);
        assertEq(keys[1], signKey);
        assertEq(consortium.key(signKey).purpose, PURPOSE_SIGN);
        assertFalse(consortium.key(anchorKey).limited);
        assertTrue(consortium.key(limitedKey).limited);
        uint64[] memory streams = consortium.streamsOf(limitedKey);
        assertEq(streams.length, 1);
        assertEq(streams[0], SECOND_STREAM);
        assertEq(consortium.streamsOf(anchorKey).length, 0);
        assertTrue(consortium.servesStream(signKey, STREAM));
        assertFalse(consortium.servesStream(signKey, FOREIGN_STREAM));
        assertFalse(consortium.servesStream(limitedKey, STREAM));
        assertFalse(consortium.servesStream(address(0), 5));
        assertFalse(consortium.mayAnchor(address(0), STREAM));
    }

    function test_statuses_are_readable_at_any_time() public {
        vm.warp(begin + 10);
        consortium.setStatus(1, STATUS_SUSPENDED);
        vm.warp(begin + 20);
        consortium.setStatus(1, STATUS_ACTIVE);
        vm.warp(begin + 30);
        consortium.setStatus(1, STATUS_SUSPENDED);
        assertEq(consortium.statusAt(1, begin - 1), 0);
        assertEq(consortium.statusAt(1, begin + 9), STATUS_ACTIVE);
        assertEq(consortium.statusAt(1, begin + 10), STATUS_SUSPENDED);
        assertEq(consortium.statusAt(1, begin + 20), STATUS_ACTIVE);
        assertEq(consortium.statusAt(1, type(uint64).max), STATUS_SUSPENDED);
        assertEq(consortium.statusAt(9, begin), 0);
        IConsortium.Interval[] memory suspensions = consortium.suspensionsOf(1);
        assertEq(suspensions.length, 2);
        assertEq(abi.encode(suspensions[0]), abi.encode(begin + 10, begin + 20));
        assertEq(abi.encode(suspensions[1]), abi.encode(begin + 30, 0));
        assertEq(consortium.statusChangesOf(1).length, 4);
        assertEq(consortium.rolesAt(1, begin), 33);
        assertEq(consortium.rolesAt(1, begin - 1), 0);
        assertEq(consortium.adminKeyAt(1, begin + 5), makeAddr("admin first"));
        assertEq(consortium.adminKeyAt(1, begin - 1), address(0));
    }

    function test_removal_is_for_ever() public {
        consortium.setStatus(1, STATUS_REMOVED);
        for (uint8 status = 0; status < 5; ++status) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IConsortium.ConsortiumInvalidStatus.selector, 1, STATUS_REMOVED, status
                )
            );
            consortium.setStatus(1, status);
        }
        vm.expectPartialRevert(IConsortium.ConsortiumInvalidStatus.selector);
        consortium.setStatus(9, STATUS_SUSPENDED);
    }

    function test_a_revocation_holds_from_its_block_and_a_compromise_from_its_time() public {
        vm.warp(begin + 100);
        vm.expectEmit(address(consortium));
        emit IConsortium.KeyRevoked(1, signKey, 0);
        consortium.revokeKey(signKey, 0);
        assertTrue(valid(signKey, begin + 99));
        assertFalse(valid(signKey, begin + 100));
        vm.warp(begin + 200);
        consortium.revokeKey(signKey, begin + 50);
        assertEq(consortium.key(signKey).revokedAt, begin + 100);
        assertTrue(valid(signKey, begin + 49));
        assertFalse(valid(signKey, begin + 50));
        uint64[3] memory refused = [begin + 50, begin + 60, 0];
        for (uint256 i = 0; i < refused.length; ++i) {
            vm.expectRevert(invalidKey(signKey));
            consortium.revokeKey(signKey, refused[i]);
        }
        vm.expectRevert(invalidKey(anchorKey));
        consortium.revokeKey(anchorKey, begin + 201);
        vm.expectRevert(invalidKey(address(this)));
        consortium.revokeKey(address(this), 0);
    }

    function test_a_key_is_valid_for_its_participant_and_purpose_only() public view {
        assertTrue(consortium.keyValidAt(signKey, 1, PURPOSE_SIGN, begin));
        assertFalse(consortium.keyValidAt(signKey, 1, PURPOSE_ANCHOR, begin));
        assertFalse(consortium.keyValidAt(signKey, 2, PURPOSE_SIGN, begin));
        assertFalse(consortium.keyValidAt(address(this), 0, 0, begin));
    }

    function testFuzz_validity_is_half_open(uint40 from, uint40 until, uint64 time) public {
        vm.assume(until > from);
        address added = makeAddr("added");
        consortium.addKey(1, IConsortium.InitialKey(added, PURPOSE_SIGN, from, until, new uint64[](0)));
        assertEq(valid(added, time), from <= time && time < until);
        assertTrue(valid(added, from));
        assertFalse(valid(added, until));
    }

    /// @dev The slot that repeats one key must never say anything else than the key's own record.
    function testFuzz_the_short_way_to_mayAnchor_agrees_with_the_long_one(uint256[8] memory steps) public {
        address[4] memory keys = [anchorKey, limitedKey, makeAddr("next"), makeAddr("later")];
        for (uint256 i = 0; i < steps.length; ++i) {
            change(steps[i]);
            for (uint256 k = 0; k < keys.length; ++k) {
                for (uint64 stream = STREAM - 2; stream <= SECOND_STREAM; ++stream) {
                    bool expected = consortium.statusAt(1, uint64(block.timestamp)) == STATUS_ACTIVE
                        && consortium.keyValidAt(keys[k], 1, PURPOSE_ANCHOR, uint64(block.timestamp))
                        && consortium.servesStream(keys[k], stream);
                    assertEq(consortium.mayAnchor(keys[k], stream), expected);
                }
            }
        }
    }

    function test_one_address_has_one_function_for_ever() public {
        address[4] memory taken =
            [anchorKey, foreignKey, makeAddr("admin first"), makeAddr("recovery second")];
        for (uint256 i = 0; i < taken.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IConsortium.ConsortiumKeyInUse.selector, taken[i]));
            consortium.addKey(1, keyOf(taken[i], PURPOSE_SIGN));
        }
        IConsortium.Participant memory third = participantOf("third");
        third.recoveryKey = third.adminKey;
        vm.expectRevert(abi.encodeWithSelector(IConsortium.ConsortiumKeyInUse.selector, third.adminKey));
        consortium.admit(third, new IConsortium.InitialKey[](0));
    }

    function test_malformed_keys_are_refused() public {
        address added = makeAddr("added");
        IConsortium.InitialKey[] memory bad = new IConsortium.InitialKey[](7);
        bad[0] = keyOf(added, 0);
        bad[1] = keyOf(added, 3);
        bad[2] = limitedTo(added, FOREIGN_STREAM);
        bad[3] = IConsortium.InitialKey(added, PURPOSE_SIGN, 10, 10, new uint64[](0));
        bad[4] = IConsortium.InitialKey(added, PURPOSE_SIGN, 1 << 40, 0, new uint64[](0));
        bad[5] = IConsortium.InitialKey(added, PURPOSE_ANCHOR, 0, 0, new uint64[](2));
        (bad[5].streams[0], bad[5].streams[1]) = (STREAM, STREAM);
        bad[6] = keyOf(address(0), PURPOSE_SIGN);
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(invalidKey(bad[i].key));
            consortium.addKey(1, bad[i]);
        }
        vm.expectPartialRevert(IConsortium.ConsortiumUnknownParticipant.selector);
        consortium.addKey(3, keyOf(added, PURPOSE_SIGN));
    }

    function test_malformed_participants_are_refused() public {
        IConsortium.Participant[] memory bad = new IConsortium.Participant[](10);
        for (uint256 i = 0; i < bad.length; ++i) {
            bad[i] = participantOf("third");
        }
        bad[0].slug = "";
        bad[1].slug = "Third";
        bad[2].slug = "-third";
        bad[3].slug = "third-";
        bad[4].slug = "third third";
        bad[5].slug = "123456789012345678901234567890123";
        bad[6].name = "";
        bad[7].roles = 0;
        bad[8].roles = 64;
        bad[9].status = STATUS_SUSPENDED;
        for (uint256 i = 0; i < bad.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IConsortium.ConsortiumInvalidParticipant.selector, 3));
            consortium.admit(bad[i], new IConsortium.InitialKey[](0));
        }
        IConsortium.Participant memory same = participantOf("third");
        same.slug = "first";
        vm.expectRevert(abi.encodeWithSelector(IConsortium.ConsortiumSlugTaken.selector, "first"));
        consortium.admit(same, new IConsortium.InitialKey[](0));
    }

    function test_a_name_that_not_everybody_can_decode_is_refused() public {
        bytes[6] memory bad = [bytes(hex"ff"), hex"4d61ffff", hex"c0af", hex"eda080", hex"4d0a4e", hex"4d00"];
        IConsortium.Participant memory newcomer = participantOf("third");
        for (uint256 i = 0; i < bad.length; ++i) {
            newcomer.name = string(bad[i]);
            vm.expectRevert(abi.encodeWithSelector(IConsortium.ConsortiumInvalidParticipant.selector, 3));
            consortium.admit(newcomer, new IConsortium.InitialKey[](0));
        }
        newcomer.name = unicode"示例制药 Hersteller für alles 🌍";
        consortium.admit(newcomer, new IConsortium.InitialKey[](0));
        assertEq(consortium.participant(3).name, newcomer.name);
    }

    function test_a_url_that_not_everybody_can_decode_is_refused() public {
        bytes[4] memory bad = [bytes(hex"ff"), hex"c3bc", hex"00", hex"0a"];
        for (uint256 i = 0; i < bad.length; ++i) {
            string memory url = string.concat("https://third.example/", string(bad[i]));
            IConsortium.Participant memory newcomer = participantOf("third");
            newcomer.url = url;
            vm.expectRevert(abi.encodeWithSelector(IConsortium.ConsortiumInvalidUrl.selector, url));
            consortium.admit(newcomer, new IConsortium.InitialKey[](0));
        }
    }

    function test_the_constructor_fixes_participants_and_keys() public {
        IConsortium.Participant[] memory first = new IConsortium.Participant[](1);
        first[0] = participantOf("only");
        IConsortium.InitialKey[][] memory keys = new IConsortium.InitialKey[][](1);
        keys[0] = new IConsortium.InitialKey[](1);
        keys[0][0] = keyOf(makeAddr("only anchor"), PURPOSE_ANCHOR);
        IConsortium made = IConsortium(deployCode("Consortium.sol", abi.encode(first, keys, DELAY, LIFETIME)));
        assertEq(abi.encode(made.participant(1)), abi.encode(first[0]));
        assertTrue(made.mayAnchor(keys[0][0].key, STREAM));
    }

    function test_the_constructor_wants_as_many_lists_as_participants() public {
        bytes memory code = vm.getCode("Consortium.sol");
        IConsortium.Participant[] memory first = new IConsortium.Participant[](1);
        first[0] = participantOf("only");
        IConsortium.Participant[] memory none = new IConsortium.Participant[](0);
        assertEq(
            created(
                bytes.concat(code, abi.encode(first, new IConsortium.InitialKey[][](2), DELAY, LIFETIME))
            ),
            address(0)
        );
        assertEq(
            created(bytes.concat(code, abi.encode(none, new IConsortium.InitialKey[][](0), DELAY, LIFETIME))),
            address(0)
        );
        assertNotEq(
            created(
                bytes.concat(code, abi.encode(first, new IConsortium.InitialKey[][](1), DELAY, LIFETIME))
            ),
            address(0)
        );
    }

    function change(uint256 step) private {
        uint256 kind = step % 5;
        uint64 now_ = uint64(block.timestamp);
        if (kind == 0) {
            uint8 status = consortium.statusAt(1, now_);
            consortium.setStatus(1, status == STATUS_ACTIVE ? STATUS_SUSPENDED : STATUS_ACTIVE);
        } else if (kind == 1) {
            address account = step % 2 == 0 ? anchorKey : makeAddr("next");
            IConsortium.KeyRecord memory known = consortium.key(account);
            if (known.participant != 0 && known.revokedAt == 0) consortium.revokeKey(account, 0);
        } else if (kind == 2) {
            add("next", now_ + uint64(step % 7), 0);
        } else if (kind == 3) {
            add("later", now_ + uint64(step % 7), now_ + 30);
        }
        vm.warp(block.timestamp + step % 11);
    }

    function add(string memory name, uint64 from, uint64 until) private {
        address account = makeAddr(name);
        if (consortium.key(account).participant != 0) return;
        consortium.addKey(1, IConsortium.InitialKey(account, PURPOSE_ANCHOR, from, until, new uint64[](0)));
    }

    function valid(address account, uint64 time) private view returns (bool) {
        return consortium.keyValidAt(account, 1, PURPOSE_SIGN, time);
    }

    function invalidKey(address account) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IConsortium.ConsortiumInvalidKey.selector, account);
    }

    function created(bytes memory code) private returns (address made) {
        assembly {
            made := create(0, add(code, 0x20), mload(code))
        }
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {
    IConsortium,
    PURPOSE_ANCHOR,
    PURPOSE_SIGN,
    ROLES_ALL,
    STATUS_ACTIVE,
    STATUS_REMOVED,
    STATUS_SUSPENDED,
    STREAM_BITS
} from "./interfaces/IConsortium.sol";

/// @title State of a consortium
/// @notice Participants, keys and their history, apart from the rules that say who may change them.
/// @dev Every transition is internal, keeps the state consistent and emits its event; a contract that inherits this one
///      decides when it may run. OpenZeppelin's checkpoints keep what held at any past time.
abstract contract ConsortiumState is IConsortium {
    using Checkpoints for Checkpoints.Trace208;
    using EnumerableSet for EnumerableSet.UintSet;

    /// @dev One slot that decides nearly every anchor. `anchorKey` repeats the participant's newest anchor key that is
    ///      neither revoked nor limited to streams, so that a steady anchor reads one slot here; other keys read two.
    struct Standing {
        uint8 status;
        uint40 validFrom;
        uint40 validUntil;
        address anchorKey;
    }

    struct Profile {
        string slug;
        string name;
        string url;
        uint32 keyEpoch;
        address recoveryKey;
        address[] keys;
        Checkpoints.Trace208 statuses;
        Checkpoints.Trace208 roles;
        Checkpoints.Trace208 adminKeys;
    }

    /// @dev One slot.
    struct StoredKey {
        uint32 participant;
        uint8 purpose;
        bool limited;
        uint40 validFrom;
        uint40 validUntil;
        uint40 revokedAt;
        uint40 compromisedSince;
    }

    uint256 private constant SLUG_BYTES_MAX = 32;
    uint256 private constant NAME_BYTES_MAX = 128;
    uint256 private constant URL_BYTES_MAX = 256;

    /// @inheritdoc IConsortium
    uint32 public participantCount;

    mapping(uint32 id => Standing) private _standings;
    mapping(uint32 id => Profile) private _profiles;
    mapping(address account => StoredKey) private _keys;
    mapping(address account => EnumerableSet.UintSet) private _streams;
    mapping(address account => bool) private _taken; // any function, any participant, for ever
    mapping(bytes32 slugHash => uint32 id) private _idBySlug;
    mapping(address adminKey => uint32 id) private _idByAdminKey;

    /// @inheritdoc IConsortium
    function participant(uint32 id) external view returns (Participant memory) {
        _requireKnown(id);
        Profile storage profile = _profiles[id];
        return Participant({
            slug: profile.slug,
            name: profile.name,
            url: profile.url,
            roles: SafeCast.toUint32(profile.roles.latest()),
            status: _standings[id].status,
            adminKey: address(uint160(profile.adminKeys.latest())),
            recoveryKey: profile.recoveryKey
        });
    }

    /// @inheritdoc IConsortium
    function participantBySlug(string calldata slug) external view returns (uint32) {
        return _idBySlug[keccak256(bytes(slug))];
    }

    /// @inheritdoc IConsortium
    function participantByAdminKey(address adminKey) external view returns (uint32) {
        return _idByAdminKey[adminKey];
    }

    /// @inheritdoc IConsortium
    function statusAt(uint32 id, uint64 time) external view returns (uint8) {
        return uint8(_valueAt(_profiles[id].statuses, time));
    }

    /// @inheritdoc IConsortium
    function statusChangesOf(uint32 id) external view returns (StatusChange[] memory changes) {
        Checkpoints.Trace208 storage statuses = _profiles[id].statuses;
        changes = new StatusChange[](statuses.length());
        for (uint32 i = 0; i < changes.length; ++i) {
            Checkpoints.Checkpoint208 memory point = statuses.pos(i);
            changes[i] = StatusChange({since: point._key, status: uint8(point._value)});
        }
    }

    /// @inheritdoc IConsortium
    function suspensionsOf(uint32 id) external view returns (Interval[] memory intervals) {
        Checkpoints.Trace208 storage statuses = _profiles[id].statuses;
        uint32 length = uint32(statuses.length());
        uint256 count = 0;
        for (uint32 i = 0; i < length; ++i) {
            if (statuses.pos(i)._value == STATUS_SUSPENDED) ++count;
        }
        intervals = new Interval[](count);
        for (uint32 i = length; i > 0; --i) {
            if (statuses.pos(i - 1)._value != STATUS_SUSPENDED) continue;
            uint64 until = i < length ? statuses.pos(i)._key : 0;
            intervals[--count] = Interval({from: statuses.pos(i - 1)._key, until: until});
        }
    }

    /// @inheritdoc IConsortium
    function rolesAt(uint32 id, uint64 time) external view returns (uint32) {
        return uint32(_valueAt(_profiles[id].roles, time));
    }

    /// @inheritdoc IConsortium
    function adminKeyAt(uint32 id, uint64 time) external view returns (address) {
        return address(uint160(_valueAt(_profiles[id].adminKeys, time)));
    }

    /// @inheritdoc IConsortium
    function keyEpoch(uint32 id) external view returns (uint32) {
        return _profiles[id].keyEpoch;
    }

    /// @inheritdoc IConsortium
    function key(address account) external view returns (KeyRecord memory) {
        StoredKey memory stored = _keys[account];
        return KeyRecord({
            participant: stored.participant,
            purpose: stored.purpose,
            validFrom: stored.validFrom,
            validUntil: stored.validUntil,
            revokedAt: stored.revokedAt,
            compromisedSince: stored.compromisedSince,
            limited: stored.limited
        });
    }

    /// @inheritdoc IConsortium
    function keysOf(uint32 id) external view returns (address[] memory) {
        return _profiles[id].keys;
    }

    /// @inheritdoc IConsortium
    function streamsOf(address account) external view returns (uint64[] memory streams) {
        EnumerableSet.UintSet storage allowed = _streams[account];
        streams = new uint64[](allowed.length());
        for (uint256 i = 0; i < streams.length; ++i) {
            streams[i] = uint64(allowed.at(i));
        }
    }

    /// @inheritdoc IConsortium
    function servesStream(address account, uint64 stream) external view returns (bool) {
        return _serves(_keys[account], account, stream);
    }

    /// @inheritdoc IConsortium
    function mayAnchor(address account, uint64 stream) external view returns (bool) {
        uint256 owner = uint256(stream) >> STREAM_BITS;
        if (owner > type(uint32).max) return false;
        Standing storage standing = _standings[uint32(owner)];
        if (standing.status != STATUS_ACTIVE) return false;
        if (standing.anchorKey == account && account != address(0)) {
            return _within(standing.validFrom, standing.validUntil, block.timestamp);
        }
        StoredKey memory stored = _keys[account];
        return stored.purpose == PURPOSE_ANCHOR && _validAt(stored, block.timestamp)
            && _serves(stored, account, stream);
    }

    /// @inheritdoc IConsortium
    function keyValidAt(address account, uint32 participantId, uint8 purpose, uint64 time)
        external
        view
        returns (bool)
    {
        StoredKey memory stored = _keys[account];
        return stored.participant != 0 && stored.participant == participantId && stored.purpose == purpose
            && _validAt(stored, time);
    }

    function _admit(Participant memory newcomer, InitialKey[] memory keys) internal returns (uint32 id) {
        id = ++participantCount;
        _requireWellFormed(id, newcomer);
        bytes32 slugHash = keccak256(bytes(newcomer.slug));
        if (_idBySlug[slugHash] != 0) revert ConsortiumSlugTaken(newcomer.slug);
        _take(newcomer.adminKey);
        _take(newcomer.recoveryKey);
        _idBySlug[slugHash] = id;
        _idByAdminKey[newcomer.adminKey] = id;
        _store(id, newcomer);
        for (uint256 i = 0; i < keys.length; ++i) {
            _addKey(id, keys[i]);
        }
    }

    function _store(uint32 id, Participant memory newcomer) private {
        Profile storage profile = _profiles[id];
        profile.slug = newcomer.slug;
        profile.name = newcomer.name;
        profile.url = newcomer.url;
        profile.keyEpoch = 1;
        profile.recoveryKey = newcomer.recoveryKey;
        profile.roles.push(_now(), newcomer.roles);
        profile.adminKeys.push(_now(), uint160(newcomer.adminKey));
        profile.statuses.push(_now(), STATUS_ACTIVE);
        _standings[id].status = STATUS_ACTIVE;
        emit ParticipantAdmitted(
            id,
            newcomer.slug,
            newcomer.name,
            newcomer.url,
            newcomer.roles,
            newcomer.adminKey,
            newcomer.recoveryKey
        );
    }

    function _setStatus(uint32 id, uint8 status) internal {
        uint8 before = _standings[id].status;
        bool allowed = (status == STATUS_SUSPENDED && before == STATUS_ACTIVE)
            || (status == STATUS_ACTIVE && before == STATUS_SUSPENDED)
            || (status == STATUS_REMOVED && (before == STATUS_ACTIVE || before == STATUS_SUSPENDED));
        if (!allowed) revert ConsortiumInvalidStatus(id, before, status);
        _standings[id].status = status;
        _profiles[id].statuses.push(_now(), status);
        emit StatusChanged(id, status);
    }

    /// @dev Revoking a key again may only move its compromise to an earlier time; `revokedAt` stays.
    function _revokeKey(address account, uint64 compromisedSince) internal {
        StoredKey storage stored = _keys[account];
        uint64 before = stored.compromisedSince;
        bool earlier = compromisedSince != 0 && (before == 0 || compromisedSince < before);
        if (
            stored.participant == 0 || compromisedSince > block.timestamp
                || (stored.revokedAt != 0 && !earlier)
        ) revert ConsortiumInvalidKey(account);
        if (stored.revokedAt == 0) stored.revokedAt = SafeCast.toUint40(block.timestamp);
        stored.compromisedSince = uint40(compromisedSince);
        Standing storage standing = _standings[stored.participant];
        if (standing.anchorKey == account) {
            (standing.anchorKey, standing.validFrom, standing.validUntil) = (address(0), 0, 0);
        }
        emit KeyRevoked(stored.participant, account, compromisedSince);
    }

    function _addKey(uint32 id, InitialKey memory added) internal {
        _requireKnown(id);
        bool known = added.purpose == PURPOSE_ANCHOR || added.purpose == PURPOSE_SIGN;
        bool period = added.validFrom <= type(uint40).max && added.validUntil <= type(uint40).max
            && (added.validUntil == 0 || added.validUntil > added.validFrom);
        if (!known || !period) revert ConsortiumInvalidKey(added.key);
        _take(added.key);
        bool limited = added.streams.length != 0;
        for (uint256 i = 0; i < added.streams.length; ++i) {
            bool own = uint256(added.streams[i]) >> STREAM_BITS == id;
            if (!own || !_streams[added.key].add(added.streams[i])) revert ConsortiumInvalidKey(added.key);
        }
        _keys[added.key] = StoredKey({
            participant: id,
            purpose: added.purpose,
            limited: limited,
            validFrom: uint40(added.validFrom),
            validUntil: uint40(added.validUntil),
            revokedAt: 0,
            compromisedSince: 0
        });
        _profiles[id].keys.push(added.key);
        if (added.purpose == PURPOSE_ANCHOR && !limited) {
            Standing storage standing = _standings[id];
            standing.anchorKey = added.key;
            standing.validFrom = uint40(added.validFrom);
            standing.validUntil = uint40(added.validUntil);
        }
        emit KeyAdded(id, added.key, added.purpose, added.validFrom, added.validUntil, added.streams);
    }

    function _take(address account) private {
        if (account == address(0)) revert ConsortiumInvalidKey(account);
        if (_taken[account]) revert ConsortiumKeyInUse(account);
        _taken[account] = true;
    }

    function _now() private view returns (uint48) {
        return SafeCast.toUint48(block.timestamp);
    }

    function _requireKnown(uint32 id) private view {
        if (id == 0 || id > participantCount) revert ConsortiumUnknownParticipant(id);
    }

    function _serves(StoredKey memory stored, address account, uint64 stream) private view returns (bool) {
        return stored.participant != 0 && uint256(stream) >> STREAM_BITS == stored.participant
            && (!stored.limited || _streams[account].contains(stream));
    }

    function _valueAt(Checkpoints.Trace208 storage trace, uint64 time) private view returns (uint208) {
        return trace.upperLookup(time > type(uint48).max ? type(uint48).max : uint48(time));
    }

    function _validAt(StoredKey memory stored, uint256 time) private pure returns (bool) {
        return _within(stored.validFrom, stored.validUntil, time)
            && (stored.revokedAt == 0 || time < stored.revokedAt)
            && (stored.compromisedSince == 0 || time < stored.compromisedSince);
    }

    function _within(uint40 from, uint40 until, uint256 time) private pure returns (bool) {
        return from <= time && (until == 0 || time < until);
    }

    function _requireWellFormed(uint32 id, Participant memory newcomer) private pure {
        bytes memory slug = bytes(newcomer.slug);
        uint256 nameSize = bytes(newcomer.name).length;
        bool fits = slug.length != 0 && slug.length <= SLUG_BYTES_MAX && nameSize != 0
            && nameSize <= NAME_BYTES_MAX && bytes(newcomer.url).length <= URL_BYTES_MAX
            && newcomer.status == STATUS_ACTIVE && newcomer.roles != 0 && newcomer.roles & ~ROLES_ALL == 0;
        for (uint256 i = 0; fits && i < slug.length; ++i) {
            bytes1 char = slug[i];
            bool inner = i != 0 && i != slug.length - 1;
            fits = (char >= "a" && char <= "z") || (char >= "0" && char <= "9") || (char == "-" && inner);
        }
        if (!fits) revert ConsortiumInvalidParticipant(id);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ConsortiumState} from "./ConsortiumState.sol";
import {
    IConsortium,
    PURPOSE_ANCHOR,
    STATUS_ACTIVE,
    STATUS_SUSPENDED,
    STREAM_BITS
} from "./interfaces/IConsortium.sol";

/// @title What can be read of a consortium
/// @notice Every answer of `IConsortium`, now and at any past time. Nothing here writes.
abstract contract ConsortiumViews is ConsortiumState {
    using Checkpoints for Checkpoints.Trace208;
    using EnumerableSet for EnumerableSet.UintSet;

    /// @inheritdoc IConsortium
    function participant(uint32 id) external view returns (Participant memory) {
        _requireKnown(id);
        Profile storage profile = _profiles[id];
        return Participant({
            slug: profile.slug,
            name: profile.name,
            url: profile.urls[profile.urls.length - 1].url,
            roles: SafeCast.toUint32(profile.roles.latest()),
            status: _standings[id].status,
            adminKey: _adminKeyOf(id),
            recoveryKey: _recoveryKeyOf(id)
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
    function recoveryKeyAt(uint32 id, uint64 time) external view returns (address) {
        return address(uint160(_valueAt(_profiles[id].recoveryKeys, time)));
    }

    /// @inheritdoc IConsortium
    function urlChangesOf(uint32 id) external view returns (UrlChange[] memory) {
        return _profiles[id].urls;
    }

    /// @inheritdoc IConsortium
    function keyEpoch(uint32 id) external view returns (uint32) {
        return SafeCast.toUint32(_profiles[id].epochs.latest());
    }

    /// @inheritdoc IConsortium
    function key(address account) external view returns (KeyRecord memory) {
        StoredKey storage stored = _keys[account];
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
        StoredKey storage stored = _keys[account];
        return stored.purpose == PURPOSE_ANCHOR && _validAt(stored, block.timestamp)
            && _serves(stored, account, stream);
    }

    /// @inheritdoc IConsortium
    function keyValidAt(address account, uint32 participantId, uint8 purpose, uint64 time)
        external
        view
        returns (bool)
    {
        StoredKey storage stored = _keys[account];
        return stored.participant != 0 && stored.participant == participantId && stored.purpose == purpose
            && _validAt(stored, time);
    }

    function _serves(StoredKey storage stored, address account, uint64 stream) private view returns (bool) {
        return stored.participant != 0 && uint256(stream) >> STREAM_BITS == stored.participant
            && (!stored.limited || _streams[account].contains(stream));
    }

    function _valueAt(Checkpoints.Trace208 storage trace, uint64 time) private view returns (uint208) {
        return trace.upperLookup(time > type(uint48).max ? type(uint48).max : uint48(time));
    }

    function _validAt(StoredKey storage stored, uint256 time) private view returns (bool) {
        return _within(stored.validFrom, stored.validUntil, time)
            && (stored.revokedAt == 0 || time < stored.revokedAt)
            && (stored.compromisedSince == 0 || time < stored.compromisedSince);
    }

    function _within(uint40 from, uint40 until, uint256 time) private pure returns (bool) {
        return from <= time && (until == 0 || time < until);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ParticipantRules} from "./ParticipantRules.sol";
import {
    IConsortium,
    PURPOSE_ANCHOR,
    PURPOSE_SIGN,
    ROLE_VOTER,
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

    /// @dev One slot that decides nearly every anchor, and every vote. `anchorKey` repeats the participant's newest
    ///      anchor key that is neither revoked nor limited to streams, so that a steady anchor reads one slot here; other
    ///      keys read two. `voter` repeats the newest roles.
    struct Standing {
        uint8 status;
        bool voter;
        uint40 validFrom;
        uint40 validUntil;
        address anchorKey;
    }

    struct Profile {
        string slug;
        string name;
        UrlChange[] urls;
        address[] keys;
        Checkpoints.Trace208 statuses;
        Checkpoints.Trace208 roles;
        Checkpoints.Trace208 adminKeys;
        Checkpoints.Trace208 recoveryKeys;
        Checkpoints.Trace208 epochs;
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

    /// @inheritdoc IConsortium
    uint32 public participantCount;

    /// @dev The electorate: how many participants with the role voter are not removed, and how many of them are active.
    uint32 internal _voters;
    uint32 internal _votersActive;

    mapping(uint32 id => Standing) internal _standings;
    mapping(uint32 id => Profile) internal _profiles;
    mapping(address account => StoredKey) internal _keys;
    mapping(address account => EnumerableSet.UintSet) internal _streams;
    mapping(address account => bool) private _taken; // any function, any participant, for ever
    mapping(bytes32 slugHash => uint32 id) internal _idBySlug;
    mapping(address adminKey => uint32 id) internal _idByAdminKey;

    function _admit(Participant memory newcomer, InitialKey[] memory keys) internal returns (uint32 id) {
        id = ++participantCount;
        if (!ParticipantRules.isWellFormed(newcomer)) revert ConsortiumInvalidParticipant(id);
        _requireUrl(newcomer.url);
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

    function _setStatus(uint32 id, uint8 status) internal {
        uint8 before = _standings[id].status;
        bool allowed = (status == STATUS_SUSPENDED && before == STATUS_ACTIVE)
            || (status == STATUS_ACTIVE && before == STATUS_SUSPENDED)
            || (status == STATUS_REMOVED && (before == STATUS_ACTIVE || before == STATUS_SUSPENDED));
        if (!allowed) revert ConsortiumInvalidStatus(id, before, status);
        _stand(id, status, _standings[id].voter);
        _note(_profiles[id].statuses, status);
        emit StatusChanged(id, status);
    }

    function _setRoles(uint32 id, uint32 roles) internal {
        _requireNotRemoved(id);
        if (!ParticipantRules.areRoles(roles) || roles == _rolesOf(id)) {
            revert ConsortiumInvalidRoles(id, roles);
        }
        _stand(id, _standings[id].status, roles & ROLE_VOTER != 0);
        _note(_profiles[id].roles, roles);
        emit RolesChanged(id, roles);
    }

    function _setUrl(uint32 id, string memory url) internal {
        _requireNotRemoved(id);
        _requireUrl(url);
        _profiles[id].urls.push(UrlChange({since: _now(), url: url}));
        emit UrlChanged(id, url);
    }

    /// @param epochs 1 if the key epoch grows, else 0.
    function _replaceAdminKey(uint32 id, address adminKey, uint32 epochs) internal {
        _requireNotRemoved(id);
        _take(adminKey);
        address before = _adminKeyOf(id);
        uint32 epoch = uint32(_profiles[id].epochs.latest()) + epochs;
        if (epochs != 0) _note(_profiles[id].epochs, epoch);
        delete _idByAdminKey[before];
        _idByAdminKey[adminKey] = id;
        _note(_profiles[id].adminKeys, uint160(adminKey));
        emit AdminKeyReplaced(id, before, adminKey, epoch);
    }

    function _replaceRecoveryKey(uint32 id, address recoveryKey) internal {
        _requireNotRemoved(id);
        _take(recoveryKey);
        address before = _recoveryKeyOf(id);
        _note(_profiles[id].recoveryKeys, uint160(recoveryKey));
        emit RecoveryKeyReplaced(id, before, recoveryKey);
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

    /// @dev slither sees times in all of `added`, since some callers set its `validFrom` to that of the block.
    function _addKey(uint32 id, InitialKey memory added) internal {
        _requireNotRemoved(id);
        // slither-disable-next-line incorrect-equality
        bool known = added.purpose == PURPOSE_ANCHOR || added.purpose == PURPOSE_SIGN;
        // slither-disable-next-line incorrect-equality
        bool period = added.validFrom <= type(uint40).max && added.validUntil <= type(uint40).max
            && (added.validUntil == 0 || added.validUntil > added.validFrom);
        if (!known || !period) revert ConsortiumInvalidKey(added.key);
        _take(added.key);
        bool limited = added.streams.length != 0;
        for (uint256 i = 0; i < added.streams.length; ++i) {
            // slither-disable-next-line incorrect-equality
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
        // slither-disable-next-line incorrect-equality
        if (added.purpose == PURPOSE_ANCHOR && !limited) {
            Standing storage standing = _standings[id];
            standing.anchorKey = added.key;
            standing.validFrom = uint40(added.validFrom);
            standing.validUntil = uint40(added.validUntil);
        }
        emit KeyAdded(id, added.key, added.purpose, added.validFrom, added.validUntil, added.streams);
    }

    function _rolesOf(uint32 id) internal view returns (uint32) {
        return uint32(_profiles[id].roles.latest());
    }

    function _adminKeyOf(uint32 id) internal view returns (address) {
        return address(uint160(_profiles[id].adminKeys.latest()));
    }

    function _recoveryKeyOf(uint32 id) internal view returns (address) {
        return address(uint160(_profiles[id].recoveryKeys.latest()));
    }

    function _requireKnown(uint32 id) internal view {
        if (id == 0 || id > participantCount) revert ConsortiumUnknownParticipant(id);
    }

    function _requireNotRemoved(uint32 id) internal view {
        _requireKnown(id);
        if (_standings[id].status == STATUS_REMOVED) revert ConsortiumRemoved(id);
    }

    function _now() internal view returns (uint48) {
        return SafeCast.toUint48(block.timestamp);
    }

    function _store(uint32 id, Participant memory newcomer) private {
        Profile storage profile = _profiles[id];
        profile.slug = newcomer.slug;
        profile.name = newcomer.name;
        profile.urls.push(UrlChange({since: _now(), url: newcomer.url}));
        _note(profile.epochs, 1);
        _note(profile.roles, newcomer.roles);
        _note(profile.adminKeys, uint160(newcomer.adminKey));
        _note(profile.recoveryKeys, uint160(newcomer.recoveryKey));
        _note(profile.statuses, STATUS_ACTIVE);
        _stand(id, STATUS_ACTIVE, newcomer.roles & ROLE_VOTER != 0);
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

    /// @dev The only place that changes who is in the electorate; a participant counts as what it was until here.
    function _stand(uint32 id, uint8 status, bool voter) private {
        Standing storage standing = _standings[id];
        if (standing.voter && standing.status != STATUS_REMOVED) {
            --_voters;
            if (standing.status == STATUS_ACTIVE) --_votersActive;
        }
        (standing.status, standing.voter) = (status, voter);
        if (voter && status != STATUS_REMOVED) {
            ++_voters;
            if (status == STATUS_ACTIVE) ++_votersActive;
        }
    }

    /// @dev What holds from this block on. `push` returns the values before and after, which the callers know.
    function _note(Checkpoints.Trace208 storage trace, uint208 value) private {
        // slither-disable-next-line unused-return
        trace.push(_now(), value);
    }

    function _take(address account) private {
        if (account == address(0)) revert ConsortiumInvalidKey(account);
        if (_taken[account]) revert ConsortiumKeyInUse(account);
        _taken[account] = true;
    }

    function _requireUrl(string memory url) private pure {
        if (!ParticipantRules.isUrl(bytes(url))) revert ConsortiumInvalidUrl(url);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {ConsortiumViews} from "./ConsortiumViews.sol";
import {STATUS_REMOVED} from "./interfaces/IConsortium.sol";
import {IConsortiumGovernance} from "./interfaces/IConsortiumGovernance.sol";

/// @title What a participant decides alone
/// @notice Its keys and its gateway's address. The admin key speaks for it, the recovery key replaces the admin key.
abstract contract ConsortiumAffairs is ConsortiumViews, IConsortiumGovernance, ReentrancyGuardTransient {
    using Checkpoints for Checkpoints.Trace208;

    /// @inheritdoc IConsortiumGovernance
    function addKey(InitialKey calldata added) external nonReentrant {
        uint32 id = _requireAdmin();
        InitialKey memory resolved = added;
        if (resolved.validFrom == 0) resolved.validFrom = _now();
        if (resolved.validFrom < block.timestamp) revert ConsortiumInvalidKey(added.key);
        _addKey(id, resolved);
    }

    /// @inheritdoc IConsortiumGovernance
    function revokeKey(address account, uint64 compromisedSince) external nonReentrant {
        uint32 id = _keys[account].participant;
        if (id == 0) revert ConsortiumInvalidKey(account);
        if (msg.sender != _adminKeyOf(id) && msg.sender != _recoveryKeyOf(id)) {
            revert ConsortiumNotAllowed(msg.sender, id);
        }
        _revokeKey(account, compromisedSince);
    }

    /// @inheritdoc IConsortiumGovernance
    function setUrl(string calldata url) external nonReentrant {
        _setUrl(_requireAdmin(), url);
    }

    /// @inheritdoc IConsortiumGovernance
    function replaceAdminKey(uint32 id, address adminKey) external nonReentrant {
        _requireRecovery(id);
        _replaceAdminKey(id, adminKey, 0);
    }

    /// @inheritdoc IConsortiumGovernance
    function replaceRecoveryKey(uint32 id, address recoveryKey) external nonReentrant {
        _requireRecovery(id);
        _replaceRecoveryKey(id, recoveryKey);
    }

    /// @inheritdoc IConsortiumGovernance
    function epochChangesOf(uint32 id) external view returns (EpochChange[] memory changes) {
        Checkpoints.Trace208 storage epochs = _profiles[id].epochs;
        changes = new EpochChange[](epochs.length());
        for (uint32 i = 0; i < changes.length; ++i) {
            Checkpoints.Checkpoint208 memory point = epochs.pos(i);
            changes[i] = EpochChange({since: point._key, epoch: uint32(point._value)});
        }
    }

    function _requireAdmin() private view returns (uint32 id) {
        id = _idByAdminKey[msg.sender];
        if (id == 0 || _standings[id].status == STATUS_REMOVED) revert ConsortiumNotAllowed(msg.sender, id);
    }

    function _requireRecovery(uint32 id) private view {
        _requireNotRemoved(id);
        if (msg.sender != _recoveryKeyOf(id)) revert ConsortiumNotAllowed(msg.sender, id);
    }
}

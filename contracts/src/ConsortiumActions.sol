// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ConsortiumViews} from "./ConsortiumViews.sol";
import {IAnchorRegistry} from "./interfaces/IAnchorRegistry.sol";
import {ICodeRegistry} from "./interfaces/ICodeRegistry.sol";
import {ROLE_VOTER, STATUS_ACTIVE, STATUS_REMOVED, STATUS_SUSPENDED} from "./interfaces/IConsortium.sol";
import {IConsortiumGovernance} from "./interfaces/IConsortiumGovernance.sol";

/// @title What a consortium can decide
/// @notice Each action of `IConsortiumGovernance`: how its arguments are read, and what it does. Not who wants it.
abstract contract ConsortiumActions is ConsortiumViews, IConsortiumGovernance {
    uint256 private constant ARGUMENTS_BYTES_MAX = 16_384;

    /// @inheritdoc IConsortiumGovernance
    function enact(Action action, bytes calldata arguments) external {
        if (msg.sender != address(this)) revert ConsortiumNotAllowed(msg.sender, 0);
        if (action == Action.GrantPrefix || action == Action.RevokePrefix) {
            _enactPrefix(action, arguments);
        } else if (action == Action.NameSuccessor) {
            (address registry, address successor) = abi.decode(arguments, (address, address));
            _requireContract(registry);
            IAnchorRegistry(registry).nameSuccessor(successor);
        } else if (action == Action.Admit) {
            _enactAdmission(arguments);
        } else {
            _enactUpon(action, arguments);
        }
        _requireMajority();
    }

    /// @notice Revert unless the arguments are exactly `abi.encode` of the action's tuple, and what they name exists.
    /// @dev Not a part of the interface. It is external so that `propose` can call it and give decoding errors a name;
    ///      with a second encoding of the same content people and contract might read different things.
    function inspect(Action action, bytes calldata arguments) external view {
        if (arguments.length > ARGUMENTS_BYTES_MAX) revert ConsortiumInvalidArguments(action);
        if (action == Action.GrantPrefix) {
            (address registry, string memory prefix, uint32 id, uint64 from, uint64 until) =
                abi.decode(arguments, (address, string, uint32, uint64, uint64));
            _requireSame(action, arguments, abi.encode(registry, prefix, id, from, until));
            _requireContract(registry);
            _requireKnown(id);
        } else if (action == Action.Admit) {
            (Participant memory newcomer, InitialKey[] memory keys) =
                abi.decode(arguments, (Participant, InitialKey[]));
            _requireSame(action, arguments, abi.encode(newcomer, keys));
        } else if (action == Action.RevokePrefix) {
            (address registry,,) = abi.decode(arguments, (address, uint256, uint64));
            _requireSize(action, arguments, 3);
            _requireContract(registry);
        } else if (action == Action.NameSuccessor) {
            (address registry, address successor) = abi.decode(arguments, (address, address));
            _requireSize(action, arguments, 2);
            _requireContract(registry);
            _requireContract(successor);
        } else {
            _inspectUpon(action, arguments);
        }
    }

    /// @dev After every action, and at deployment: whoever is left can still decide something.
    function _requireMajority() internal view {
        if (_votersActive <= _voters / 2) revert ConsortiumNoMajority(_voters, _votersActive);
    }

    function _enactAdmission(bytes calldata arguments) private {
        (Participant memory newcomer, InitialKey[] memory keys) =
            abi.decode(arguments, (Participant, InitialKey[]));
        for (uint256 i = 0; i < keys.length; ++i) {
            if (keys[i].validFrom < _now()) keys[i].validFrom = _now();
        }
        _admit(newcomer, keys);
    }

    function _enactPrefix(Action action, bytes calldata arguments) private {
        if (action == Action.GrantPrefix) {
            (address registry, string memory prefix, uint32 id, uint64 from, uint64 until) =
                abi.decode(arguments, (address, string, uint32, uint64, uint64));
            _requireContract(registry);
            // Its log tells the id.
            // slither-disable-next-line unused-return
            ICodeRegistry(registry).grant(prefix, id, from, until);
        } else {
            (address registry, uint256 grantId, uint64 until) =
                abi.decode(arguments, (address, uint256, uint64));
            _requireContract(registry);
            ICodeRegistry(registry).revoke(grantId, until);
        }
    }

    /// @dev The actions whose first argument is the participant they are about, without contracts outside.
    function _enactUpon(Action action, bytes calldata arguments) private {
        uint32 id = _subjectOf(arguments);
        if (action == Action.Suspend) {
            _setStatus(id, STATUS_SUSPENDED);
        } else if (action == Action.Reinstate) {
            _setStatus(id, STATUS_ACTIVE);
        } else if (action == Action.Remove) {
            _setStatus(id, STATUS_REMOVED);
        } else if (action == Action.ChangeRoles) {
            (, uint32 roles) = abi.decode(arguments, (uint32, uint32));
            _setRoles(id, (roles & ~ROLE_VOTER) | (_rolesOf(id) & ROLE_VOTER));
        } else if (action == Action.ChangeVoter) {
            (, bool voter) = abi.decode(arguments, (uint32, bool));
            _setRoles(id, voter ? _rolesOf(id) | ROLE_VOTER : _rolesOf(id) & ~ROLE_VOTER);
        } else {
            (, address adminKey, address recoveryKey) = abi.decode(arguments, (uint32, address, address));
            _replaceAdminKey(id, adminKey, 1);
            if (recoveryKey != address(0)) _replaceRecoveryKey(id, recoveryKey);
        }
    }

    function _inspectUpon(Action action, bytes calldata arguments) private view {
        uint256 words = 1;
        if (action == Action.ChangeRoles) {
            abi.decode(arguments, (uint32, uint32));
            words = 2;
        } else if (action == Action.ChangeVoter) {
            abi.decode(arguments, (uint32, bool));
            words = 2;
        } else if (action == Action.ReplaceAdminKey) {
            abi.decode(arguments, (uint32, address, address));
            words = 3;
        }
        _requireSize(action, arguments, words);
        _requireKnown(_subjectOf(arguments));
    }

    function _requireContract(address account) private view {
        if (account.code.length == 0) revert ConsortiumNoContract(account);
    }

    function _subjectOf(bytes memory arguments) internal pure returns (uint32 id) {
        (id) = abi.decode(arguments, (uint32));
    }

    function _requireSame(Action action, bytes memory one, bytes memory other) private pure {
        if (keccak256(one) != keccak256(other)) revert ConsortiumInvalidArguments(action);
    }

    function _requireSize(Action action, bytes calldata arguments, uint256 words) private pure {
        if (arguments.length != words * 32) revert ConsortiumInvalidArguments(action);
    }
}

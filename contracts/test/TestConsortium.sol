// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ConsortiumViews} from "../src/ConsortiumViews.sol";
import {IAnchorRegistry} from "../src/interfaces/IAnchorRegistry.sol";
import {ITestConsortium} from "./ITestConsortium.sol";

/// @title A consortium that does what anybody asks, so that tests reach every state. Never deployed.
contract TestConsortium is ConsortiumViews, ITestConsortium {
    function admit(Participant memory newcomer, InitialKey[] memory keys) external returns (uint32) {
        return _admit(newcomer, keys);
    }

    function setStatus(uint32 id, uint8 status) external {
        _setStatus(id, status);
    }

    function addKey(uint32 id, InitialKey memory added) external {
        _addKey(id, added);
    }

    function revokeKey(address account, uint64 compromisedSince) external {
        _revokeKey(account, compromisedSince);
    }

    function nameSuccessor(IAnchorRegistry registry, address successor) external {
        registry.nameSuccessor(successor);
    }
}

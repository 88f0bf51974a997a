// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAnchorRegistry} from "../src/interfaces/IAnchorRegistry.sol";
import {IConsortium} from "../src/interfaces/IConsortium.sol";

/// @title What `TestConsortium` offers beside the views of `IConsortium`
interface ITestConsortium is IConsortium {
    function admit(Participant memory newcomer, InitialKey[] memory keys) external returns (uint32);

    function setStatus(uint32 id, uint8 status) external;

    function addKey(uint32 id, InitialKey memory added) external;

    function revokeKey(address account, uint64 compromisedSince) external;

    function nameSuccessor(IAnchorRegistry registry, address successor) external;
}

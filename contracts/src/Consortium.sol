// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ConsortiumState} from "./ConsortiumState.sol";

/// @title Consortium with fixed participants
/// @notice The first participants and keys, as fixed at deployment. Nobody can change anything, the deployer included:
///         there is no owner. Voting, and a participant's power over its own keys, are what `IConsortiumGovernance`
///         describes; a contract that implements it will take this one's place.
contract Consortium is ConsortiumState {
    /// @param participants Get the ids 1, 2, 3, ... in this order; each with status active.
    /// @param keys For each participant its keys.
    constructor(Participant[] memory participants, InitialKey[][] memory keys) {
        if (participants.length == 0 || participants.length != keys.length) {
            revert ConsortiumSetupMismatch(participants.length, keys.length);
        }
        for (uint256 i = 0; i < participants.length; ++i) {
            _admit(participants[i], keys[i]);
        }
    }
}

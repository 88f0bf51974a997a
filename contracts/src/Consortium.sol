// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ConsortiumAffairs} from "./ConsortiumAffairs.sol";
import {ConsortiumVoting} from "./ConsortiumVoting.sol";

/// @title Consortium
/// @notice The participants of a network, and how they change it: by vote, and each its own affairs alone. The deployer
///         gets no right; there is no owner, and nothing changes the rules of voting.
contract Consortium is ConsortiumVoting, ConsortiumAffairs {
    /// @param participants Get the ids 1, 2, 3, ... in this order; each with status active.
    /// @param keys For each participant its keys.
    /// @param delay_ Seconds between threshold and execution of a heavy action.
    /// @param lifetime_ Seconds until a proposal lapses.
    constructor(
        Participant[] memory participants,
        InitialKey[][] memory keys,
        uint64 delay_,
        uint64 lifetime_
    ) ConsortiumVoting(delay_, lifetime_) {
        if (participants.length == 0 || participants.length != keys.length) {
            revert ConsortiumSetupMismatch(participants.length, keys.length);
        }
        for (uint256 i = 0; i < participants.length; ++i) {
            _admit(participants[i], keys[i]);
        }
        _requireMajority();
    }
}

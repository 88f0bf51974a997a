// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortium} from "../src/interfaces/IConsortium.sol";
import {IConsortiumGovernance as IGov} from "../src/interfaces/IConsortiumGovernance.sol";

/// @title A registry that a consortium was talked into calling, and that calls back
/// @dev It can be the admin key of a voter too, so that nothing but the guard stops it.
contract Reentrant {
    IGov private _consortium;
    bytes private _call;

    function prepare(IGov consortium, bytes memory call) external {
        (_consortium, _call) = (consortium, call);
    }

    function nameSuccessor(address) external {
        forward(_call);
    }

    function grant(string calldata, uint32, uint64, uint64) external returns (uint256) {
        forward(_call);
        return 1;
    }

    function forward(bytes memory call) public {
        (bool done, bytes memory reason) = address(_consortium).call(call);
        if (done) return;
        assembly {
            revert(add(reason, 0x20), mload(reason))
        }
    }
}

/// @title Registries that fail at the expense of whoever executes
contract Costly {
    uint256 private immutable _reasonBytes;

    constructor(uint256 reasonBytes) {
        _reasonBytes = reasonBytes;
    }

    /// @dev Reverts with as many bytes as told, or, told none, uses all gas.
    function nameSuccessor(address) external view {
        uint256 size = _reasonBytes;
        assembly {
            if iszero(size) { invalid() }
            mstore(0, not(0))
            revert(0, size)
        }
    }
}

/// @title A registry at the end of a chain of calls, so deep that it is hard to see why it failed
contract Deep {
    Deep private immutable _next;
    uint256 public work;

    constructor(Deep next) {
        _next = next;
    }

    function nameSuccessor(address successor) external {
        if (address(_next) != address(0)) return _next.nameSuccessor(successor);
        for (uint256 i = 0; i < 20; ++i) {
            work = work + 1;
        }
    }
}

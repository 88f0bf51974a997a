// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortium, PURPOSE_ANCHOR} from "../src/interfaces/IConsortium.sol";
import {IConsortiumGovernance as IGov} from "../src/interfaces/IConsortiumGovernance.sol";
import {ITestConsortium} from "./ITestConsortium.sol";
import {NetworkTest} from "./NetworkTest.sol";

/// @title A consortium of as many voters as a test wants, and short ways to let them decide
/// @dev Participant i is called `v<i>`, has the roles manufacturer and voter, and the anchor key of `anchorOf(i)`.
abstract contract GovernanceTest is NetworkTest {
    IGov internal governed;

    function setUp() public virtual override {
        vm.chainId(4242);
        vm.warp(1_700_000_000);
        vm.roll(1000);
        found(4);
    }

    /// @dev A new consortium of `count` voters, and a registry that belongs to it.
    function found(uint32 count) internal {
        IConsortium.Participant[] memory first = new IConsortium.Participant[](count);
        IConsortium.InitialKey[][] memory keys = new IConsortium.InitialKey[][](count);
        for (uint32 i = 0; i < count; ++i) {
            first[i] = participantOf(slugOf(i + 1));
            keys[i] = new IConsortium.InitialKey[](1);
            keys[i][0] = keyOf(anchorOf(i + 1), PURPOSE_ANCHOR);
        }
        governed = IGov(deployCode("Consortium.sol", abi.encode(first, keys, DELAY, LIFETIME)));
        consortium = ITestConsortium(address(governed)); // for its views, and for the registry
        registry = registryAfter(address(0));
    }

    function slugOf(uint32 id) internal pure returns (string memory) {
        return string.concat("v", vm.toString(id));
    }

    function anchorOf(uint32 id) internal returns (address) {
        return makeAddr(string.concat("anchor ", slugOf(id)));
    }

    function adminOf(uint32 id) internal view returns (address) {
        return governed.participant(id).adminKey;
    }

    function recoveryOf(uint32 id) internal view returns (address) {
        return governed.participant(id).recoveryKey;
    }

    function propose(uint32 who, IGov.Action action, bytes memory arguments) internal returns (uint256 id) {
        vm.prank(adminOf(who));
        (id,) = governed.propose(action, arguments, 0);
    }

    function approve(uint32 who, uint256 id) internal {
        (address admin, bytes32 digest) = (adminOf(who), governed.digestOf(id));
        vm.prank(admin);
        governed.approve(id, digest);
    }

    function withdraw(uint32 who, uint256 id) internal {
        address admin = adminOf(who);
        vm.prank(admin);
        governed.withdraw(id);
    }

    /// @dev Proposed and approved by the participants 1 to `approvals`.
    function proposeBy(uint32 approvals, IGov.Action action, bytes memory arguments)
        internal
        returns (uint256 id)
    {
        id = propose(1, action, arguments);
        for (uint32 who = 2; who <= approvals; ++who) {
            approve(who, id);
        }
    }

    /// @dev Approved by the first voters that are active, as many as it takes; then executed when it may be.
    function decide(IGov.Action action, bytes memory arguments) internal returns (bool done) {
        uint256 id = ready(action, arguments);
        return governed.execute(id);
    }

    /// @dev Like `decide`, up to the moment before execution.
    function ready(IGov.Action action, bytes memory arguments) internal returns (uint256 id) {
        uint32 needed = governed.approvalsNeeded(action);
        for (uint32 who = 1; needed > 0; ++who) {
            if (governed.statusAt(who, now_()) != 1 || governed.participant(who).roles & 32 == 0) continue;
            if (id == 0) id = propose(who, action, arguments);
            else approve(who, id);
            --needed;
        }
        if (governed.isHeavy(action)) vm.warp(block.timestamp + DELAY);
        assertState(id, IGov.ProposalState.Ready);
    }

    /// @dev A newcomer that votes, without keys.
    function admission(string memory slug) internal returns (bytes memory) {
        return abi.encode(participantOf(slug), new IConsortium.InitialKey[](0));
    }

    function assertState(uint256 id, IGov.ProposalState state) internal view {
        assertEq(uint8(governed.proposal(id).state), uint8(state));
    }

    function assertElectorate(uint32 voters, uint32 active) internal view {
        (uint32 voters_, uint32 active_) = governed.electorate();
        assertEq(voters_, voters);
        assertEq(active_, active);
    }

    function now_() internal view returns (uint64) {
        return uint64(vm.getBlockTimestamp());
    }

    function inState(uint256 id, IGov.ProposalState state) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IGov.ConsortiumProposalState.selector, id, state);
    }

    function notVoter(address caller) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IGov.ConsortiumNotVoter.selector, caller);
    }

    function notAllowed(address caller, uint32 id) internal pure returns (bytes memory) {
        return abi.encodeWithSelector(IGov.ConsortiumNotAllowed.selector, caller, id);
    }
}

// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CodePrefix} from "./CodePrefix.sol";
import {ICodeRegistry} from "./interfaces/ICodeRegistry.sol";
import {IConsortium, STATUS_ACTIVE} from "./interfaces/IConsortium.sol";

/// @title Code registry
/// @notice Which participant may commission codes under which prefix, as `ICodeRegistry` describes.
/// @dev Invariants P1 to P5 stand in contracts/README.md. What a vote did not decide, a handing over, lengthens only
///      `_history`: no list that a transaction walks through can be filled by participants on their own.
contract CodeRegistry is ICodeRegistry {
    using CodePrefix for bytes16;

    /// @dev One slot. A grant without end has the end `NEVER`; one that ends at or before `from` never held.
    struct StoredGrant {
        bytes16 prefix;
        uint32 participant;
        uint48 from;
        uint48 until;
    }

    uint48 private constant NEVER = type(uint48).max;

    /// @inheritdoc ICodeRegistry
    uint256 public grantCount;

    mapping(uint256 id => StoredGrant) private _grants;
    mapping(uint256 id => Offer) private _offers;

    /// @dev Grants of exactly this prefix: all there ever were, and those not known to have ended.
    mapping(bytes16 prefix => uint256[] ids) private _history;
    mapping(bytes16 prefix => uint256[] ids) private _current;

    /// @dev Prefixes that ever were granted, under themselves and under every prefix above them.
    mapping(bytes16 prefix => bytes16[] prefixes) private _below;

    /// @inheritdoc ICodeRegistry
    address public immutable consortium;

    /// @param consortium_ Grants, revokes, and knows who holds which admin key.
    /// @param initial What was agreed at the foundation, the only grants that may begin in the past. They get the ids
    ///        1, 2, 3, ... in this order.
    constructor(address consortium_, Grant[] memory initial) {
        if (consortium_.code.length == 0) revert CodeRegistryNoContract(consortium_);
        consortium = consortium_;
        for (uint256 i = 0; i < initial.length; ++i) {
            Grant memory one = initial[i];
            _requireActive(one.participant);
            _grant(one.prefix, one.participant, one.from, one.until);
        }
    }

    modifier onlyConsortium() {
        if (msg.sender != consortium) revert CodeRegistryOnlyConsortium(msg.sender);
        _;
    }

    /// @inheritdoc ICodeRegistry
    function grant(string calldata prefix, uint32 participant, uint64 from, uint64 until)
        external
        onlyConsortium
        returns (uint256 id)
    {
        _requireActive(participant);
        if (from == 0) from = uint64(block.timestamp);
        if (from < block.timestamp) revert CodeRegistryInvalidTime(from, until);
        return _grant(prefix, participant, from, until);
    }

    /// @inheritdoc ICodeRegistry
    function revoke(uint256 id, uint64 until) external onlyConsortium {
        _end(id, until);
    }

    /// @inheritdoc ICodeRegistry
    function surrender(uint256 id, uint64 until) external {
        _requireAdmin(_known(id).participant);
        _end(id, until);
    }

    /// @inheritdoc ICodeRegistry
    function offer(uint256 id, uint32 to) external {
        StoredGrant storage offered = _known(id);
        uint32 owner = offered.participant;
        _requireAdmin(owner);
        _requireActive(owner);
        _requireActive(to);
        _requireOpen(id, offered);
        if (to == owner) revert CodeRegistryOffer(id, to);
        if (_offers[id].to != 0) revert CodeRegistryOffer(id, _offers[id].to);
        _offers[id] = Offer({to: to, offeredAt: uint64(block.timestamp)});
        emit PrefixOffered(id, to);
    }

    /// @inheritdoc ICodeRegistry
    function withdrawOffer(uint256 id) external {
        uint32 owner = _known(id).participant;
        uint32 to = _offers[id].to;
        if (to == 0) revert CodeRegistryOffer(id, 0);
        uint32 caller = IConsortium(consortium).participantByAdminKey(msg.sender);
        if (caller != owner && caller != to) revert CodeRegistryNotAllowed(msg.sender, owner);
        _dropOffer(id);
    }

    /// @inheritdoc ICodeRegistry
    function accept(uint256 id) external returns (uint256 newId) {
        StoredGrant storage old = _known(id);
        uint32 to = _offers[id].to;
        if (to == 0) revert CodeRegistryOffer(id, 0);
        _requireAdmin(to);
        _requireActive(to);
        _requireActive(old.participant);
        _requireOpen(id, old);
        uint48 now_ = uint48(block.timestamp);
        StoredGrant memory next = old;
        next.participant = to;
        if (next.from < now_) next.from = now_;
        delete _offers[id];
        old.until = now_;
        newId = ++grantCount;
        _replace(next.prefix, id, newId);
        emit PrefixEnded(id, now_);
        _store(newId, next);
        emit PrefixHandedOver(id, newId, to);
    }

    /// @inheritdoc ICodeRegistry
    function grantOf(uint256 id) external view returns (Grant memory) {
        StoredGrant storage stored = _known(id);
        return Grant({
            prefix: stored.prefix.unpack(),
            participant: stored.participant,
            from: stored.from,
            until: _shown(stored.until)
        });
    }

    /// @inheritdoc ICodeRegistry
    function offerOf(uint256 id) external view returns (Offer memory) {
        _known(id);
        return _offers[id];
    }

    /// @inheritdoc ICodeRegistry
    function grantsBelow(string calldata prefix) external view returns (uint256[] memory ids) {
        bytes16[] storage prefixes = _below[_packed(prefix)];
        uint256 count = 0;
        for (uint256 i = 0; i < prefixes.length; ++i) {
            count += _history[prefixes[i]].length;
        }
        ids = new uint256[](count);
        count = 0;
        for (uint256 i = 0; i < prefixes.length; ++i) {
            uint256[] storage these = _history[prefixes[i]];
            for (uint256 j = 0; j < these.length; ++j) {
                ids[count++] = these[j];
            }
        }
    }

    /// @inheritdoc ICodeRegistry
    function ownerAt(string calldata prefix, uint64 time)
        external
        view
        returns (uint256 id, uint32 participant)
    {
        bytes16 packed = CodePrefix.pack(prefix, true);
        if (packed == 0) revert CodeRegistryInvalidPrefix(prefix);
        uint256 size = packed.sizeOf();
        for (uint256 i = packed.shortest(); i <= size; ++i) {
            bytes16 above = packed.cut(i);
            // Whoever owns it now or later stands in the short list.
            id = _holder(time < block.timestamp ? _history[above] : _current[above], time);
            if (id != 0) return (id, _grants[id].participant);
        }
    }

    function _grant(string memory prefix, uint32 participant, uint64 from, uint64 until)
        private
        returns (uint256 id)
    {
        if (from >= NEVER || until >= NEVER || (until != 0 && until <= from)) {
            revert CodeRegistryInvalidTime(from, until);
        }
        bytes16 packed = _packed(prefix);
        StoredGrant memory added =
            StoredGrant(packed, participant, uint48(from), until == 0 ? NEVER : uint48(until));
        _requireFree(prefix, added);
        id = ++grantCount;
        _prune(packed);
        if (_history[packed].length == 0) _enter(packed);
        _current[packed].push(id);
        _store(id, added);
    }

    function _store(uint256 id, StoredGrant memory added) private {
        _grants[id] = added;
        _history[added.prefix].push(id);
        emit PrefixGranted(id, added.participant, added.prefix.unpack(), added.from, _shown(added.until));
    }

    function _enter(bytes16 packed) private {
        uint256 size = packed.sizeOf();
        for (uint256 i = packed.shortest(); i <= size; ++i) {
            _below[packed.cut(i)].push(packed);
        }
    }

    /// @dev An end can only come nearer, and lies never in the past.
    function _end(uint256 id, uint64 until) private {
        StoredGrant storage ended = _known(id);
        _requireOpen(id, ended);
        if (until == 0) until = uint64(block.timestamp);
        if (until < block.timestamp || until >= NEVER) revert CodeRegistryInvalidTime(ended.from, until);
        if (until >= ended.until) revert CodeRegistryEnded(id, ended.until);
        ended.until = uint48(until);
        if (_offers[id].to != 0) _dropOffer(id); // it was for another time than what is left
        if (until <= block.timestamp || until <= ended.from) _replace(ended.prefix, id, 0);
        emit PrefixEnded(id, until);
    }

    function _dropOffer(uint256 id) private {
        delete _offers[id];
        emit PrefixOfferWithdrawn(id);
    }

    /// @dev Puts `newId` into the place of `id` in the short list; 0 takes `id` out.
    function _replace(bytes16 packed, uint256 id, uint256 newId) private {
        uint256[] storage ids = _current[packed];
        uint256 i = 0;
        while (ids[i] != id) ++i; // it is there: open grants are
        if (newId != 0) {
            ids[i] = newId;
        } else {
            ids[i] = ids[ids.length - 1];
            ids.pop();
        }
    }

    /// @dev Forgets, in the short list, what has ended by itself.
    function _prune(bytes16 packed) private {
        uint256[] storage ids = _current[packed];
        for (uint256 i = ids.length; i > 0; --i) {
            if (_grants[ids[i - 1]].until > block.timestamp) continue;
            ids[i - 1] = ids[ids.length - 1];
            ids.pop();
        }
    }

    /// @dev Nobody holds the prefix, one above it or one below it at a common time.
    function _requireFree(string memory prefix, StoredGrant memory added) private view {
        uint256 size = added.prefix.sizeOf();
        for (uint256 i = added.prefix.shortest(); i < size; ++i) {
            _requireApart(prefix, added, _current[added.prefix.cut(i)]);
        }
        bytes16[] storage prefixes = _below[added.prefix];
        for (uint256 i = 0; i < prefixes.length; ++i) {
            _requireApart(prefix, added, _current[prefixes[i]]);
        }
    }

    function _requireApart(string memory prefix, StoredGrant memory added, uint256[] storage ids)
        private
        view
    {
        for (uint256 i = 0; i < ids.length; ++i) {
            StoredGrant memory other = _grants[ids[i]];
            if (added.from < other.until && other.from < added.until) {
                revert CodeRegistryOverlap(prefix, ids[i]);
            }
        }
    }

    function _holder(uint256[] storage ids, uint64 time) private view returns (uint256) {
        for (uint256 i = ids.length; i > 0; --i) {
            StoredGrant memory one = _grants[ids[i - 1]];
            if (one.from <= time && (time < one.until || one.until >= NEVER)) return ids[i - 1];
        }
        return 0;
    }

    function _known(uint256 id) private view returns (StoredGrant storage stored) {
        if (id == 0 || id > grantCount) revert CodeRegistryUnknownGrant(id);
        return _grants[id];
    }

    function _requireOpen(uint256 id, StoredGrant storage stored) private view {
        uint48 until = stored.until;
        if (until <= block.timestamp || until <= stored.from) revert CodeRegistryEnded(id, until);
    }

    function _requireAdmin(uint32 id) private view {
        if (IConsortium(consortium).participantByAdminKey(msg.sender) != id) {
            revert CodeRegistryNotAllowed(msg.sender, id);
        }
    }

    function _requireActive(uint32 id) private view {
        if (IConsortium(consortium).statusAt(id, uint64(block.timestamp)) != STATUS_ACTIVE) {
            revert CodeRegistryParticipant(id);
        }
    }

    /// @dev Outside, 0 is no end.
    function _shown(uint48 until) private pure returns (uint64) {
        return until < NEVER ? until : 0;
    }

    function _packed(string memory prefix) private pure returns (bytes16 packed) {
        packed = CodePrefix.pack(prefix, false);
        if (packed == 0) revert CodeRegistryInvalidPrefix(prefix);
    }
}

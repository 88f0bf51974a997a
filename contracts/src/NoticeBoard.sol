// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {CodePrefix} from "./CodePrefix.sol";
import {ICodeRegistry} from "./interfaces/ICodeRegistry.sol";
import {INoticeBoard} from "./interfaces/INoticeBoard.sol";
import {IConsortium, ROLE_REGULATOR, STATUS_ACTIVE, STATUS_REMOVED} from "./interfaces/IConsortium.sol";
import {PlainText} from "./PlainText.sol";

/// @title Notice board
/// @notice Recalls, their escalation and their lifting, as `INoticeBoard` describes.
/// @dev Invariants N1 to N4 stand in contracts/README.md.
contract NoticeBoard is INoticeBoard {
    using Checkpoints for Checkpoints.Trace208;

    uint8 private constant LEVEL_LEAST = 3;
    uint256 private constant TEXT_BYTES_MAX = 2048;
    uint256 private constant URI_BYTES_MAX = 512;
    uint256 private constant LOTS_MAX = 64;
    uint256 private constant LOT_BYTES_MAX = 64;

    /// @inheritdoc INoticeBoard
    uint256 public noticeCount;

    mapping(uint256 id => Notice) private _notices;
    mapping(uint256 id => Wording[]) private _wordings;
    mapping(uint256 id => Checkpoints.Trace208) private _levels;
    mapping(bytes16 product => uint256[] ids) private _byProduct;

    /// @inheritdoc INoticeBoard
    address public immutable consortium;

    /// @inheritdoc INoticeBoard
    address public immutable codeRegistry;

    /// @param consortium_ Knows who holds which admin key, and who is a regulator.
    /// @param codeRegistry_ Knows whose product it is; of the same consortium.
    constructor(address consortium_, address codeRegistry_) {
        if (consortium_.code.length == 0) revert NoticeBoardNoContract(consortium_);
        if (codeRegistry_.code.length == 0) revert NoticeBoardNoContract(codeRegistry_);
        if (ICodeRegistry(codeRegistry_).consortium() != consortium_) {
            revert NoticeBoardForeignRegistry(codeRegistry_);
        }
        consortium = consortium_;
        codeRegistry = codeRegistry_;
    }

    /// @inheritdoc INoticeBoard
    function publish(uint8 level, bool drill, Scope calldata scope, Wording calldata wording)
        external
        returns (uint256 id)
    {
        if (level == 0 || level > LEVEL_LEAST) revert NoticeBoardInvalidLevel(level);
        bytes16 product = _requireScope(scope);
        _requireWording(wording);
        (uint32 by, bool byRegulator) = _authorise(scope.product, false);
        Notice memory made = Notice(level, drill, byRegulator, by, uint64(block.timestamp), 0, scope);
        id = ++noticeCount;
        _notices[id] = made;
        _byProduct[product].push(id);
        _record(id, level, wording);
        _announce(id, made, wording);
    }

    /// @inheritdoc INoticeBoard
    function escalate(uint256 id, uint8 level, Wording calldata wording) external {
        Notice storage standing = _standing(id);
        if (level == 0 || level >= standing.level) revert NoticeBoardInvalidLevel(level);
        _requireWording(wording);
        (uint32 by, bool byRegulator) = _authorise(standing.scope.product, standing.byRegulator);
        standing.level = level;
        standing.byRegulator = byRegulator; // never back to false: then only a regulator gets here
        _record(id, level, wording);
        emit NoticeEscalated(id, by, level, byRegulator, wording);
    }

    /// @inheritdoc INoticeBoard
    function lift(uint256 id, Wording calldata wording) external {
        Notice storage standing = _standing(id);
        _requireWording(wording);
        (uint32 by, bool byRegulator) = _authorise(standing.scope.product, standing.byRegulator);
        standing.liftedAt = uint64(block.timestamp);
        _record(id, 0, wording);
        emit NoticeLifted(id, by, byRegulator, wording);
    }

    /// @inheritdoc INoticeBoard
    function notice(uint256 id) external view returns (Notice memory) {
        _requireKnown(id);
        return _notices[id];
    }

    /// @inheritdoc INoticeBoard
    function wordingsOf(uint256 id) external view returns (Wording[] memory) {
        _requireKnown(id);
        return _wordings[id];
    }

    /// @inheritdoc INoticeBoard
    function levelAt(uint256 id, uint64 time) external view returns (uint8) {
        return uint8(_levels[id].upperLookup(time > type(uint48).max ? type(uint48).max : uint48(time)));
    }

    /// @inheritdoc INoticeBoard
    function noticesOf(string calldata product) external view returns (uint256[] memory) {
        return _byProduct[_requireProduct(product)];
    }

    function _record(uint256 id, uint8 level, Wording calldata wording) private {
        _wordings[id].push(wording);
        // It returns the level before and the one after, both known here.
        // slither-disable-next-line unused-return
        _levels[id].push(uint48(block.timestamp), level);
    }

    /// @dev Apart from `publish`, whose stack is full.
    function _announce(uint256 id, Notice memory made, Wording calldata wording) private {
        emit NoticePublished(
            id, made.publisher, made.level, made.drill, made.byRegulator, made.scope, wording
        );
    }

    /// @dev The owner acts as owner even if it is a regulator too, unless the notice takes regulators only.
    function _authorise(string memory product, bool regulatorsOnly)
        private
        view
        returns (uint32 by, bool byRegulator)
    {
        uint64 time = uint64(block.timestamp);
        by = IConsortium(consortium).participantByAdminKey(msg.sender);
        uint8 status = IConsortium(consortium).statusAt(by, time);
        if (by != 0 && status != STATUS_REMOVED && !regulatorsOnly) {
            // Which grant it is does not matter here.
            // slither-disable-next-line unused-return
            (, uint32 owner) = ICodeRegistry(codeRegistry).ownerAt(product, time);
            // Two ids, neither of which anybody can choose.
            // slither-disable-next-line incorrect-equality
            if (owner == by) return (by, false);
        }
        bool regulator = IConsortium(consortium).rolesAt(by, time) & ROLE_REGULATOR != 0;
        if (by == 0 || status != STATUS_ACTIVE || !regulator) {
            revert NoticeBoardNotAllowed(msg.sender, product);
        }
        return (by, true);
    }

    function _standing(uint256 id) private view returns (Notice storage standing) {
        _requireKnown(id);
        standing = _notices[id];
        if (standing.liftedAt != 0) revert NoticeBoardLifted(id, standing.liftedAt);
    }

    function _requireKnown(uint256 id) private view {
        if (id == 0 || id > noticeCount) revert NoticeBoardUnknownNotice(id);
    }

    function _requireProduct(string memory product) private pure returns (bytes16 packed) {
        packed = CodePrefix.pack(product, false);
        if (!CodePrefix.isProduct(packed)) revert NoticeBoardInvalidScope(product);
    }

    function _requireScope(Scope calldata scope) private pure returns (bytes16 product) {
        product = _requireProduct(scope.product);
        uint256 count = scope.lots.length;
        bool fits = count <= LOTS_MAX && (count == 0 || scope.list == 0);
        bytes32[] memory seen = new bytes32[](fits ? count : 0);
        for (uint256 i = 0; fits && i < count; ++i) {
            string memory lot = scope.lots[i];
            uint256 size = bytes(lot).length;
            fits = size != 0 && size <= LOT_BYTES_MAX && PlainText.isPlain(lot, false);
            seen[i] = keccak256(bytes(lot));
            for (uint256 j = 0; fits && j < i; ++j) {
                fits = seen[j] != seen[i];
            }
        }
        if (!fits) revert NoticeBoardInvalidScope(scope.product);
    }

    function _requireWording(Wording calldata wording) private pure {
        (uint256 zh, uint256 en) = (bytes(wording.zh).length, bytes(wording.en).length);
        uint256 uri = bytes(wording.uri).length;
        bool fits = zh <= TEXT_BYTES_MAX && en <= TEXT_BYTES_MAX && uri <= URI_BYTES_MAX && zh + en != 0
            && (uri == 0) == (wording.uriDigest == 0);
        if (
            !fits || !PlainText.isPlain(wording.zh, true) || !PlainText.isPlain(wording.en, true)
                || !PlainText.isPrintableAscii(wording.uri)
        ) revert NoticeBoardInvalidWording(zh, en, uri);
    }
}

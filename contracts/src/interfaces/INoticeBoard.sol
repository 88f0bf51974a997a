// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Notice board: recalls, their escalation and their lifting
/// @notice Public warnings that no gateway can hide. Published by the participant that owns the product's prefix, or by
///         a regulator. What stands here is never changed, only added to. Times are Unix seconds.
/// @dev All text is well-formed UTF-8 without control characters, texts may have line feeds; a URI is printable ASCII. So
///      every string decodes and can be stored. It says nothing of what a URI does: readers open `https` only.
interface INoticeBoard {
    /// @notice What a notice says to people, and where the whole of it stands.
    /// @param zh Text in Chinese, at most 2,048 bytes UTF-8; at least one of the two texts is not empty.
    /// @param en Text in English, likewise.
    /// @param uri Address of the full notice, at most 512 bytes; empty if there is none.
    /// @param uriDigest SHA-256 of what is found there; zero if and only if `uri` is empty.
    struct Wording {
        string zh;
        string en;
        string uri;
        bytes32 uriDigest;
    }

    /// @notice What a notice is about.
    /// @param product A prefix as in `ICodeRegistry`: `gs1:` and 12 digits, or `cn:` and 7 digits.
    /// @param lots Up to 64 lots of 1 to 64 bytes each, none twice. No lots and no list: everything of the product.
    /// @param list Zero, or the digest of a list of codes that is not public: SHA-256 of `sealtrail/list/v1`, a salt
    ///        and the sorted codes, each on a line (docs/reference/formats.md). Not together with lots.
    struct Scope {
        string product;
        string[] lots;
        bytes32 list;
    }

    /// @notice A notice as it is now.
    /// @param level 1 (gravest) to 3.
    /// @param drill An exercise: shown as such everywhere, blocks nothing.
    /// @param publisher Participant that published it.
    /// @param byRegulator It was published, or escalated, by a regulator that is not the product's owner; then only a
    ///        regulator can escalate or lift it.
    /// @param liftedAt 0 while it stands.
    struct Notice {
        uint8 level;
        bool drill;
        bool byRegulator;
        uint32 publisher;
        uint64 publishedAt;
        uint64 liftedAt;
        Scope scope;
    }

    /// @notice A notice was published.
    event NoticePublished(
        uint256 indexed id,
        uint32 indexed publisher,
        uint8 level,
        bool drill,
        bool byRegulator,
        Scope scope,
        Wording wording
    );
    /// @notice A notice became graver; with `byRegulator` only a regulator can lift it from now on.
    event NoticeEscalated(
        uint256 indexed id, uint32 indexed by, uint8 level, bool byRegulator, Wording wording
    );
    /// @notice A notice was lifted; for good.
    event NoticeLifted(uint256 indexed id, uint32 indexed by, bool byRegulator, Wording wording);

    /// @notice `caller` is no admin key of a participant that may do this: the product's owner, unless it was removed, or
    ///         an active regulator; a regulator only if one published or escalated the notice.
    error NoticeBoardNotAllowed(address caller, string product);
    /// @notice A level is 1 to 3; an escalation goes to a smaller number.
    error NoticeBoardInvalidLevel(uint8 level);
    /// @notice Not exactly one product, too many or repeated lots, an empty or too long one, or one that is not plain
    ///         text, or lots together with a list.
    error NoticeBoardInvalidScope(string product);
    /// @notice A text or the URI is too long or not plain text, both texts are missing, or URI and digest do not go
    ///         together. The sizes are in bytes.
    error NoticeBoardInvalidWording(uint256 zhSize, uint256 enSize, uint256 uriSize);
    /// @notice No notice has this id.
    error NoticeBoardUnknownNotice(uint256 id);
    /// @notice The notice was lifted.
    error NoticeBoardLifted(uint256 id, uint64 liftedAt);
    /// @notice The constructor got an address without code.
    error NoticeBoardNoContract(address account);
    /// @notice The constructor got a code registry of another consortium.
    error NoticeBoardForeignRegistry(address codeRegistry);

    /// @notice Publish a recall. The owner may do so even while it is suspended: a warning must not wait.
    function publish(uint8 level, bool drill, Scope calldata scope, Wording calldata wording)
        external
        returns (uint256 id);

    /// @notice Make a notice graver. Whoever owns the product now, or a regulator.
    function escalate(uint256 id, uint8 level, Wording calldata wording) external;

    /// @notice Lift a notice. Whoever owns the product now, or a regulator.
    function lift(uint256 id, Wording calldata wording) external;

    /// @notice Number of notices ever published; their ids are 1 to this number.
    function noticeCount() external view returns (uint256);

    /// @notice A notice as it is now; reverts if `id` is unknown.
    function notice(uint256 id) external view returns (Notice memory);

    /// @notice All wordings of a notice, oldest first: of its publication, escalations and lifting; reverts if `id` is
    ///         unknown.
    function wordingsOf(uint256 id) external view returns (Wording[] memory);

    /// @notice Level at a time, 0 before publication and from its lifting on; 0 for an unknown id.
    function levelAt(uint256 id, uint64 time) external view returns (uint8);

    /// @notice Notices about a product, lifted ones too, in order of publication.
    function noticesOf(string calldata product) external view returns (uint256[] memory);

    /// @notice The contract that knows who holds which key.
    function consortium() external view returns (address);

    /// @notice The contract that knows whose product it is.
    function codeRegistry() external view returns (address);
}

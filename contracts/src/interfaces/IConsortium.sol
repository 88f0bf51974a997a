// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev Values of a status; 0 means not admitted.
uint8 constant STATUS_ACTIVE = 1;
uint8 constant STATUS_SUSPENDED = 2;
uint8 constant STATUS_REMOVED = 3;

/// @dev Purposes of a key.
uint8 constant PURPOSE_ANCHOR = 1;
uint8 constant PURPOSE_SIGN = 2;

/// @dev Bits of the roles.
uint32 constant ROLE_MANUFACTURER = 1;
uint32 constant ROLE_DISTRIBUTOR = 2;
uint32 constant ROLE_PHARMACY = 4;
uint32 constant ROLE_AUDITOR = 8;
uint32 constant ROLE_REGULATOR = 16;
uint32 constant ROLE_VOTER = 32;
uint32 constant ROLES_ALL = 63;

/// @dev A stream is participant * 2^16 + local number.
uint256 constant STREAM_BITS = 16;

/// @title Consortium: participants and their keys
/// @notice Who takes part, with which roles and keys, now and at any past time. Times are Unix seconds.
/// @dev The events below are all changes of state there are: replayed in order, with the time of each block, they give
///      every answer of every view. Those of the first participants are in the transaction of deployment.
interface IConsortium {
    /// @notice An organisation in the network.
    /// @param slug Short name, 1 to 32 of a-z, 0-9 and inner hyphens; never used twice.
    /// @param name Name for people, 1 to 128 bytes of well-formed UTF-8 without control characters.
    /// @param url Address of its gateway; empty if it runs none, else `http://` or `https://` and a host, at most 256
    ///        bytes of visible ASCII.
    /// @param roles Bits: 1 manufacturer, 2 distributor, 4 pharmacy, 8 auditor, 16 regulator, 32 voter.
    /// @param status 1 active, 2 suspended, 3 removed. A new participant is active.
    /// @param adminKey Votes and manages the participant's own keys and URL.
    /// @param recoveryKey Kept cold; replaces the admin key.
    struct Participant {
        string slug;
        string name;
        string url;
        uint32 roles;
        uint8 status;
        address adminKey;
        address recoveryKey;
    }

    /// @notice What is known of a key. Zero in every member: no such key.
    /// @param participant Owner; a key never changes hands.
    /// @param purpose 1 anchor, 2 sign.
    /// @param validFrom First second of validity.
    /// @param validUntil First second after validity; 0 is no end.
    /// @param revokedAt Time of revocation, 0 if not revoked.
    /// @param compromisedSince From when on its signatures prove nothing, if the revocation said so; else 0.
    /// @param limited Whether it serves only the streams that `streamsOf` lists.
    struct KeyRecord {
        uint32 participant;
        uint8 purpose;
        uint64 validFrom;
        uint64 validUntil;
        uint64 revokedAt;
        uint64 compromisedSince;
        bool limited;
    }

    /// @notice A key as given at admission; members as in `KeyRecord`. No streams: not limited.
    struct InitialKey {
        address key;
        uint8 purpose;
        uint64 validFrom;
        uint64 validUntil;
        uint64[] streams;
    }

    /// @notice A status and the time from which on it holds.
    struct StatusChange {
        uint64 since;
        uint8 status;
    }

    /// @notice A gateway's address and the time from which on it holds.
    struct UrlChange {
        uint64 since;
        string url;
    }

    /// @notice A half-open interval of time; `until` 0 is not ended.
    struct Interval {
        uint64 from;
        uint64 until;
    }

    /// @notice A participant was admitted, is active, and its key epoch is 1.
    event ParticipantAdmitted(
        uint32 indexed id,
        string slug,
        string name,
        string url,
        uint32 roles,
        address adminKey,
        address recoveryKey
    );
    /// @notice A participant was suspended, reinstated or removed.
    event StatusChanged(uint32 indexed id, uint8 status);
    /// @notice A participant's roles are now exactly `roles`.
    event RolesChanged(uint32 indexed id, uint32 roles);
    /// @notice A participant's gateway moved.
    event UrlChanged(uint32 indexed id, string url);
    /// @notice A participant has a new admin key.
    /// @param epoch Key epoch from now on; it grows when the other participants replaced the key by vote.
    event AdminKeyReplaced(uint32 indexed id, address indexed oldKey, address indexed newKey, uint32 epoch);
    /// @notice A participant has a new recovery key.
    event RecoveryKeyReplaced(uint32 indexed id, address indexed oldKey, address indexed newKey);
    /// @notice A key was added. Empty `streams`: it serves all streams of its participant.
    event KeyAdded(
        uint32 indexed id,
        address indexed key,
        uint8 purpose,
        uint64 validFrom,
        uint64 validUntil,
        uint64[] streams
    );
    /// @notice A key was revoked, at the time of this block; again only if its compromise is found to be older.
    event KeyRevoked(uint32 indexed id, address indexed key, uint64 compromisedSince);

    /// @notice No participant has this id.
    error ConsortiumUnknownParticipant(uint32 id);
    /// @notice The participant was removed; nothing of it changes any more, but keys can still be revoked.
    error ConsortiumRemoved(uint32 id);
    /// @notice Slug, name, roles or status does not keep the rules of `Participant`.
    error ConsortiumInvalidParticipant(uint32 id);
    /// @notice The URL does not keep the rules of `Participant`.
    error ConsortiumInvalidUrl(string url);
    /// @notice No role, a role that does not exist, or what the participant has already.
    error ConsortiumInvalidRoles(uint32 id, uint32 roles);
    /// @notice Another participant has, or had, this slug.
    error ConsortiumSlugTaken(string slug);
    /// @notice Zero address, unknown purpose, empty validity, or a stream that is foreign or named twice.
    error ConsortiumInvalidKey(address key);
    /// @notice An address serves one participant in one function for ever; this one already does.
    error ConsortiumKeyInUse(address key);
    /// @notice No participant goes from status `from` to status `to`; removal is for ever.
    error ConsortiumInvalidStatus(uint32 id, uint8 from, uint8 to);
    /// @notice The constructor needs at least one participant and one list of keys for each.
    error ConsortiumSetupMismatch(uint256 participants, uint256 keyLists);

    /// @notice Number of participants ever admitted; their ids are 1 to this number.
    function participantCount() external view returns (uint32);

    /// @notice A participant as it is now; reverts if `id` is unknown.
    function participant(uint32 id) external view returns (Participant memory);

    /// @notice Id of the participant with this slug, 0 if there is none.
    function participantBySlug(string calldata slug) external view returns (uint32);

    /// @notice Id of the participant whose admin key `adminKey` is now, 0 if there is none.
    function participantByAdminKey(address adminKey) external view returns (uint32);

    /// @notice Status at a time, 0 before admission. A change holds from the time of its block on.
    function statusAt(uint32 id, uint64 time) external view returns (uint8);

    /// @notice All changes of status, oldest first; the first is the admission.
    /// @dev Of several changes within one block only the last is kept.
    function statusChangesOf(uint32 id) external view returns (StatusChange[] memory);

    /// @notice Times of suspension, oldest first. A receipt's promise is extended by them.
    function suspensionsOf(uint32 id) external view returns (Interval[] memory);

    /// @notice Roles at a time, 0 before admission.
    function rolesAt(uint32 id, uint64 time) external view returns (uint32);

    /// @notice Admin key at a time, zero before admission.
    function adminKeyAt(uint32 id, uint64 time) external view returns (address);

    /// @notice Recovery key at a time, zero before admission.
    function recoveryKeyAt(uint32 id, uint64 time) external view returns (address);

    /// @notice All addresses of a participant's gateway, oldest first; the first is that of the admission.
    function urlChangesOf(uint32 id) external view returns (UrlChange[] memory);

    /// @notice Key epoch now, from 1; 0 for an unknown id.
    function keyEpoch(uint32 id) external view returns (uint32);

    /// @notice What is known of a key; all zero if nothing.
    function key(address account) external view returns (KeyRecord memory);

    /// @notice All keys a participant ever had, in order of addition, revoked ones too.
    function keysOf(uint32 id) external view returns (address[] memory);

    /// @notice Streams that a limited key serves; empty for a key that is not limited.
    function streamsOf(address account) external view returns (uint64[] memory);

    /// @notice Whether `stream` belongs to the key's participant and the key is not limited to others.
    function servesStream(address account, uint64 stream) external view returns (bool);

    /// @notice Whether `account` may anchor in `stream` now: right purpose, valid, participant active, stream served.
    function mayAnchor(address account, uint64 stream) external view returns (bool);

    /// @notice Whether `account` was a key of the participant, for this purpose, valid at `time`.
    /// @dev Not valid from `compromisedSince` on. Says nothing of the participant's status: ask `statusAt`.
    function keyValidAt(address account, uint32 participantId, uint8 purpose, uint64 time)
        external
        view
        returns (bool);
}

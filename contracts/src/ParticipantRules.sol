// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortium, ROLES_ALL, STATUS_ACTIVE} from "./interfaces/IConsortium.sol";
import {PlainText} from "./PlainText.sol";

/// @title How a participant is written
/// @notice The rules of `IConsortium.Participant` for slug, name, URL and roles.
library ParticipantRules {
    uint256 private constant SLUG_BYTES_MAX = 32;
    uint256 private constant NAME_BYTES_MAX = 128;
    uint256 private constant URL_BYTES_MAX = 256;

    /// @dev Says nothing of the URL: that has an error of its own.
    function isWellFormed(IConsortium.Participant memory newcomer) internal pure returns (bool) {
        uint256 nameSize = bytes(newcomer.name).length;
        return nameSize != 0 && nameSize <= NAME_BYTES_MAX && newcomer.status == STATUS_ACTIVE
            && areRoles(newcomer.roles) && isSlug(bytes(newcomer.slug))
            && PlainText.isPlain(newcomer.name, false);
    }

    function areRoles(uint32 roles) internal pure returns (bool) {
        return roles != 0 && roles & ~ROLES_ALL == 0;
    }

    /// @dev Empty, or `http://` or `https://`, a letter, a digit or `[` that begins a host, and visible ASCII.
    function isUrl(bytes memory url) internal pure returns (bool) {
        if (url.length == 0) return true;
        uint256 host = _begins(url, "https://") ? 8 : _begins(url, "http://") ? 7 : 0;
        if (host == 0 || url.length <= host || url.length > URL_BYTES_MAX) return false;
        if (!_isAlphanumeric(url[host] | 0x20) && url[host] != "[") return false;
        for (uint256 i = host; i < url.length; ++i) {
            if (url[i] <= 0x20 || url[i] >= 0x7f) return false;
        }
        return true;
    }

    function isSlug(bytes memory slug) internal pure returns (bool) {
        if (slug.length == 0 || slug.length > SLUG_BYTES_MAX) return false;
        for (uint256 i = 0; i < slug.length; ++i) {
            bool inner = i != 0 && i != slug.length - 1;
            if (!_isAlphanumeric(slug[i]) && !(slug[i] == "-" && inner)) return false;
        }
        return true;
    }

    /// @dev Lower case only.
    function _isAlphanumeric(bytes1 char) private pure returns (bool) {
        return (char >= "a" && char <= "z") || (char >= "0" && char <= "9");
    }

    function _begins(bytes memory text, bytes memory start) private pure returns (bool) {
        if (text.length < start.length) return false;
        for (uint256 i = 0; i < start.length; ++i) {
            if (text[i] != start[i]) return false;
        }
        return true;
    }
}

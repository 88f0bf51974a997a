// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Text that every reader can decode, store and show
/// @notice Strings of a contract are any bytes. One notice that does not decode would stop the follower of every gateway,
///         and a zero byte the databases of some; so what is public for ever is checked here, once.
library PlainText {
    /// @notice Whether `text` is well-formed UTF-8 (Unicode 15, table 3-7) without control characters U+0000 to U+001F
    ///         and U+007F, line feeds excepted if `lines`.
    function isPlain(string memory text, bool lines) internal pure returns (bool) {
        bytes memory units = bytes(text);
        uint256 i = 0;
        while (i < units.length) {
            uint256 size = _sequence(units, i);
            if (size == 0) return false;
            if (size == 1 && units[i] < 0x20 && !(lines && units[i] == 0x0a)) return false;
            i += size;
        }
        return true;
    }

    /// @notice Whether `text` has no other bytes than the printable ones of ASCII, without space.
    function isPrintableAscii(string memory text) internal pure returns (bool) {
        bytes memory units = bytes(text);
        for (uint256 i = 0; i < units.length; ++i) {
            if (units[i] < 0x21 || units[i] > 0x7e) return false;
        }
        return true;
    }

    /// @dev Bytes of the character at `i`, 0 if there is none.
    function _sequence(bytes memory units, uint256 i) private pure returns (uint256 size) {
        uint8 first = uint8(units[i]);
        if (first < 0x7f) return 1;
        if (first < 0xc2 || first > 0xf4) return 0;
        size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
        if (i + size > units.length) return 0;
        uint8 second = uint8(units[i + 1]);
        uint8 least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80; // else it had a shorter form
        uint8 most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf; // else a surrogate, or beyond U+10FFFF
        if (second < least || second > most) return 0;
        for (uint256 j = i + 2; j < i + size; ++j) {
            if (units[j] & 0xc0 != 0x80) return 0;
        }
    }
}

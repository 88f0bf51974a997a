// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Prefixes of codes
/// @notice A prefix as text, `gs1:` with 4 to 12 digits or `cn:` with 7, and packed into 16 bytes: its ASCII characters,
///         then zeros. Cutting a packed prefix gives the packed prefixes above it.
library CodePrefix {
    uint256 private constant TEXT_BYTES_MAX = 64;

    /// @notice The packed prefix of `text`, zero if it is none.
    /// @param whole Whether `text` may have more digits than a prefix, up to 64 bytes in all; they are cut off.
    function pack(string memory text, bool whole) internal pure returns (bytes16 packed) {
        bytes memory chars = bytes(text);
        if (chars.length > TEXT_BYTES_MAX) return 0;
        uint256 first = _digitsFrom(chars);
        if (first == 0) return 0;
        for (uint256 i = first; i < chars.length; ++i) {
            if (chars[i] < "0" || chars[i] > "9") return 0;
        }
        packed = bytes16(bytes32(chars));
        if (chars.length < shortest(packed)) return 0;
        uint256 most = longest(packed);
        return chars.length <= most || whole ? cut(packed, most) : bytes16(0);
    }

    /// @notice The text of a packed prefix.
    function unpack(bytes16 packed) internal pure returns (string memory) {
        bytes memory chars = new bytes(sizeOf(packed));
        for (uint256 i = 0; i < chars.length; ++i) {
            chars[i] = packed[i];
        }
        return string(chars);
    }

    /// @notice Whether a packed prefix names one product: a GTIN without indicator and check digit, or a drug.
    function isProduct(bytes16 packed) internal pure returns (bool) {
        return packed != 0 && sizeOf(packed) == longest(packed);
    }

    /// @notice The first `size` characters.
    function cut(bytes16 packed, uint256 size) internal pure returns (bytes16) {
        return packed & bytes16(~(type(uint128).max >> (8 * size)));
    }

    /// @notice Number of characters.
    function sizeOf(bytes16 packed) internal pure returns (uint256 size) {
        while (size < 16 && packed[size] != 0) ++size;
    }

    /// @notice Characters of the shortest prefix in the scheme of `packed`.
    function shortest(bytes16 packed) internal pure returns (uint256) {
        return packed[0] == "g" ? 8 : 10;
    }

    /// @notice Characters of the longest prefix in the scheme of `packed`.
    function longest(bytes16 packed) internal pure returns (uint256) {
        return packed[0] == "g" ? 16 : 10;
    }

    /// @dev Where the digits begin, 0 if there is no known scheme.
    function _digitsFrom(bytes memory chars) private pure returns (uint256) {
        if (chars.length > 4 && bytes4(chars) == "gs1:") return 4;
        if (chars.length > 3 && bytes3(chars) == "cn:") return 3;
        return 0;
    }
}

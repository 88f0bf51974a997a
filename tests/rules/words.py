"""Words that have no place, and the few places where each is right after all.

`OWN` are the files that must write the words in order to ban them.
"""

import re
from dataclasses import dataclass, field
from fnmatch import fnmatch

from tests.rules.source import Source

OWN = ("tests/rules/words.py", "tests/test_repository_words.py", "tests/test_conftest.py")


@dataclass(frozen=True)
class Ban:
    """A pattern, what to say instead, and where it is allowed with the reason."""

    pattern: str
    instead: str
    allowed: dict[str, str] = field(default_factory=dict)

    def found_in(self, source: Source) -> list[str]:
        if any(fnmatch(source.path, pattern) for pattern in (*OWN, *self.allowed)):
            return []
        return [
            f"{source.path}:{number} says {match[0]!r}: {self.instead}"
            for number, line in enumerate(source.lines, 1)
            for match in re.finditer(self.pattern, line)
        ]


# The glossary: one word for one thing, in prose and in names.
GLOSSARY = (
    Ban(
        r"(?i)merkle[ _-]?proofs?\b",
        "an inclusion proof, or a bundle if it holds an anchor",
        {"tests/compat/*": "name in the merkletools interface"},
    ),
    Ban(r"(?i)audit[ _-]paths?\b", "a path"),
    Ban(r"(?i)\bnotari[sz]\w*", "to anchor, or to commit"),
    Ban(r"(?i)\bingest\w*", "to capture"),
    Ban(r"(?i)proof[ _-]files?\b", "a bundle"),
    Ban(r"(?i)(?<![a-z])(white|black)[ _-]?list\w*", "an allow list, a deny list"),
    Ban(r"(?i)\b(sha|price|chain)[ _-]?oracles?\b", "a witness"),
    Ban(r"(?i)\bdistributed ledger\b|\bon the blockchain\b", "anchored on the chain"),
    Ban(r"(?i)_reveal|\breveal\w*_|\bdef reveal|\bselective(ly)? reveal", "to disclose"),
    Ban(r"(?i)\bdummy\b", "a decoy, or the thing's own name"),
    Ban(r"(?i)\bgateway[ _-]?nodes?\b", "a gateway"),
    Ban(r"(?i)\bdigest[ _-]of[ _-]the[ _-]leaf\b|\bleaf[ _-]digest\b", "a leaf hash"),
)

# What says that code is not finished, or that a test does not count.
UNFINISHED = tuple(
    Ban(pattern, "finish it, or leave it out")
    for pattern in (
        r"\b(TODO|FIXME|XXX|HACK)\b",
        r"\bNotImplementedError\b",
        r"\bpytest\.(mark\.)?(skip|skipif|xfail|importorskip)\b",
        r"\bunittest\.skip",
        r"\b(it|test|describe)\.(skip|todo)\b",
        r"\bvm\.skip\b",
    )
)

# Hosts of package registries: which one is used is the business of the machine.
REGISTRY_HOSTS = Ban(
    r"(?i)\b(pypi\.org|pythonhosted\.org|npmjs\.(org|com)|yarnpkg\.com|unpkg\.com|jsdelivr\.net"
    r"|crates\.io|golang\.org|rubygems\.org|ghcr\.io|docker\.(io|com)|quay\.io|debian\.org)\b",
    "name the package, not the host it comes from",
)

# Folders of one machine. A home folder is `~` or a variable.
MACHINE_PATHS = Ban(
    r"(?<![\w.~$}*/-])/(work|root|home|Users|mnt)/[\w.]",
    "say it from the root of the repository, or with a variable",
)

"""Who may import what: the direction of dependencies, purity, signing, randomness."""

import ast
import re
import sys
from collections.abc import Iterator

from tests.rules.source import Source

# Standard modules through which a clock, a file, the network, the environment, randomness or
# another thread would enter `anchoring/core`.
IMPURE = frozenset(
    """
    _thread asyncio atexit builtins concurrent contextvars ctypes dbm faulthandler fcntl fileinput
    getpass glob http imaplib importlib io locale logging mmap multiprocessing os pathlib pickle
    platform queue random resource runpy sched secrets select selectors shelve shutil signal
    smtplib socket socketserver sqlite3 ssl subprocess sys tempfile threading time tkinter
    tracemalloc urllib uuid warnings webbrowser xmlrpc zoneinfo
    """.split()  # noqa: SIM905  a list in quotes would take forty lines
)
IMPURE_CALLS = frozenset({"open", "input", "print", "exec", "eval", "compile", "__import__"})
CLOCK_READS = frozenset({"now", "utcnow", "today"})

SIGNING = ("eth_account", "eth_keys", "eth_keyfile", "coincurve")
RAISING = ("eth_account", "eth_keyfile", "py_ecc", "web3")
KEEPING = "recursion_limit_kept"
MIGRATION = re.compile(r"(^|\.)(alembic|migrat\w*|upgrade\w*|prepare_database)(\.|$)")
MIGRATING_CALLS = frozenset({"create_all", "migrate", "prepare_database"})
RANDOM_MODULES = ("secrets", "random")
RANDOM_NAMES = frozenset(
    {"os.urandom", "os.getrandom", "uuid.uuid1", "uuid.uuid4", "ssl.RAND_bytes", "Account.create"}
)


def imports(source: Source) -> Iterator[tuple[int, str]]:
    """Yield (line, absolute dotted name); `from a import b` yields `a.b`."""
    package = source.module.split(".")
    if not source.path.endswith("/__init__.py"):
        package = package[:-1]
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield node.lineno, f"{start}.{alias.name}"


def is_below(name: str, roots: tuple[str, ...] | frozenset[str]) -> bool:
    """Tell if `name` is one of `roots` or inside it: `os.path` is below `os`, `osmium` is not."""
    return any(name == root or name.startswith(f"{root}.") for root in roots)


def importing(source: Source, roots: tuple[str, ...]) -> list[str]:
    return [
        f"{source.path}:{line} imports {name}"
        for line, name in imports(source)
        if is_below(name, roots)
    ]


def raising_recursion(source: Source) -> list[str]:
    """Imports that raise the limit of recursion, where nothing restores it afterwards."""
    kept = {
        line
        for node in ast.walk(source.tree)
        if isinstance(node, ast.With)
        and any(KEEPING in ast.unparse(item.context_expr) for item in node.items)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    return [
        f"{source.path}:{line} imports {name}"
        for line, name in imports(source)
        if is_below(name, RAISING) and line not in kept
    ]


def foreign_to_core(source: Source) -> list[str]:
    """Imports of `anchoring/core` beyond pure stdlib, rfc8785, itself and the errors."""
    ours = ("rfc8785", "anchoring.core", "anchoring.errors")
    return [
        f"{source.path}:{line} imports {name}"
        for line, name in imports(source)
        if not is_below(name, ours)
        and (name.partition(".")[0] not in sys.stdlib_module_names or is_below(name, IMPURE))
    ]


def migrating(source: Source) -> list[str]:
    """Imports of Alembic or of whatever migrates, and calls that create tables."""
    found = [
        f"{source.path}:{line} imports {name}"
        for line, name in imports(source)
        if MIGRATION.search(name)
    ]
    found += [
        f"{source.path}:{node.lineno} calls {dotted(node.func)}"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and dotted(node.func).rpartition(".")[2] in MIGRATING_CALLS
    ]
    return found


def impure_calls(source: Source) -> list[str]:
    found = []
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call):
            continue
        name = dotted(node.func)
        if name in IMPURE_CALLS or name.rpartition(".")[2] in CLOCK_READS:
            found.append(f"{source.path}:{node.lineno} calls {name}")
    return found


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a chain of attributes; what is not a name is written `?`."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def randomness(source: Source) -> list[str]:
    """Every place where the module could draw randomness."""
    found = importing(source, (*RANDOM_MODULES, *RANDOM_NAMES))
    found += [
        f"{source.path}:{node.lineno} names {dotted(node)}"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and dotted(node) in RANDOM_NAMES
    ]
    return found

"""How large a thing may be, what it may be called, and what a module may hold."""

import ast
import re
from collections.abc import Iterator

from tests.rules.source import Source

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
VAGUE_NAMES = re.compile(r"(^|_)(utils?|common|helpers?|managers?|misc)(_|$)")

# Calls that make something which other calls can change.
MUTABLE_CALLS = frozenset(
    """
    list dict set bytearray defaultdict OrderedDict Counter deque count cycle ContextVar local
    Lock RLock Semaphore Condition Event Queue WeakValueDictionary WeakKeyDictionary
    """.split()  # noqa: SIM905  shorter than a list in quotes
)
MUTATORS = frozenset(
    """
    add append appendleft clear discard extend insert pop popitem popleft remove reverse
    setdefault sort update
    """.split()  # noqa: SIM905
)
CONSTANT = re.compile(r"_{0,2}[A-Z][A-Z0-9_]*|__all__")
DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# `function name(...)` of Solidity and JavaScript, `constructor(...)`, methods with a body.
BRACED = re.compile(
    r"^\s*(?:export\s+|async\s+|static\s+)*(?:function\b\s*\*?\s*(\w*)|constructor\b)"
)


def long_file(source: Source) -> list[str]:
    count = len(source.lines)
    return [f"{source.path} has {count} lines"] if count > FILE_LINES_MAX else []


def long_functions(source: Source) -> list[str]:
    spans = python_functions(source) if source.path.endswith(".py") else braced_functions(source)
    return [
        f"{source.path}:{line} {name} has {count} lines"
        for name, line, count in spans
        if count > FUNCTION_LINES_MAX
    ]


def python_functions(source: Source) -> Iterator[tuple[str, int, int]]:
    """Yield (name, first line, lines) of every function; its docstring is not counted."""
    for node in ast.walk(source.tree):
        if isinstance(node, FUNCTIONS):
            count = (node.end_lineno or node.lineno) - node.lineno + 1
            if ast.get_docstring(node, clean=False) is not None:
                text = node.body[0]
                count -= (text.end_lineno or text.lineno) - text.lineno + 1
            yield node.name, node.lineno, count


def braced_functions(source: Source) -> Iterator[tuple[str, int, int]]:
    """The same for Solidity, JavaScript and TypeScript, by counting braces."""
    lines = source.lines
    for start, line in enumerate(lines):
        match = BRACED.match(line)
        if match is None:
            continue
        depth, opened = 0, False
        for end in range(start, len(lines)):
            text = re.sub(r"//.*|\"[^\"]*\"|'[^']*'|`[^`]*`", "", lines[end])
            depth += text.count("{") - text.count("}")
            opened = opened or "{" in text
            if (opened and depth <= 0) or (not opened and text.rstrip().endswith(";")):
                yield match[1] or "constructor", start + 1, end - start + 1
                break


def vague_name(path: str) -> list[str]:
    parts = [part.partition(".")[0] for part in path.split("/")]
    return [f"{path}: {part!r} says nothing" for part in parts if VAGUE_NAMES.search(part)]


def mutable_state(source: Source) -> list[str]:
    """What would make a module remember something between calls.

    Refused: the statement `global`; a mutable container, lock, counter or context variable bound
    at module level to a name that is not UPPER_CASE; and an UPPER_CASE container that any
    statement of the module changes (assigns into, deletes from, or calls a mutating method on).
    """
    found = [
        f"{source.path}:{node.lineno} says global {', '.join(node.names)}"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Global)
    ]
    held = dict(module_bindings(source.tree))
    for name, value in held.items():
        if CONSTANT.fullmatch(name) is None or is_lock_like(value):
            found.append(f"{source.path}:{value.lineno} holds {name}")
    changed = {name: line for name, line in mutations(source.tree) if name in held}
    found += [f"{source.path}:{line} changes {name}" for name, line in changed.items()]
    return found


def module_bindings(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Yield (name, value) of what is mutable and bound at module level, also below `if`, `try`."""
    pending: list[ast.stmt] = list(tree.body)
    while pending:
        node = pending.pop(0)
        if isinstance(node, (ast.If, ast.Try, ast.With, ast.For, ast.While)):
            pending += [
                child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)
            ]
            pending += [
                child for handler in getattr(node, "handlers", []) for child in handler.body
            ]
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        value = getattr(node, "value", None)
        if isinstance(value, ast.expr) and is_mutable(value):
            yield from ((t.id, value) for t in targets if isinstance(t, ast.Name))


def is_mutable(value: ast.expr) -> bool:
    return isinstance(value, DISPLAYS) or _called(value) in MUTABLE_CALLS


def is_lock_like(value: ast.expr) -> bool:
    """Tell if even a constant name is no excuse: these exist only in order to change."""
    return _called(value) in MUTABLE_CALLS - {"list", "dict", "set", "OrderedDict"}


def _called(value: ast.expr) -> str | None:
    if not isinstance(value, ast.Call):
        return None
    function = value.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", None)


def mutations(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in MUTATORS and isinstance(node.func.value, ast.Name):
                yield node.func.value.id, node.lineno
        elif (
            isinstance(node, ast.Subscript)
            and isinstance(node.ctx, (ast.Store, ast.Del))
            and isinstance(node.value, ast.Name)
        ):
            yield node.value.id, node.lineno
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node.lineno


def undocumented(source: Source) -> list[str]:
    """Public modules, classes, functions and methods without a docstring."""
    found = [] if ast.get_docstring(source.tree) else [f"{source.path}: the module"]
    pending: list[tuple[str, ast.AST]] = [("", source.tree)]
    while pending:
        prefix, parent = pending.pop()
        for node in ast.iter_child_nodes(parent):
            if not isinstance(node, (ast.ClassDef, *FUNCTIONS)) or node.name.startswith("_"):
                continue
            if ast.get_docstring(node) is None and not _is_overload(node):
                found.append(f"{source.path}:{node.lineno} {prefix}{node.name}")
            if isinstance(node, ast.ClassDef):
                pending.append((f"{node.name}.", node))
    return found


def _is_overload(node: ast.AST) -> bool:
    names = {getattr(item, "attr", getattr(item, "id", "")) for item in node.decorator_list}  # type: ignore[attr-defined]
    return bool(names & {"overload", "override", "setter"})

"""Who may import whom: the table of the design, held against the syntax tree of every file."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORE = {"numpy", "scipy", "msgpack", "zstandard", "msgspec", "cryptography", "filelock", "keyring"}
BATTERY = "calibration.battery"
EDGES = {"engine.commands", "engine.formats", "engine.pads", "engine.panda", "engine.openxr", "engine.sound"}
# folder: (folders of ours it may import, libraries it may import)
TABLE: dict[str, tuple[set[str], set[str]]] = {
    "engine": ({"engine"}, CORE),
    # What the command line does: here everything is wired together, and nothing but that wires.
    "engine/commands": (
        {"engine", "games", "calibration", BATTERY, "server_sync", *EDGES},
        CORE | {"typer", "rich", "av", "matplotlib", "fontpkg_atkinson_hyperlegible"},
    ),
    # Benches are held against what others made.
    "engine/commands/bench": (
        {"engine", "games", "calibration", BATTERY, "server_sync", *EDGES},
        CORE
        | {"matplotlib", "mcap", "panda3d", "pyarrow", "questplus", "antropy", "neurokit2", "openbalance"}
        | {"litestar"},
    ),
    "engine/formats": (
        {"engine", "engine.formats"},
        {"numpy", "msgspec", "zstandard", "ezc3d", "pyarrow", "mcap"},
    ),
    "engine/panda": ({"engine", "engine.panda"}, {"panda3d", "gltf", "numpy", "font_fredoka_one", "fontpkg_lexend"}),
    "engine/openxr": ({"engine", "engine.panda", "engine.openxr"}, {"xr", "panda3d", "numpy", "msgspec"}),
    # Its bench plays whole sessions, and is held against another program's layer.
    "engine/openxr/bench": (
        {"engine", "engine.panda", "engine.openxr", "engine.commands"},
        {"xr", "panda3d", "direct", "p3dopenxr"},
    ),
    "engine/sound": ({"engine", "engine.sound"}, {"pygame", "numpy"}),
    "engine/pads": ({"engine", "engine.pads"}, {"pygame"}),
    "games": ({"engine", "games"}, {"numpy"}),
    "calibration": ({"engine", "calibration"}, {"numpy", "scipy", "msgspec"}),
    # What both sides say to each other.
    "server_sync": ({"engine", "server_sync"}, {"msgspec", "zstandard", "cryptography"}),
    "server_sync/client": (
        {"engine", "server_sync"},
        {"cryptography", "filelock", "httpx", "msgspec", "rich", "zstandard"},
    ),
    "server_sync/clinic": (
        {"engine", "games", BATTERY, "server_sync"},  # the registries, for what is prescribed
        {"alembic", "argon2", "cryptography", "msgspec", "numpy", "obstore", "pyarrow", "pysqlite3", "sqlalchemy"}
        | {"dask", "distributed", "filelock", "pyotp", "zstandard"},
    ),
    "server_sync/web": (
        {"engine", "server_sync"},
        {
            "anyio",
            "cryptography",
            "litestar",
            "markupsafe",
            "msgspec",
            "prometheus_client",
            "segno",
            "sqlalchemy",
            "uvicorn",
        }
        | {"zstandard"},
    ),
    "server_sync/fhir": ({"engine", "server_sync"}, {"cryptography", "httpx", "jwt", "msgspec"}),
    "server_sync/page": (
        {"engine", "server_sync", "games", BATTERY},  # the registries, for what parameters and measures are called
        {"babel", "fontpkg_atkinson_hyperlegible", "jinja2", "markupsafe", "msgspec", "typst"},
    ),
}


def _folder(path: Path) -> str:
    folders = path.relative_to(ROOT).parents
    return next(folder.as_posix() for folder in folders if folder.as_posix() in TABLE)


def _files() -> list[Path]:
    return [
        p for name in ("engine", "games", "calibration", "server_sync") for p in sorted((ROOT / name).rglob("*.py"))
    ]


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide what is imported"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _home(name: str) -> str:
    """The folder of ours that a module lies in, "" for a library."""
    for edge in (*EDGES, BATTERY):
        if name == edge or name.startswith(edge + "."):
            return edge
    top = name.partition(".")[0]
    return top if top in {"engine", "games", "calibration", "server_sync", "assets", "steadyreach"} else ""


@pytest.mark.parametrize("path", _files(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_follow_the_table(path: Path) -> None:
    ours, libraries = TABLE[_folder(path)]
    for name in _imports(path):
        home, top = _home(name), name.partition(".")[0]
        known = libraries | set(sys.stdlib_module_names)
        assert home in ours if home else top in known, f"{path} imports {name}"


def test_a_game_imports_no_other_game() -> None:
    for path in (ROOT / "games").glob("*.py"):
        others = {p.stem for p in (ROOT / "games").glob("*.py")} - {path.stem, "__init__"}
        assert not {f"games.{other}" for other in others} & set(_imports(path)), path


def test_the_server_knows_games_only_through_the_registry() -> None:
    for path in (ROOT / "server_sync").rglob("*.py"):
        names = list(_imports(path))
        assert not [name for name in names if name.startswith("games.") and name.count(".") > 1], path
        assert not [name for name in names if name.startswith(f"{BATTERY}.") and name.count(".") > 2], path


def test_no_modules_import_each_other_in_a_ring() -> None:
    graph = {_module(path): {n for n in _imports(path) if _home(n)} for path in _files()}
    edges = {module: {name for name in names if name in graph and name != module} for module, names in graph.items()}
    while leaves := [module for module, names in edges.items() if not names]:
        edges = {module: names - set(leaves) for module, names in edges.items() if module not in leaves}
    assert not edges, f"these import each other: {sorted(edges)}"


def test_the_core_runs_without_the_edges() -> None:
    blocked = "panda3d", "xr", "pygame", "litestar", "sqlalchemy", "httpx"
    program = f"import sys; sys.modules.update(dict.fromkeys({blocked}));" + (
        "import engine.session, engine.simulated, engine.replay, engine.machine;"
        "import games.fruit_ladder, games.harbour_lean;"
        "import calibration.imported, calibration.adaptation, engine.commands.visits, engine.commands.play, steadyreach"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


def test_a_command_starts_without_the_parts_of_scipy_that_take_a_second() -> None:
    program = (
        "import sys, steadyreach; sys.exit(bool({'scipy.signal', 'scipy.special', 'scipy.spatial'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")

"""`verify` on the command line, about goods that are recalled and codes of somebody else."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from anchoring.chain.network import WitnessGroup, write_network
from anchoring.core.bundle import bundles_to_json
from tests.anchoring.chain import lies
from tests.anchoring.chain.quorum_scene import QuorumScene, open_scene
from tests.anchoring.cli_scene import Run, anchoring
from tests.liars import truth


@dataclass
class Desk:
    """Somebody at a command line, with a network file and bundles."""

    scene: QuorumScene
    folder: Path

    def verify(self, name: str, *options: str) -> Run:
        self.write(name, self.scene.bundles[name].bundle.to_json())
        return self.verify_file(name, *options)

    def write(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)

    def verify_file(self, name: str, *options: str) -> Run:
        network = str(self.folder / "network.json")
        return anchoring("verify", str(self.folder / name), "--network", network, *options)


@contextmanager
def opened(folder: Path) -> Iterator[Desk]:
    loop = asyncio.new_event_loop()
    manager = open_scene()
    scene = loop.run_until_complete(manager.__aenter__())
    try:
        network = replace(
            scene.network,
            witnesses=(
                WitnessGroup("honest", None, (scene.nodes.followers[0].url,)),
                WitnessGroup("liar", None, (scene.liar.url,)),
            ),
        )
        write_network(folder / "network.json", network)
        yield Desk(scene, folder)
    finally:
        loop.run_until_complete(manager.__aexit__(None, None, None))
        loop.close()


@pytest.fixture(scope="module")
def module_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with opened(tmp_path_factory.mktemp("findings")) as made:
        yield made


@pytest.fixture
def desk(module_desk: Desk) -> Desk:
    module_desk.scene.liar.lie = truth
    return module_desk


def test_a_recall_is_14_and_says_who_shows_it(desk: Desk) -> None:
    desk.scene.liar.lie = lies.HIDING["no_notices"]
    run = desk.verify("recalled")
    assert run.status == 14
    assert run.out.startswith("recalled: gs1:950600013501 (notice 1, level 2, since 2023-")
    assert "  participant 1 stated: ObjectEvent ADD" in run.out  # it is what was anchored
    assert "(recalled; shown by honest)" in run.err
    assert "Try: do not use or sell the goods" in run.err


def test_codes_of_somebody_else_are_14(desk: Desk) -> None:
    run = desk.verify("foreign", "--json")
    assert (run.status, run.json["outcome"], run.json["code"]) == (14, *2 * ("not_authorised",))
    [bundle] = run.json["bundles"]
    assert bundle["chain"]["anchored"] is True
    [warning] = bundle["chain"]["warnings"]
    assert warning["shownBy"] == ["honest", "liar"]
    assert "participant 1 did" in warning["text"]


def test_a_drill_is_told_and_blocks_nothing(desk: Desk) -> None:
    run = desk.verify("drill")
    assert run.status == 0
    assert "a drill, no real recall" in run.err


def test_what_a_lie_costs_is_told(desk: Desk) -> None:
    desk.scene.liar.lie = lies.STATE_LIES["no_record"]
    run = desk.verify("good")
    assert run.status == 13
    assert "contradicts_itself" in run.err
    run = desk.verify("good", "--quorum", "1", "--json")
    assert run.status == 0
    lines = run.json["bundles"][0]["chain"]["witnesses"]
    assert [(one["state"], one["proven"]) for one in lines] == [
        ("agrees", True),
        ("contradicts_itself", False),
    ]


def test_seals_do_not_suffice_where_none_are_known(desk: Desk) -> None:
    rpc = f"--rpc=one={desk.scene.nodes.followers[0].url}"
    run = desk.verify("good", rpc, "--seals-suffice", "--json")
    assert (run.status, run.json["code"]) == (13, "quorum_not_met")
    assert run.json["bundles"][0]["chain"]["seals"] is None


def test_the_worst_of_a_set_is_that_of_all(desk: Desk) -> None:
    bundles = {name: one.bundle for name, one in desk.scene.bundles.items()}
    for names, status, outcome in (
        (("good", "recalled"), 14, "recalled"),
        (("recalled", "foreign"), 14, "not_authorised"),
        (("foreign", "lot", "tampered"), 10, "refused"),
    ):
        desk.write("set", bundles_to_json([bundles[name] for name in names]))
        run = desk.verify_file("set", "--json")
        assert (run.status, run.json["outcome"]) == (status, outcome)

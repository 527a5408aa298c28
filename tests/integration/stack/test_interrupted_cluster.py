"""A first start that is cut off leaves nothing that a later one takes for a cluster."""

import subprocess
import sys
import time
from pathlib import Path

from local.postgres import cluster
from local.settings import ROOT
from tests.support.ports import free_port

PROGRAM = """
import sys
from pathlib import Path
from local.postgres import cluster
cluster.make(cluster.locate(Path(sys.argv[1]), 0, Path(sys.argv[2]), durable=False))
"""


def test_it_is_made_again_where_initdb_was_half_way(tmp_path: Path) -> None:
    """The starter is killed when initdb has written which version it is; initdb itself works on."""
    place = cluster.locate(tmp_path / "pgdata", free_port(), tmp_path / "postgres.log", durable=False)
    try:
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / "pgdata"), str(place.log)]
        with subprocess.Popen(command, cwd=ROOT) as process:
            deadline = time.monotonic() + 60
            while not [folder for folder in folders(place) if (folder / "PG_VERSION").exists()]:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.002)
            process.kill()
        assert not place.data.exists()

        assert cluster.make(place)
        assert folders(place) == [place.data]
        cluster.start(place)
        cluster.stop(place)
        assert not cluster.make(place)
    finally:
        cluster.remove(place)
    assert folders(place) == []


def folders(place: cluster.Cluster) -> list[Path]:
    return list(place.data.parent.glob(f"{place.data.name}*"))

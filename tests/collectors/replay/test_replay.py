"""Does a replay say what was recorded, when it was recorded; and does nothing secret get into a recording?"""

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from collectors import testing
from collectors.contract import Collector, Failed, Forbidden
from collectors.replay import MalformedRecording, Player, ReplaySettings, Script, document, plugin, read, write
from collectors.replay.record import Recorder, SecretInRecording, main
from graph.model import Alias, Entity, Holding, Key, KeyEnd, Knowledge, Position, Relation, Scope

ACCOUNT = Key.of(("cloud.account", "1"))
INSTANCE = ACCOUNT.child("cloud.region", "eu-west-1").child("aws.ec2.instance", "i-0a1b2c3d4e5f60001")


def instance(state: str) -> Entity:
    """Return an instance in a state."""
    alias = Alias("aws.ec2.instance.id", INSTANCE.id, Holding.FOREVER)
    return Entity(INSTANCE, "web", attributes={"state": state}, aliases=(alias,))


class Clock:
    """A clock that tests set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def scripted() -> tuple[Script, Scope, Scope]:
    """Return an account whose instance appears, stops, cannot be seen, and whose second scope goes away."""
    script = Script("aws")
    instances = script.scope("instances", "aws.ec2.instance", range=ACCOUNT, snapshot=False)
    images = script.scope("images", "container.image")
    script.complete(0, instances, [], position=1)
    script.complete(0, images, [document("d", Entity(Key.of(("container.image", "sha256:1")), "shop"))])
    script.complete(60, instances, [document("i", instance("running"), version="1")], position=2)
    script.complete(120, instances, [document("i", instance("stopped"), version="2")], position=3)
    script.forbidden(180, instances)
    script.absent(180, images)
    script.failed(240, instances, "no answer")
    script.complete(300, instances, [], position=4)
    return script, instances, images


def states(collector: Collector, scope: Scope) -> list[object]:
    """Return the states of the instances that a scope lists."""
    said = [each.statements[0] for each in testing.observed(collector, scope)]
    return [each.attributes["state"] for each in said if isinstance(each, Entity)]


def test_a_scope_says_what_it_said_at_that_second(tmp_path: Path) -> None:
    """From a script, and the same from the file that is written of it, compressed or not."""
    script, instances, images = scripted()
    for name in ("recording.jsonl", "recording.jsonl.gz"):
        write(script.recording(), tmp_path / name)
        assert read(tmp_path / name) == script.recording()
        clock = Clock()
        player = script.collector(clock)
        assert [scope.name for scope in player.scopes()] == ["instances", "images"]
        assert states(player, instances) == []
        clock.now = 160.0
        assert states(player, instances) == ["running"]
        assert next(iter(player.observe(instances))) == Position(2)
        clock.now = 279.9
        assert states(player, instances) == ["stopped"]
        clock.now = 280.0
        with pytest.raises(Forbidden):
            states(player, instances)
        assert [scope.name for scope in player.scopes()] == ["instances"]
        with pytest.raises(Failed, match="images is no scope of this recording at this moment"):
            testing.observed(player, images)
        clock.now = 340.0
        with pytest.raises(Failed, match="no answer"):
            states(player, instances)
        clock.now = 9999.0
        assert states(player, instances) == []


def test_the_same_recording_is_the_same_bytes(tmp_path: Path) -> None:
    """Written twice, and read and written again."""
    write(scripted()[0].recording(), tmp_path / "one.jsonl.gz")
    write(read(tmp_path / "one.jsonl.gz"), tmp_path / "two.jsonl.gz")
    assert (tmp_path / "one.jsonl.gz").read_bytes() == (tmp_path / "two.jsonl.gz").read_bytes()


def test_speed_beginning_and_loop_are_settings(tmp_path: Path) -> None:
    """Ten times as fast, from the middle, and from the start again after the end."""
    script, instances, _ = scripted()
    write(script.recording(), tmp_path / "recording.jsonl")
    settings = plugin.settings.model_validate({"path": str(tmp_path / "recording.jsonl"), "begin": 60})
    player = plugin.connect("demo", settings)
    assert states(player, instances) == ["running"]
    assert {scope.source for scope in player.scopes()} == {"demo"}
    clock = Clock()
    fast = Player("demo", script.recording, ReplaySettings(speed=10, loop=True), clock=clock)
    assert states(fast, instances) == []
    clock.now = 106.5
    assert states(fast, instances) == ["running"]
    clock.now = 136.5
    assert states(fast, instances) == ["running"]


def test_a_script_may_grow_while_it_is_played() -> None:
    """A test tells the story as it goes."""
    script, clock = Script("aws"), Clock()
    instances = script.scope("instances", "aws.ec2.instance", range=ACCOUNT)
    script.complete(0, instances, [])
    player = script.collector(clock)
    assert states(player, instances) == []
    script.complete(10, instances, [document("i", instance("running"))])
    clock.now = 110.0
    assert states(player, instances) == ["running"]
    with pytest.raises(ValueError, match="in order of time"):
        script.complete(5, instances, [])


HEADER = json.dumps(
    {
        "format": "asbuilt-recording",
        "version": 1,
        "source": "s",
        "states": ["k8s.pod"],
        "knowledge": {"version": 1, "fields": {}},
    }
)
FRAME = '{"at":0,"scope":{"name":"pods","states":["k8s.pod"]},"documents":[]}'
NODES = FRAME.replace("k8s.pod", "k8s.node")


def later(**fields: object) -> str:
    """Return a recording whose second frame has these fields."""
    return "\n".join([HEADER, FRAME, json.dumps({"at": 1, "scope": "pods"} | fields)])


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("", "line 1: it is empty"),
        ("{", "line 1: not JSON"),
        ("{}", "line 1: the first line must say that its format is asbuilt-recording"),
        (HEADER.replace('"version": 1', '"version": 2', 1), "line 1: version 2 is not 1"),
        (f"{HEADER}\n\n{{}}", "line 3: 'scope' is missing"),
        (f"{HEADER}\n7", "line 2: "),
        (f'{HEADER}\n{{"at":0,"scope":"pods"}}', "line 2: scope pods is named before it is described"),
        (f"{HEADER}\n{NODES}", "line 2: scope pods states k8s.node, which the first line does not"),
        (later(ended=["x"]), "line 3: document x ends without having been there"),
        (later(at=-1), "line 3: pods at -1.0 comes after its frame at 0.0"),
        (later(outcome="odd"), "line 3: 'odd' is not a valid Outcome"),
        (later(changed=[{"id": "x", "statements": []}]), "line 3: document x states nothing"),
        (later(changed=[{"id": "x", "statements": [{}]}]), "line 3: 's' is missing"),
    ],
)
def test_a_malformed_line_is_named_by_its_number(tmp_path: Path, lines: str, words: str) -> None:
    """And the sentence says what is wrong with it."""
    path = tmp_path / "recording.jsonl"
    path.write_text(lines)
    with pytest.raises(MalformedRecording) as caught:
        read(path)
    assert words in str(caught.value)


def test_a_recording_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    """Missing, or cut in its compression."""
    with pytest.raises(Failed, match="name an existing recording"):
        read(tmp_path / "none.jsonl")
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(HEADER.encode())[:-9])
    with pytest.raises(Failed, match="cannot be read"):
        read(tmp_path / "cut.jsonl.gz")


def test_the_recorder_takes_down_only_what_differs() -> None:
    """A look at an unchanged world adds no frame; what is recorded of a replay is the replay."""
    script, _, _ = scripted()
    clock = Clock()
    recording = script.recording()
    recorder = Recorder("aws", script.collector(clock), recording.states, recording.knowledge)
    assert [recorder.look(0.0), recorder.look(0.0)] == [2, 0]
    for second in (60, 120, 180, 240, 300):
        clock.now = 100.0 + second
        recorder.look(float(second))
    assert recorder.recording() == recording


def test_a_value_that_looks_secret_is_not_recorded() -> None:
    """The recorder names the document and the place, and not the value."""
    script = Script("aws")
    instances = script.scope("instances", "aws.ec2.instance", range=ACCOUNT)
    script.complete(
        0, instances, [document("i", Entity(INSTANCE, "web", attributes={"tags": {"a": "AKIAIOSFODNN7EXAMPLE"}}))]
    )
    recorder = Recorder("aws", script.collector(), instances.states, Knowledge(1, {}))
    with pytest.raises(SecretInRecording, match=r"instances: a\.tags\.a of document i looks like a secret") as caught:
        recorder.look(0.0)
    assert "AKIA" not in str(caught.value)


def test_the_command_records_any_installed_collector(tmp_path: Path) -> None:
    """By entry point, with its settings checked; a user's mistake is a sentence."""
    write(scripted()[0].recording(), tmp_path / "in.jsonl")
    out = tmp_path / "out.jsonl"
    arguments = [
        "--source",
        "copy",
        "--collector",
        "replay",
        "--set",
        f"path={tmp_path / 'in.jsonl'}",
        "--out",
        str(out),
    ]
    done = CliRunner().invoke(main, [*arguments, "--set", "begin=60"])
    assert done.exit_code == 0, done.output
    assert {json.loads(line).get("scope", {"name": ""})["name"] for line in out.read_text().splitlines()[1:]} == {
        "instances",
        "images",
    }
    assert "there is no collector 'none'" in CliRunner().invoke(main, [*arguments[:3], "none", *arguments[4:]]).output
    assert "does not take these settings" in CliRunner().invoke(main, [*arguments, "--set", "speed=-1"]).output
    missing = CliRunner().invoke(main, [*arguments[:5], "path=/nowhere.jsonl", *arguments[6:]])
    assert (missing.exit_code, "/nowhere.jsonl cannot be read" in missing.output) == (1, True)


def test_the_bundled_recording_keeps_the_contract() -> None:
    """It is there, plays, and has nothing secret in it."""
    collector = plugin.connect("demo", plugin.settings())
    testing.check_scopes_stable(collector, plugin.states)
    testing.check_position_first(collector)
    testing.check_vocabulary(collector)
    testing.check_knowledge(collector, plugin.knowledge)
    testing.check_no_secrets(collector, ["canary-", "Y2FuYXJ5L"])
    testing.check_same_recording_twice_equal_documents(lambda: plugin.connect("demo", plugin.settings()))
    assert len(testing.world(collector)) == 16


def test_a_relation_may_be_scripted_too() -> None:
    """Ends, slots and methods go through a recording unchanged."""
    script = Script("git")
    files = script.scope("files", "vcs.file DECLARED_IN")
    key = Key.of(("vcs.repository", "git.example.com/shop")).child("vcs.file", "cart.yaml")
    tie = Relation(KeyEnd(Key.by_name("k8s.cluster", "prod")), "DECLARED_IN", KeyEnd(key, "abc"), "slot")
    script.complete(0, files, [document("cart.yaml", Entity(key, "cart.yaml"), tie)])
    [played] = testing.observed(script.collector(), files)
    assert played.statements[1] == tie

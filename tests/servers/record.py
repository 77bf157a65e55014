"""How is the recording made that Asbuilt plays to who has no cluster? `make record`: a morning of the estate.

The real control plane runs the estate; between the looks things happen that are worth asking about. The seconds in the
recording are the story's, not the clock's.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import click

from collectors.kubernetes import plugin
from collectors.kubernetes.resources import RESOURCES
from collectors.replay.record import Recorder
from collectors.replay.recording import write
from tests.servers import estate
from tests.servers.errors import NotInTime
from tests.servers.identities import Identity, Rule
from tests.servers.kube_api import Manifest
from tests.servers.kubernetes import ControlPlane

TARGET = Path(__file__).parents[2] / "collectors" / "replay" / "recordings" / "estate.jsonl.gz"
READ = ("get", "list")
STEP = 20.0
"""Seconds of the story between two looks."""


def rules(*, without: str = "") -> list[Rule]:
    """Return the rights that the collector needs, but for one resource."""
    return [Rule((each.plural,), group=each.group, verbs=READ) for each in RESOURCES if each.plural != without]


def changed(kind: str, name: str, change: Callable[[Manifest], None]) -> Manifest:
    """Return a manifest of the estate with one change."""
    manifest = estate.manifest(kind, name)
    change(manifest)
    return manifest


def image(tag: str) -> Callable[[Manifest], None]:
    """Return a change of the tag of the first container's image."""

    def change(manifest: Manifest) -> None:
        container = manifest["spec"]["template"]["spec"]["containers"][0]
        container["image"] = f"{container['image'].rpartition(':')[0]}:{tag}"

    return change


def annotated(**annotations: str) -> Callable[[Manifest], None]:
    """Return a change of the annotations of a workload's pods."""

    def change(manifest: Manifest) -> None:
        metadata = manifest["spec"]["template"].setdefault("metadata", {})
        metadata.setdefault("annotations", {}).update(annotations)

    return change


def scaled(replicas: int) -> Callable[[Manifest], None]:
    """Return a change of the number of replicas."""
    return lambda manifest: manifest["spec"].update(replicas=replicas)


def story(plane: ControlPlane, account: Identity) -> list[tuple[str, Callable[[], object]]]:
    """Return what happens before each look but the first, in words and as a deed."""

    def crash(manifest: Manifest) -> None:
        image("2.1.0")(manifest)
        annotated(**{"asbuilt.test/crash": "4", "asbuilt.test/crash-reason": "OOMKilled"})(manifest)

    def replaced() -> None:
        plane.delete([estate.manifest("Deployment", "storefront")])
        plane.apply([estate.manifest("Deployment", "storefront")])

    config = "ConfigMap"
    return [
        ("cart scales", lambda: plane.apply([changed("Deployment", "cart", scaled(4))])),
        ("checkout gets an image that crashes", lambda: plane.apply([changed("Deployment", "checkout", crash)])),
        ("pods become unreadable", lambda: account.allow(rules(without="pods"))),
        ("checkout gets its old image back", lambda: plane.apply([estate.manifest("Deployment", "checkout")])),
        ("pods are readable again", lambda: account.allow(rules())),
        ("the storefront is deleted and applied again", replaced),
        ("a configuration is deleted", lambda: plane.delete([estate.manifest(config, "catalog")])),
    ]


@click.command()
@click.option("--out", type=click.Path(path_type=Path), default=TARGET, show_default=False, help="File to write.")
def main(out: Path) -> None:
    """Make the bundled recording again, from the real control plane."""
    with ControlPlane() as plane:
        plane.apply(estate.manifests())
        plane.wait_settled()
        account = plane.identity("asbuilt", rules())
        settings = plugin.settings.model_validate({"kubeconfig": str(plane.kubeconfig(token=account.token))})
        collector = plugin.connect("estate", settings)
        recorder = Recorder("estate", collector, plugin.states, plugin.knowledge)
        click.echo(f"at 0 s: {recorder.look(0.0)} frames")
        for number, (words, deed) in enumerate(story(plane, account), 1):
            deed()
            with suppress(NotInTime):  # a rollout whose new pods crash never comes to rest
                plane.wait_settled(timeout=10)
            click.echo(f"at {number * STEP:.0f} s, {words}: {recorder.look(number * STEP)} frames")
        collector.close()
        out.parent.mkdir(parents=True, exist_ok=True)
        write(recorder.recording(), out)
    click.echo(f"{out}: {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()

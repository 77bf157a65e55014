"""Which cluster and which user does a kubeconfig mean, also where it is several files, or broken?"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from collectors.contract import Failed
from collectors.kubernetes.connection import Connection
from collectors.kubernetes.settings import KubernetesSettings
from tests.collectors.kubernetes.certificates import self_signed
from tests.collectors.kubernetes.guarded import guarded, kubeconfig
from tests.collectors.kubernetes.test_login import LATER, status


def test_the_first_file_with_a_current_context_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As kubectl has it, where KUBECONFIG names several; a context that is none is named, with those that are."""
    folders = [tmp_path / name for name in ("one", "two")]
    with guarded("one", "two") as server:
        for folder in folders:
            folder.mkdir()
            text = kubeconfig(folder, server.url, {"token": folder.name}).read_text()
            (folder / "kubeconfig").write_text(text.replace('"test"', f'"{folder.name}"'))
        monkeypatch.setenv("KUBECONFIG", ":".join(str(folder / "kubeconfig") for folder in folders))
        for settings in (KubernetesSettings(), KubernetesSettings(context="two")):
            wire = Connection(settings)
            assert status(wire) == 200
            wire.close()
        assert server.shown == ["one", "two"]
    with pytest.raises(Failed, match="has no context three; set context to one that it has: one, two"):
        status(Connection(KubernetesSettings(context="three")))


def test_a_certificate_lies_beside_the_file_that_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where KUBECONFIG names several, and the cluster stands in another one than the user."""
    now = datetime.now(UTC)
    theirs, ours = (self_signed(now - LATER, now + LATER) for _ in range(2))
    folders = [tmp_path / name for name in ("cluster", "user")]
    for folder in folders:
        folder.mkdir()
    (folders[0] / "ca.pem").write_text(theirs.certificate)
    (folders[1] / "cert.pem").write_text(ours.certificate)
    (folders[1] / "key.pem").write_text(ours.key)
    user = {"client-certificate": "cert.pem", "client-key": "key.pem"}
    with guarded("", shows=theirs, wants=ours) as server:
        path = kubeconfig(folders[0], server.url, {}, **{"certificate-authority": "ca.pem"})
        whole = json.loads(path.read_text())
        path.write_text(json.dumps(whole | {"users": []}))
        (folders[1] / "kubeconfig").write_text(json.dumps({"users": [{"name": "test", "user": user}]}))
        monkeypatch.setenv("KUBECONFIG", ":".join(str(folder / "kubeconfig") for folder in folders))
        wire = Connection(KubernetesSettings())
        assert status(wire) == 200
        wire.close()


def test_a_user_that_is_not_there_is_not_nobody(tmp_path: Path) -> None:
    """Else the cluster is asked without a name, and what it refuses looks like a missing right."""
    with guarded("") as server:
        path = kubeconfig(tmp_path, server.url, {})
        path.write_text(path.read_text().replace('"users": [{"name": "test"', '"users": [{"name": "other"'))
        with pytest.raises(Failed, match="has no user test, as which its context test logs in; add it"):
            status(Connection(KubernetesSettings(kubeconfig=str(path))))
        assert server.shown == []


def test_a_broken_kubeconfig_does_not_show_what_is_in_it(tmp_path: Path) -> None:
    """Not the entry that is broken, either."""
    path = kubeconfig(tmp_path, "http://127.0.0.1:1", {"token": "canary-token"})
    path.write_text(path.read_text().replace('"user": {"token"', '"token"').replace("}}]", "}]", 1))
    for text in (path.read_text(), path.read_text().replace("canary", '{"canary')):
        path.write_text(text)
        with pytest.raises(Failed, match="kubeconfig") as caught:
            status(Connection(KubernetesSettings(kubeconfig=str(path))))
        assert "canary" not in str(caught.value)

"""Does every word that people have for a kind mean one that there is?"""

import pytest

from graph.analysis.kind_words import OTHERWISE, kinds_meant
from graph.model import KINDS


def test_other_words_mean_kinds() -> None:
    """Each stands for a kind of the vocabulary, and is not one itself."""
    assert set(OTHERWISE.values()) <= KINDS.keys()
    assert not OTHERWISE.keys() & {kind.rpartition(".")[2] for kind in KINDS}


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("po", "k8s.pod"),
        ("pods", "k8s.pod"),
        ("k8s.pod", "k8s.pod"),
        ("ingresses.networking.k8s.io", "k8s.ingress"),
        ("hpa", "k8s.hpa"),
        ("horizontalpodautoscalers.autoscaling", "k8s.hpa"),
        ("networkpolicies", "k8s.networkpolicy"),
        ("rubbish", "rubbish"),
    ],
)
def test_a_word_before_a_name(word: str, kind: str) -> None:
    """A kind, its last part, as the API writes it in the plural and with its group, as kubectl shortens it."""
    assert kinds_meant(word) == {kind}

"""Where does this entity run?"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import Asked, KeyText, Role, Store, answered, responses
from api.questions.entity import key_of
from api.questions.where import where_it_runs
from api.routes.keys import KEY_PATH
from api.schemas.envelope import Envelope, enveloped
from api.schemas.where import EXAMPLE, Where

router = APIRouter()


@router.get(
    f"{KEY_PATH}/where",
    summary="Where does it run?",
    response_model=Envelope[Where],
    responses=responses(enveloped(EXAMPLE)),
)
def show_where(request: Request, store: Store, role: Role, key: KeyText, asked: Annotated[Asked, Query()]) -> Response:
    """Show cluster, namespace, workloads, pods, nodes, images, endpoints and configuration behind an entity.

    A service, a workload, a pod, a ConfigMap or Secret, an image, a node, an ingress, a namespace. Pods that are only
    named, gone, or cannot be read are shown as such; `summary` says it in one line.
    """
    return answered(request, store, role, where_it_runs(key_of(key)), at=asked.at)

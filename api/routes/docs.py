"""How is the API read and tried in a browser, without a script from anywhere else?"""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter, Response

router = APIRouter()

_POLICY = (
    "default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'"
)


@router.get("/docs", include_in_schema=False)
def docs() -> Response:
    """Show every question, with its parameters and an example, to be tried in place."""
    page = files("api").joinpath("ui", "docs.html").read_text("utf-8")
    headers = {
        "Content-Security-Policy": _POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    return Response(page, media_type="text/html; charset=utf-8", headers=headers)

"""Which digest does a simulated container report for its image?"""

import hashlib
import re


def digest_of(image: str) -> str:
    """Return `sha256:...`: the digest in the name, else the sha256 of the name as written (as stages.yaml does)."""
    if "@sha256:" in image:
        return image.partition("@")[2]
    return f"sha256:{hashlib.sha256(image.encode()).hexdigest()}"


def image_id_of(image: str) -> str:
    """Return the `imageID` that a simulated container of this image reports: repository and digest."""
    if "@sha256:" in image:
        return image
    return f"{re.sub(r':[^/:]*$', '', image)}@{digest_of(image)}"

"""Downloads pip's wheel into the folder argv[1] and prints its path.

For machines whose python3 comes without pip (Debian puts it into a package of its own). A wheel
is an archive that Python runs as it is: `python3 pip.whl/pip install ...`.
"""

import hashlib
import json
import os
import sys
import urllib.parse
import urllib.request

NAME = "pip-24.3.1-py3-none-any.whl"
SHA256 = "3790624780082365f47549d032f3770eeb2b1e8bd1f7b2e02dace1afa361b4ed"

index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/") + "/pip/"
request = urllib.request.Request(index, headers={"Accept": "application/vnd.pypi.simple.v1+json"})
with urllib.request.urlopen(request, timeout=60) as answer:
    files = json.load(answer)["files"]
url = next(file["url"] for file in files if file["filename"] == NAME)
with urllib.request.urlopen(urllib.parse.urljoin(index, url), timeout=60) as answer:
    wheel = answer.read()
if hashlib.sha256(wheel).hexdigest() != SHA256:
    sys.exit(f"{NAME} from {index} does not have the published checksum")
path = os.path.join(sys.argv[1], NAME)
with open(path, "wb") as file:
    file.write(wheel)
print(path)

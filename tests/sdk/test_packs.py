"""Evidence packs, opened by programs that know nothing of ours: Python's own ZIP reader and OpenSSL's signatures."""

import csv
import hashlib
import io
import json
import zipfile

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from rig.either import settle


@pytest.fixture
async def pack(callers, gateway, tmp_path):
    """The report's pack after one request, as a file."""
    caller = callers("openai-sync")
    await settle(caller.resource.create(**caller.request()))
    path = tmp_path / "report.zip"
    done = gateway.command("report", "--pack", str(path))
    assert done.returncode == 0, done.stderr
    return path


def shown(path):
    """The pack's manifest and files, if all of it is what was signed with its key."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        files = {name: archive.read(name) for name in names}
    assert len(files) == len(names) and all(".." not in name and not name.startswith("/") for name in names)
    key = load_pem_public_key(files["public-key.pem"])
    key.verify(files.pop("manifest.sig"), files["manifest.json"])
    manifest = json.loads(files.pop("manifest.json"))
    digests = {name: hashlib.sha256(contents).hexdigest() for name, contents in files.items()}
    assert {file["name"]: file["sha256"] for file in manifest["files"]} == digests
    assert bytes.fromhex(manifest["key"]) == key.public_bytes_raw()
    return manifest, files


async def test_other_programs_read_and_verify_a_pack(pack, gateway):
    manifest, files = shown(pack)
    assert manifest["key"] == gateway.command("verify", "--own-key").stdout.strip()
    figures = json.loads(files["data/report.json"])
    assert figures["totals"]["answered"] >= 1
    for name in [name for name in files if name.endswith(".csv")]:
        heads, *rows = csv.reader(io.StringIO(files[name].decode(), newline=""), strict=True)
        assert len(set(heads)) == len(heads) and all(len(row) == len(heads) for row in rows), name
    products = list(csv.DictReader(io.StringIO(files["data/products.csv"].decode(), newline="")))
    assert {row["product"] for row in products} == {product["name"] for product in figures["products"]}


async def test_what_another_program_has_packed_anew_is_not_taken_for_the_pack(pack, gateway, tmp_path):
    _, files = shown(pack)
    again = tmp_path / "again.zip"
    for compression in [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]:
        with zipfile.ZipFile(pack) as old, zipfile.ZipFile(again, "w", compression) as new:
            for name in old.namelist():
                new.writestr(name, old.read(name).replace(b"stopped", b"unharmed"))
        assert len(files) > 5
        with pytest.raises((InvalidSignature, AssertionError)):
            shown(again)
        refused = gateway.command("verify", str(again))
        assert refused.returncode == 1 and "error:" in refused.stderr, refused

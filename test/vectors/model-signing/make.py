"""Makes the vectors in `made/` with the reference package model-signing, so that `npm test` needs no Python.

Usage: python test/vectors/model-signing/make.py, in a venv as models/sign/reference-check.sh makes it. The keys are made here,
used once and forgotten: only public keys and bundles are written. Signatures differ from run to run.
"""

import base64
import hashlib
import json
import pathlib
import shutil
import tempfile

import model_signing
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from model_signing._signing import sign_ec_key, sign_sigstore_pb

OUT = pathlib.Path(__file__).parent / "made"
CURVES = {
    "p256": (ec.SECP256R1(), hashes.SHA256()),
    "p384": (ec.SECP384R1(), hashes.SHA384()),
    "p521": (ec.SECP521R1(), hashes.SHA512()),
}
# "a/b.txt" and "a.txt" come in one order by code points and in the other by path components.
FILES = {
    "a.txt": b"beside the folder of the same name\n",
    "a/b.txt": b"in it\n",
    "config.json": b'{"id2label": {"0": "ham", "1": "spam"}}\n',
    "empty.bin": b"",
    "nested/deep/weights 1.bin": bytes(range(256)) * 16,
}
IN_TOTO = "application/vnd.in-toto+json"
PREDICATE = "https://model_signing/signature/v1.0"
A, B = hashlib.sha256(b"a").hexdigest(), hashlib.sha256(b"b").hexdigest()


def public_pem(key):
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def public_der(key):
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def private_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def make_folders(keys, scratch):
    """Whole folders, signed and verified with the package's public interface."""
    for curve, key in keys.items():
        (OUT / f"{curve}.pub.pem").write_bytes(public_pem(key))
        private = scratch / f"{curve}.pem"
        private.write_bytes(private_pem(key))
        folder = OUT / curve
        for name, content in FILES.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        (folder / ".gitattributes").write_text("# left out of the signature by default\n")
        (folder / "notes.md").write_text("left out of the signature on request\n")
        hashing = model_signing.hashing.Config().set_ignored_paths(paths=["model.sig", "notes.md"])
        model_signing.signing.Config().use_elliptic_key_signer(
            private_key=private
        ).set_hashing_config(hashing).sign(folder, folder / "model.sig")
        model_signing.verifying.Config().use_elliptic_key_verifier(
            public_key=OUT / f"{curve}.pub.pem"
        ).verify(folder, folder / "model.sig")


def resource(name, digest=A, algorithm="sha256", **more):
    return {"name": name, "algorithm": algorithm, "digest": digest, **more}


def statement(resources=None, root=None, serialization=None, **changes):
    resources = [resource("a", A), resource("b", B)] if resources is None else resources
    if root is None:
        try:
            root = hashlib.sha256(b"".join(bytes.fromhex(r["digest"]) for r in resources)).hexdigest()
        except ValueError:
            root = A
    method = {"method": "files", "hash_type": "sha256", "allow_symlinks": False, **(serialization or {})}
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "model", "digest": {"sha256": root}}],
        "predicateType": PREDICATE,
        "predicate": {"resources": resources, "serialization": method},
        **changes,
    }


def without(value, *path):
    *parents, last = path
    copy = json.loads(json.dumps(value))
    inner = copy
    for step in parents:
        inner = inner[step]
    del inner[last]
    return copy


def pae(payload, payload_type=IN_TOTO):
    return f"DSSEv1 {len(payload_type)} {payload_type} {len(payload)} ".encode() + payload


class Maker:
    def __init__(self, key, hash_algorithm):
        self.key, self.hash = key, hash_algorithm
        self.pem = public_pem(key)
        self.hint = hashlib.sha256(self.pem).hexdigest()

    def sign(self, data, key=None, hash_algorithm=None):
        return (key or self.key).sign(data, ec.ECDSA(hash_algorithm or self.hash))

    def bundle(self, content=None, signed=None, signature=None, material=None, **envelope):
        payload = content if isinstance(content, bytes) else json.dumps(content or statement()).encode()
        sig = signature or self.sign(pae(payload) if signed is None else signed(payload))
        return {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": material or {"publicKey": {"hint": self.hint}, "tlogEntries": []},
            "dsseEnvelope": {
                "payload": base64.b64encode(payload).decode(),
                "payloadType": IN_TOTO,
                "signatures": [{"sig": base64.b64encode(sig).decode(), "keyid": ""}],
                **envelope,
            },
        }


def accepted(make):
    plain = make.bundle()
    null_keyid = json.loads(json.dumps(plain))
    null_keyid["dsseEnvelope"]["signatures"][0]["keyid"] = None
    raw = lambda data: {"publicKey": {"rawBytes": base64.b64encode(data).decode(), "keyDetails": "any"}}
    both = [resource("a.txt", A), resource("a/b.txt", B)]
    ignore = {"ignore_paths": [".git", "cache/tmp"]}
    return {
        "as the specification has it": plain,
        "keyid is absent": without(plain, "dsseEnvelope", "signatures", 0, "keyid"),
        "keyid is null": null_keyid,
        "no transparency log entries": without(plain, "verificationMaterial", "tlogEntries"),
        "no hint": make.bundle(material={"publicKey": {}, "tlogEntries": []}),
        "rawBytes: the key in PEM": make.bundle(material=raw(make.pem)),
        "rawBytes: the key in DER": make.bundle(material=raw(public_der(make.key))),
        "ignored paths": make.bundle(statement(serialization=ignore)),
        "a field of the future in a resource": make.bundle(statement([resource("a", annotations={"x": 1})])),
        "sorted by code points": make.bundle(statement(both)),
        "sorted by path components": make.bundle(statement(both[::-1])),
        "sorted by code points beyond U+FFFF": make.bundle(statement([resource("\uffee"), resource("\U0001f600")])),
    }


def refused(make, other):
    plain = make.bundle()
    two = {"signatures": plain["dsseEnvelope"]["signatures"] * 2}
    r, s = utils.decode_dss_signature(make.sign(pae(json.dumps(statement()).encode())))
    size = make.key.key_size // 8
    raw = r.to_bytes(size, "big") + s.to_bytes(size, "big")
    other_hash = hashes.SHA384() if make.hash.name == "sha256" else hashes.SHA256()
    payload = json.dumps(statement()).encode()
    subject = statement()["subject"]
    named = lambda name: make.bundle(statement([resource(name)]))
    method = lambda **changes: make.bundle(statement(serialization=changes))
    old = {
        **without(statement(), "predicate"),
        "subject": [{"name": name, "digest": {"sha256": A}} for name in "ab"],
        "predicateType": "https://model_signing/Digests/v0.1",
        "predicate": {"unused": "Unused, just passed due to API requirements"},
    }
    certificate = {"x509CertificateChain": {"certificates": [{"rawBytes": "AA=="}]}}
    yield "media-type", "bundle v0.2", {**plain, "mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.2"}
    yield "signing-method", "a certificate chain", make.bundle(material=certificate)
    yield "signing-method", "a key and a certificate", make.bundle(material={"publicKey": {}, **certificate})
    yield "signature-count", "two signatures", make.bundle(**two)
    yield "signature-count", "no signature", make.bundle(signatures=[])
    text = "text/plain"
    yield "payload-type", "another payload type", make.bundle(signed=lambda p: pae(p, text), payloadType=text)
    theirs = {"publicKey": {"hint": Maker(other, make.hash).hint}}
    yield "wrong-key", "another key's hint", make.bundle(material=theirs)
    their_bytes = {"publicKey": {"rawBytes": base64.b64encode(public_pem(other)).decode()}}
    yield "wrong-key", "another key in rawBytes", make.bundle(material=their_bytes)
    yield "signature-invalid", "another key's signature", make.bundle(signed=None, signature=make.sign(pae(payload), other))
    yield "signature-invalid", "signed without the DSSE encoding", make.bundle(signed=lambda p: p)
    yield "signature-invalid", "signed as another payload type", make.bundle(signed=lambda p: pae(p, text))
    yield "signature-invalid", "the DSSE encoding of version 0.2 of the reference", make.bundle(signed=sign_sigstore_pb.pae_compat)
    yield "signature-invalid", "another hash", make.bundle(signature=make.sign(pae(payload), None, other_hash))
    yield "signature-invalid", "r and s side by side", make.bundle(signature=raw)
    yield "signature-invalid", "r and s are zero", make.bundle(signature=utils.encode_dss_signature(0, 0))
    yield "signature-invalid", "bytes after the signature", make.bundle(signature=make.sign(pae(payload)) + b"\0")
    yield "statement-unreadable", "not JSON", make.bundle(b"model")
    yield "statement-unreadable", "not UTF-8", make.bundle(b'{"a": "\xff"}')
    yield "statement-unreadable", "another statement type", make.bundle(statement(_type="https://in-toto.io/Statement/v0.1"))
    yield "statement-unreadable", "no subject", make.bundle(statement(subject=[]))
    yield "statement-unreadable", "two subjects", make.bundle(statement(subject=subject * 2))
    yield "statement-unreadable", "a subject without sha256", make.bundle(statement(subject=[{"name": "m", "digest": {"sha512": A}}]))
    yield "statement-unreadable", "no predicate", make.bundle(without(statement(), "predicate"))
    yield "statement-unreadable", "no serialization", make.bundle(without(statement(), "predicate", "serialization"))
    yield "statement-unreadable", "no files", make.bundle(statement([]))
    yield "predicate-type", "another predicate", make.bundle(statement(predicateType="https://slsa.dev/provenance/v1"))
    yield "predicate-type", "the deprecated predicate of version 0.2", make.bundle(old)
    yield "serialization", "shards", method(method="shards", shard_size=1000)
    yield "serialization", "another hash type", method(hash_type="blake3")
    yield "serialization", "symbolic links", method(allow_symlinks=True)
    yield "resource-digest", "another algorithm", make.bundle(statement([resource("a", algorithm="blake3")]))
    yield "resource-digest", "uppercase hex", make.bundle(statement([resource("a", A.upper())]))
    yield "resource-digest", "a short digest", make.bundle(statement([resource("a", A[:62])]))
    for name in ["", ".", "/etc/passwd", "..", "../a", "a/../../b", "./a", "a//b", "a/", "a\\b", "a\0b", "a\nb"]:
        yield "resource-name", f"the name {json.dumps(name)}", named(name)
    yield "resource-name", "an ignored path outside", method(ignore_paths=["../a"])
    yield "resource-name", "an ignored absolute path", method(ignore_paths=["/"])
    yield "resource-order", "not sorted", make.bundle(statement([resource("b"), resource("a")]))
    yield "resource-order", "a name twice", make.bundle(statement([resource("a", A), resource("a", B)]))
    yield "subject-digest", "another root digest", make.bundle(statement(root=A))
    swapped = hashlib.sha256(bytes.fromhex(B + A)).hexdigest()
    yield "subject-digest", "the root digest in another order", make.bundle(statement(root=swapped))


def reference_accepts(bundle, public_key, scratch):
    path = scratch / "bundle.json"
    path.write_text(json.dumps(bundle), encoding="utf-8")
    try:
        sign_ec_key.Verifier(public_key).verify(sign_sigstore_pb.Signature.read(path))
        return True
    except Exception:
        return False


def write(name, cases):
    (OUT / name).write_text(json.dumps(cases, indent=1) + "\n", encoding="utf-8")


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    keys = {curve: ec.generate_private_key(kind) for curve, (kind, _) in CURVES.items()}
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        make_folders(keys, scratch)
        good, bad = [], []
        for curve in ("p256", "p384"):
            make = Maker(keys[curve], CURVES[curve][1])
            public_key = OUT / f"{curve}.pub.pem"
            for case, bundle in accepted(make).items():
                assert reference_accepts(bundle, public_key, scratch), case
                good.append({"curve": curve, "case": case, "bundle": bundle})
            other = ec.generate_private_key(CURVES[curve][0])
            for reason, case, bundle in refused(make, other):
                verdict = reference_accepts(bundle, public_key, scratch)
                bad.append({"curve": curve, "case": case, "reason": reason, "referenceAccepts": verdict, "bundle": bundle})
        write("accepted.json", good)
        write("refused.json", bad)


main()

"""Evidence: a folder anyone can check and recompute. Written, signed, verified, compared with a re-run.

The folder holds ``outcomes.parquet`` (named sums a method, round, site and block: all that the verdicts are computed from),
``rows.txt`` (a digest a row of it, so that a damaged table can still be discussed), ``costs.parquet``, ``trial.json`` (all
that is said about the trial), ``report.html``, the R&D table, and ``private/`` (cases, answers, a salt) which never leaves
the machine: only its commitments are signed. ``evidence.json`` signs every file: an in-toto Statement [1]_ in a DSSE
envelope [2]_ under Ed25519.

**Small blocks.** Blocks are kept as the verdict was taken on them: the folder belongs to whoever owns the data. What is
handed to others goes through `published`: blocks of under five cases are joined with their neighbours, the verdicts are
taken *again* on the joined blocks, and no case is named. Its folder is evidence of its own, so that numbers and verdict
always agree, and nothing has to be believed that cannot be recomputed from the folder.

.. [1] https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
.. [2] https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
"""

from dure.evidence.anonymise import joined, published
from dure.evidence.format import ENVELOPE, FEWEST, PRIVATE, alike, content, outcomes, replay_hash
from dure.evidence.publish import packed, publish, zipped
from dure.evidence.read import loaded, predicate, signer
from dure.evidence.rerun import compare
from dure.evidence.signing import envelope_of, fingerprint, known_signers, short_fingerprint, signing_key, trust
from dure.evidence.verify import verify
from dure.evidence.write import write

__all__ = [
    "ENVELOPE",
    "FEWEST",
    "PRIVATE",
    "alike",
    "compare",
    "content",
    "envelope_of",
    "fingerprint",
    "joined",
    "known_signers",
    "loaded",
    "outcomes",
    "packed",
    "predicate",
    "publish",
    "published",
    "replay_hash",
    "short_fingerprint",
    "signer",
    "signing_key",
    "trust",
    "verify",
    "write",
    "zipped",
]

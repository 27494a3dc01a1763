"""What both sides have words for and is not carried, by feature, client and supplier, and why: `docs/fidelity.md` tells of it, and
each fails as soon as it works."""

KNOWN = {}

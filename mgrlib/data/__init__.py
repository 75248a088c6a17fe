"""What there is to learn from: corpora of labeled clips and their splits.

`synthetic`, `gtzan` and `folder` make a corpus (`from mgrlib.data.gtzan import gtzan`, and so on),
`splits` divides it, `audit` tells what is wrong with it, and `tables` reads what others computed.
"""

"""Beyond the papers: experiments that the papers propose as future work, on the embedded corpus.

They belong to no paper. `recipes.py` has the systems that are studied, `studies/` has a module for
each chapter of the book's part "Beyond the papers", and each module has its `STUDIES`.
"""

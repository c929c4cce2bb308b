"""Rule books from draft to approval (domain.md §9): ``draft`` makes and sends them, ``rows``
edits them, ``approval`` decides on them and offers templates, ``reading`` notes who read them.
"""

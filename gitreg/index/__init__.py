"""The index: every list, search and time question, answered by SQLite. Derived from history.

``tables`` says what is stored. A search goes from text to SQL in steps: ``grammar`` reads a filter
into ``expressions``, ``checking`` says what its comparisons mean for one of the ``subjects``,
``conditions`` makes them SQL, ``ordering`` reads the order, and ``searching`` puts them together::

    search = prepare(connection, MODELS, filter_string="name LIKE 'f%'", stages=stages)
    rows = connection.execute(search.sql, search.page(100)).fetchall()

``pages`` writes and reads the token of the page that follows.
"""

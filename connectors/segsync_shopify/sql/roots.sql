-- Root records with their numbers. A view: a stream reads the fields that it needs, no more.
CREATE TEMP VIEW roots AS
SELECT numbered.n, nodes.*
FROM nodes JOIN numbered ON nodes.rowid = numbered.line

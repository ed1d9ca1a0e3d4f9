-- Each child with the number of its root.
CREATE TEMP VIEW children AS
SELECT numbered.n, nodes.*
FROM nodes JOIN numbered ON nodes.__parentId = numbered.id

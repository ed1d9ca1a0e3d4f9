-- Each child with the number of its root, in the roots' order.
CREATE TABLE children AS
SELECT roots.n, nodes.*
FROM nodes JOIN roots ON nodes.__parentId = roots.id
ORDER BY roots.n

-- Lines, lines that are nobody's children, and children whose parent is not among the lines.
SELECT
    count(*),
    count(*) FILTER (WHERE __parentId IS NULL),
    count(*) FILTER (WHERE __parentId IS NOT NULL AND __parentId NOT IN (SELECT id FROM nodes WHERE id IS NOT NULL))
FROM nodes

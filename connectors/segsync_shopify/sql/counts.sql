-- Lines, lines that are nobody's children, children whose parent is not among the lines, and lines of a record that
-- another line is of, too.
SELECT
    count(*),
    count(*) FILTER (WHERE __parentId IS NULL),
    count(*) FILTER (WHERE __parentId IS NOT NULL AND __parentId NOT IN (SELECT id FROM nodes WHERE id IS NOT NULL)),
    count(*) - count(DISTINCT (__parentId, id))
FROM nodes

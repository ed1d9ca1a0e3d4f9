-- Root records in the order in which they land: which line of the result each is.
CREATE TEMP TABLE numbered AS
SELECT row_number() OVER (ORDER BY updatedAt, id) - 1 AS n, id, rowid AS line
FROM nodes
WHERE
    __parentId IS NULL
    AND ($kept_from::VARCHAR IS NULL OR updatedAt IS NULL OR updatedAt >= $kept_from::VARCHAR)

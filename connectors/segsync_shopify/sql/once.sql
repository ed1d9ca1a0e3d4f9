-- Shopify pages through what may change meanwhile, so that a record may come twice: its newest version stays, of
-- a child the one that came last.
CREATE OR REPLACE TABLE nodes AS
SELECT *
FROM nodes
QUALIFY row_number() OVER (PARTITION BY __parentId, id ORDER BY updatedAt DESC NULLS LAST, rowid DESC) = 1

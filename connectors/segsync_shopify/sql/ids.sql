SELECT number(id) FROM nodes WHERE __parentId IS NULL

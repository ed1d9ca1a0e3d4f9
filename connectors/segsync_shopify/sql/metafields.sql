SELECT n, namespace || '.' || key AS name, value
FROM children
WHERE __typename = 'Metafield' AND value IS NOT NULL
ORDER BY n

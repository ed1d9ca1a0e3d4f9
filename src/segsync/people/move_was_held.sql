MERGE INTO was_held
USING people__following AS heir
ON was_held.audience = heir.audience AND was_held.person = heir.was
WHEN MATCHED THEN UPDATE SET person = heir.person

MERGE INTO held
USING people__following AS heir
ON held.audience = heir.audience AND held.person = heir.was
WHEN MATCHED THEN UPDATE SET person = heir.person

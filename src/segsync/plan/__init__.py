"""What must change for an audience to equal its segment, and whether that looks like an accident."""

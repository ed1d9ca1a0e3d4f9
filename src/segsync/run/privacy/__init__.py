"""People protected: who is suppressed, who is forgotten and kept out, and what somebody may know of themselves."""
